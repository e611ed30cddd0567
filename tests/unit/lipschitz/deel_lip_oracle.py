"""Computes with deel-lip 1.5.0 what test_lipschitz_parity.py compares with.

Run as `TF_USE_LEGACY_KERAS=1 python deel_lip_oracle.py inputs.npz outputs.npz`, in a process of its
own, because deel-lip needs Keras 2.
"""

import sys

import numpy as np
import tensorflow as tf
from deel.lip import layers, losses

K = 1.5


def with_gradient(function, x):
    """Returns the outputs and the gradient of Σ sin(outputs) with respect to x."""
    x = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        outputs = function(x)
        energy = tf.reduce_sum(tf.sin(outputs))
    return {"outputs": outputs, "gradient": tape.gradient(energy, x)}


def normalized(layer, x, kernel, u=None):
    """Builds the layer on a raw kernel and a state u, and calls it as in training."""
    layer.build((None, *x.shape[1:]))
    layer.kernel.assign(kernel)
    if u is not None:
        layer.u.assign(u[None, :])
    outputs = layer(x, training=True)
    return {"kernel": layer.wbar, "outputs": outputs}


def linear_layers(given):
    options = {"use_bias": False, "k_coef_lip": K}
    for name in ("tall", "wide", "square"):
        kernel, x, u = (given[f"{name}_{part}"] for part in ("kernel", "x", "u"))
        yield (
            f"spectral_{name}",
            normalized(layers.SpectralDense(kernel.shape[1], **options), x, kernel, u),
        )
    kernel, x = given["tall_kernel"], given["tall_x"]
    for disjoint in (True, False):
        layer = layers.FrobeniusDense(kernel.shape[1], disjoint_neurons=disjoint, **options)
        yield f"frobenius_{disjoint}", normalized(layer, x, kernel)
    kernel = given["conv_kernel"]
    for stride in (1, 2):
        layer = layers.SpectralConv2D(kernel.shape[-1], 3, strides=(stride, stride), **options)
        yield f"conv_{stride}", normalized(layer, given["image"], kernel, given["conv_u"])


def nonlinear_layers(given):
    yield "pooling", with_gradient(layers.ScaledL2NormPooling2D(2, k_coef_lip=K), given["image"])
    for name, layer in {
        "max_min": layers.MaxMin(k_coef_lip=K),
        "group_sort": layers.GroupSort(4, k_coef_lip=K),
        "group_sort_2": layers.GroupSort2(k_coef_lip=K),
        "full_sort": layers.FullSort(k_coef_lip=K),
    }.items():
        yield name, with_gradient(layer, given["tall_x"])


def all_losses(given):
    margin, alpha = float(given["margin"]), float(given["alpha"])
    for suffix, scale in (("", 2), ("_same_margin", 1)):
        options = {"min_margin": scale * margin}
        binary, multiclass = (
            {
                "kr": losses.KR(),
                "hinge": losses.HingeMargin(**options),
                "hkr": losses.HKR(alpha, **options),
            },
            {
                "multiclass_kr": losses.MulticlassKR(),
                "multiclass_hinge": losses.MulticlassHinge(**options),
                "multiclass_hkr": losses.MulticlassHKR(alpha, **options),
            },
        )
        for group, y, f in ((binary, "signs", "scores"), (multiclass, "one_hot", "logits")):
            for name, loss in group.items():
                yield name + suffix, {"value": loss(given[y], given[f])}


def network_gradients(given):
    """Gradients of HKR with respect to the raw kernels of wide, sorted, tall, Frobenius layers."""
    names = ("wide", "tall", "head")
    dense = [
        layers.SpectralDense(given["wide_kernel"].shape[1], use_bias=False),
        layers.SpectralDense(given["tall_kernel"].shape[1], use_bias=False),
        layers.FrobeniusDense(1, use_bias=False),
    ]
    network = tf.keras.Sequential(
        [dense[0], layers.FullSort(), dense[1], layers.MaxMin(), dense[2]]
    )
    network.build((None, given["wide_kernel"].shape[0]))
    for layer, name in zip(dense, names, strict=True):
        layer.kernel.assign(given[f"{name}_kernel"])
        if name != "head":
            layer.u.assign(given[f"{name}_u"][None, :])
    loss = losses.HKR(float(given["alpha"]), min_margin=2 * float(given["margin"]))
    with tf.GradientTape() as tape:
        value = loss(given["network_y"], network(given["network_x"], training=True))
    gradients = tape.gradient(value, [layer.kernel for layer in dense])
    yield "network", {"value": value, **dict(zip(names, gradients, strict=True))}


def stale_kernel(given):
    """One optimiser step on the tall layer: outputs as inferred, and as after condense()."""
    kernel, x = given["tall_kernel"], given["tall_x"]
    layer = layers.SpectralDense(kernel.shape[1], use_bias=False)
    normalized(layer, x, kernel, given["tall_u"])
    network = tf.keras.Sequential([layer])
    network.compile(tf.keras.optimizers.SGD(float(given["rate"])), "mse")
    network.train_on_batch(x, np.zeros((len(x), kernel.shape[1]), np.float32))
    raw, state = layer.kernel.numpy(), layer.u.numpy()[0]
    inferred = layer(x, training=False)
    layer.condense()
    yield (
        "stale",
        {
            "raw": raw,
            "u": state,
            "inferred": inferred,
            "condensed": tf.matmul(x, layer.kernel),
        },
    )


def main(source, target):
    given = dict(np.load(source))
    parts = (linear_layers, nonlinear_layers, all_losses, network_gradients, stale_kernel)
    results = {
        f"{name}/{key}": np.asarray(value)
        for part in parts
        for name, values in part(given)
        for key, value in values.items()
    }
    np.savez(target, **results)


if __name__ == "__main__":
    main(*sys.argv[1:])
