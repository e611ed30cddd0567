"""Parity of gradloss.lipschitz with deel-lip 1.5.0, which runs in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from gradloss import lipschitz as lip
from gradloss.losses import hkr

K = 1.5
TOLERANCE = 1e-5


@pytest.fixture(scope="session")
def given():
    rng = np.random.default_rng(2006)

    def normal(*shape):
        return rng.normal(size=shape).astype(np.float32)

    # Windows of the pooling are kept away from 0, where deel-lip regularises the gradient by 1e-6.
    image = normal(4, 8, 8, 3)
    labels = rng.integers(0, 5, size=12)
    return {
        "tall_kernel": normal(24, 12) / 4,
        "tall_x": normal(16, 24),
        "tall_u": normal(12),
        "wide_kernel": normal(10, 24) / 4,
        "wide_x": normal(16, 10),
        "wide_u": normal(24),
        "square_kernel": np.eye(9, dtype=np.float32) + normal(9, 9) / 6,
        "square_x": normal(16, 9),
        "square_u": normal(9),
        "conv_kernel": normal(3, 3, 3, 6) / 4,
        "conv_u": normal(6),
        "image": image + np.sign(image),
        "head_kernel": normal(24, 1),
        "network_x": normal(32, 10),
        "network_y": np.where(np.arange(32) % 3 == 0, 1.0, -1.0).astype(np.float32)[:, None],
        "signs": np.where(np.arange(12) < 3, 1.0, -1.0).astype(np.float32)[:, None],
        "scores": normal(12, 1),
        "one_hot": np.eye(5, dtype=np.float32)[labels],
        "logits": normal(12, 5),
        "margin": np.float32(0.29),
        "alpha": np.float32(10.0),
        "rate": np.float32(0.5),
    }


@pytest.fixture(scope="session")
def oracle(given, tmp_path_factory):
    folder = tmp_path_factory.mktemp("deel_lip")
    np.savez(folder / "inputs.npz", **given)
    command = [
        sys.executable,
        str(Path(__file__).with_name("deel_lip_oracle.py")),
        str(folder / "inputs.npz"),
        str(folder / "outputs.npz"),
    ]
    environment = {**os.environ, "TF_USE_LEGACY_KERAS": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}
    environment.pop("KERAS_BACKEND", None)
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return dict(np.load(folder / "outputs.npz"))


def assert_close(actual, expected, tolerance=TOLERANCE):
    np.testing.assert_allclose(np.asarray(actual), expected, rtol=0, atol=tolerance)


def with_weights(layer, x, kernel, u=None):
    layer.build((None, *x.shape[1:]))
    layer.kernel.assign(kernel)
    if u is not None:
        layer.u.assign(u)
    return layer


@pytest.mark.parametrize("name", ["tall", "wide", "square"])
def test_spectral_dense(given, oracle, name):
    kernel, x, u = (given[f"{name}_{part}"] for part in ("kernel", "x", "u"))
    layer = lip.SpectralDense(kernel.shape[1], use_bias=False, k_coef_lip=K)
    with_weights(layer, x, kernel, u)
    assert_close(layer.normalized_kernel(), oracle[f"spectral_{name}/kernel"])
    assert_close(layer(x, training=True), oracle[f"spectral_{name}/outputs"])


@pytest.mark.parametrize("disjoint", [True, False])
def test_frobenius_dense(given, oracle, disjoint):
    kernel, x = given["tall_kernel"], given["tall_x"]
    layer = lip.FrobeniusDense(
        kernel.shape[1], disjoint_neurons=disjoint, use_bias=False, k_coef_lip=K
    )
    with_weights(layer, x, kernel)
    assert_close(layer.normalized_kernel(), oracle[f"frobenius_{disjoint}/kernel"])
    assert_close(layer(x), oracle[f"frobenius_{disjoint}/outputs"])


@pytest.mark.parametrize("stride", [1, 2])
def test_spectral_conv(given, oracle, stride):
    layer = lip.SpectralConv2D(6, 3, strides=stride, use_bias=False, k_coef_lip=K)
    with_weights(layer, given["image"], given["conv_kernel"], given["conv_u"])
    assert_close(layer.normalized_kernel(), oracle[f"conv_{stride}/kernel"])
    assert_close(layer(given["image"]), oracle[f"conv_{stride}/outputs"])


@pytest.mark.parametrize(
    ("name", "layer", "source"),
    [
        ("pooling", lip.ScaledL2NormPooling2D(2, k_coef_lip=K), "image"),
        ("max_min", lip.MaxMin(k_coef_lip=K), "tall_x"),
        ("group_sort", lip.GroupSort(4, k_coef_lip=K), "tall_x"),
        ("group_sort_2", lip.GroupSort2(k_coef_lip=K), "tall_x"),
        ("full_sort", lip.FullSort(k_coef_lip=K), "tall_x"),
    ],
)
def test_nonlinear_layers_and_their_gradients(given, oracle, name, layer, source):
    x = tf.constant(given[source])
    with tf.GradientTape() as tape:
        tape.watch(x)
        outputs = layer(x)
        energy = tf.reduce_sum(tf.sin(outputs))
    assert_close(outputs, oracle[f"{name}/outputs"])
    assert_close(tape.gradient(energy, x), oracle[f"{name}/gradient"])


def our_loss(name, y, outputs, margin, alpha):
    if name.endswith("hkr"):
        return hkr.LOSSES[name](lambda inputs: inputs, outputs, y, margin, alpha)
    values = {
        "kr": hkr.kr(y, outputs),
        "hinge": hkr.hinge_margin(y, outputs, margin),
        "multiclass_kr": hkr.kr(y, outputs),
        "multiclass_hinge": hkr.multiclass_hinge(y, outputs, margin),
    }[name]
    return tf.reduce_mean(values)


@pytest.mark.parametrize(
    "name", ["kr", "hinge", "hkr", "multiclass_kr", "multiclass_hinge", "multiclass_hkr"]
)
def test_losses_agree_at_twice_the_margin_and_only_there(given, oracle, name):
    y, f = ("one_hot", "logits") if name.startswith("multiclass") else ("signs", "scores")
    ours = float(our_loss(name, given[y], given[f], given["margin"], given["alpha"]))
    assert ours == pytest.approx(float(oracle[f"{name}/value"]), abs=TOLERANCE)
    same_margin = float(oracle[f"{name}_same_margin/value"])
    if name.endswith("kr") and not name.endswith("hkr"):
        assert ours == pytest.approx(same_margin, abs=TOLERANCE)
    else:
        assert abs(ours - same_margin) > 0.01


def test_gradients_with_respect_to_raw_kernels(given, oracle):
    names = ("wide", "tall", "head")
    dense = [
        lip.SpectralDense(24, use_bias=False),
        lip.SpectralDense(12, use_bias=False),
        lip.FrobeniusDense(1, use_bias=False),
    ]
    network = keras.Sequential(
        [keras.Input((10,)), dense[0], lip.FullSort(), dense[1], lip.MaxMin(), dense[2]]
    )
    for layer, name in zip(dense, names, strict=True):
        layer.kernel.assign(given[f"{name}_kernel"])
        if layer.u is not None:
            layer.u.assign(given[f"{name}_u"])
    with tf.GradientTape() as tape:
        outputs = network(given["network_x"], training=True)
        value = our_loss("hkr", given["network_y"], outputs, given["margin"], given["alpha"])
    gradients = tape.gradient(value, [layer.kernel.value for layer in dense])
    assert_close(value, oracle["network/value"])
    for name, gradient in zip(names, gradients, strict=True):
        assert np.abs(oracle[f"network/{name}"]).max() > 0.01
        assert_close(gradient, oracle[f"network/{name}"])


def test_inference_uses_the_current_kernel_where_deel_lip_lags_one_step(given, oracle):
    layer = lip.SpectralDense(12, use_bias=False)
    with_weights(layer, given["tall_x"], oracle["stale/raw"], oracle["stale/u"])
    assert np.abs(oracle["stale/inferred"] - oracle["stale/condensed"]).max() > 1e-3
    assert_close(layer(given["tall_x"], training=False), oracle["stale/condensed"])
