"""Rows of an evaluated job, against the saved models called by hand."""

import logging
from functools import partial

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from gradloss import lipschitz
from gradloss.data.pool import Pool
from gradloss.evaluation.hkr import hkr_rows
from gradloss.evaluation.measures import wasserstein_distance
from gradloss.evaluation.perturbations import perturbed_inputs
from gradloss.evaluation.plain import plain_rows
from gradloss.evaluation.run import Evaluated, Part, evaluate_run
from gradloss.losses import hkr
from gradloss.losses import plain as losses
from gradloss.losses.hkr import hinge_margin, kr, multiclass_hinge
from gradloss.networks.architectures import encode_targets
from gradloss.networks.replicate import (
    constrained_path,
    model_path,
    seed_for,
    split_of,
)
from gradloss.support.errors import UserError
from gradloss.support.results import METRIC_KEYS, write_csv
from gradloss.training.run import run_training

# Keras 3.15 reads a variable with numpy.array(variable), which NumPy 2 finds outdated.
pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning:keras"
)

NOISE = {"draws": 2, "gaussian": [0.1, 0.4], "uniform": [0.3]}
RADII = [0.05, 0.5]
REPLICATES = [0, 3]
COMMON = {
    "split": {"test_size": 0.25},
    "order": "shuffled",
    "epochs": 2,
    "batch_size": 20,
    "learning_rate": 0.01,
    "method": "method",
    "seed": 11,
}
PLAIN = {"rule": "baseline", "network": {"name": "multilayer_perceptron", "hidden": [6]}}
HKR = {
    "rule": "hkr",
    "network": {"name": "lipschitz_perceptron", "hidden": [8, 4]},
    "order": "balanced",
    "steps_per_epoch": 7,
    "margin": 0.3,
    "alpha": 10.0,
}
TWO = {"task": "classification", "classes": 2}
THREE = {"task": "classification", "classes": 3}
RUNS = {
    "value": {**PLAIN, "task": "regression", "loss": "mean_squared_error"},
    "softmax": {**PLAIN, **THREE, "loss": "cross_entropy"},
    "sign": {**HKR, **TWO, "loss": "hkr"},
    "scores": {**HKR, **THREE, "loss": "multiclass_hkr", "order": "shuffled"},
}
ALL = {
    "jacobian_norm",
    *(
        f"{when}_{loss}"
        for when in ("final", "penultimate")
        for loss in ("batch_loss", "mean_loss")
    ),
}
CLASSIFIED = {*ALL, "accuracy", "margin"}
CONSTRAINED = {
    *CLASSIFIED,
    *("kr", "hinge", "kr_train", "hinge_train", "accuracy_train", "export_gap"),
    *(
        f"{when}_mean_{term}"
        for when in ("final", "penultimate")
        for term in ("kr", "hinge", "accuracy")
    ),
    *("certificate", "lipschitz_bound"),
    *(f"{end}_singular_value_{layer}" for end in ("largest", "smallest") for layer in (1, 2, 3)),
    *("parameters", "parameters_1", "parameters_2", "parameters_3"),
}
MEASURES = {
    "value": {*ALL, "mse", "operations_per_example"},
    "softmax": {*CLASSIFIED, "operations_per_example"},
    "sign": {*CONSTRAINED, "wasserstein", "largest_output", "gradient_one_share"},
    "scores": {*CONSTRAINED, "certificate_2k"},
}


def pool_of(settings):
    rng = np.random.default_rng(0)
    x = rng.normal(scale=0.4, size=(120, 2)).astype(np.float32)
    if settings["task"] == "regression":
        return Pool(x, x[:, 0] - x[:, 1], n_train=0)
    y = np.arange(120) % settings["classes"]
    centres = np.array([[1, 1], [-1, -1], [1, -1]], np.float32)
    return Pool(x + centres[y], y, n_train=0)


def loss_of(settings):
    return (hkr if settings["rule"] == "hkr" else losses).build_loss(settings)


def evaluate(settings, noise, certified, pool, folder, replicates, corrupted=None, curves=True):
    own_rows = partial(hkr_rows, certified=certified) if settings["rule"] == "hkr" else plain_rows
    history = pd.read_csv(folder / "history.csv")
    return evaluate_run(
        settings, noise, corrupted or {}, pool, folder, history, curves, replicates, own_rows
    )


@pytest.fixture(scope="module", autouse=True)
def _quiet():
    # TensorFlow's profiler calls a function that TensorFlow says is deprecated.
    logger = logging.getLogger("tensorflow")
    level = logger.level
    logger.setLevel(logging.ERROR)
    yield
    logger.setLevel(level)


@pytest.fixture(scope="module")
def jobs(tmp_path_factory):
    """By head: settings, pool, folder and rows of a job that was trained, saved and evaluated."""
    evaluated = {}
    for head, own in RUNS.items():
        settings = {**COMMON, **own, "dataset": f"of_{head}"}
        pool, folder = pool_of(settings), tmp_path_factory.mktemp(head)
        terms = hkr.build_terms(settings) if settings["rule"] == "hkr" else {}
        trained = run_training(settings, pool, REPLICATES, loss_of(settings), terms=terms)
        for replicate, model in trained.models.items():
            model.save(constrained_path(folder, replicate))
            lipschitz.export(model).save(model_path(folder, replicate))
        write_csv(trained.history, folder / "history.csv")
        frame, _ = evaluate(settings, NOISE, RADII, pool, folder, REPLICATES)
        evaluated[head] = settings, pool, folder, frame
    return evaluated


def value_of(frame, replicate, measure, perturbation="none", level=0.0, draw=0):
    keys = (replicate, measure, perturbation, level, draw)
    return frame.set_index(METRIC_KEYS[2:])["value"].loc[keys]


def outputs_of(job, replicate, x):
    return np.array(keras.models.load_model(model_path(job[2], replicate), compile=False)(x))


@pytest.mark.parametrize("head", RUNS)
def test_every_measure_of_every_replicate_comes_once(jobs, head):
    settings, _, _, frame = jobs[head]
    error = "mse" if head == "value" else "accuracy"
    noisy = {
        (error, kind, level, draw)
        for kind in ("gaussian", "uniform")
        for level in NOISE[kind]
        for draw in (0, 1)
    }
    kinds = ["certified_l2", "certified_l2_2k"] if head == "scores" else ["certified_l2"]
    radii = {("accuracy", kind, level, 0) for kind in kinds for level in RADII}
    clean = {(measure, "none", 0.0, 0) for measure in MEASURES[head]}
    terms = hkr.build_terms(settings) if settings["rule"] == "hkr" else {}
    means = [f"mean_{name}" for name in ("loss", *terms)]
    curves = {
        (curve, "epoch", float(epoch), 0)
        for curve in (f"test_{error}", "last_batch_loss", *means)
        for epoch in range(1, settings["epochs"] + 1)
    }
    expected = clean | noisy | curves | (radii if settings["rule"] == "hkr" else set())
    assert set(frame["dataset"]) == {f"of_{head}"}
    for _, rows in frame.groupby("replicate"):
        keys = rows[METRIC_KEYS[3:]].itertuples(index=False, name=None)
        assert sorted(keys) == sorted(expected)
    assert sorted(set(frame["replicate"])) == REPLICATES
    assert np.isfinite(frame["value"]).all()


def test_without_curves_everything_else_stays(jobs):
    settings, pool, folder, frame = jobs["sign"]
    alone, _ = evaluate(settings, NOISE, RADII, pool, folder, REPLICATES, curves=False)
    rest = frame[frame["perturbation"] != "epoch"].reset_index(drop=True)
    pd.testing.assert_frame_equal(alone, rest)
    assert len(rest) < len(frame)


@pytest.mark.parametrize("head", RUNS)
def test_errors_clean_and_under_noise_are_those_of_the_saved_models(jobs, head):
    settings, pool, _, frame = jobs[head]

    def error(outputs, y):
        if head == "value":
            return np.mean((outputs[:, 0] - y) ** 2)
        found = (outputs[:, 0] < 0).astype(int) if head == "sign" else outputs.argmax(axis=1)
        return np.mean(found == y)

    measure = "mse" if head == "value" else "accuracy"
    for replicate in REPLICATES:
        _, test = split_of(settings, pool, replicate)
        x, y = pool.x[test], pool.y[test]
        inputs = {("none", 0.0, 0): x}
        for *key, moved in perturbed_inputs(x, NOISE, 11, f"of_{head}", replicate):
            inputs[tuple(key)] = moved
        for key, seen in inputs.items():
            expected = error(outputs_of(jobs[head], replicate, seen), y)
            assert value_of(frame, replicate, measure, *key) == pytest.approx(expected, rel=1e-4)


def test_datasets_of_one_source_share_their_noise(jobs):
    settings, pool, folder, frame = jobs["value"]
    sourced = {**settings, "dataset": "leak_free", "source": "of_value"}
    again, _ = evaluate(sourced, NOISE, [], pool, folder, REPLICATES)
    np.testing.assert_allclose(again["value"], frame["value"], rtol=1e-6)
    strange = {**settings, "source": "elsewhere"}
    other, _ = evaluate(strange, NOISE, [], pool, folder, [3])
    noisy = (3, "mse", "gaussian", 0.4, 1)
    assert value_of(other, *noisy) != pytest.approx(value_of(frame, *noisy), rel=1e-3)


def test_inputs_that_a_replicate_scales_itself_are_evaluated_scaled(jobs):
    settings, pool, folder, _ = jobs["value"]
    scaled = {**settings, "scaling": "training_part"}
    frame, _ = evaluate(scaled, NOISE, [], pool, folder, [3])
    train, test = split_of(settings, pool, 3)
    low, high = pool.x[train].min(axis=0), pool.x[train].max(axis=0)
    outputs = outputs_of(jobs["value"], 3, (pool.x[test] - low) / (high - low))[:, 0]
    # These features are normal, so none of them is transformed for its skewness.
    expected = np.mean((outputs - pool.y[test]) ** 2)
    assert value_of(frame, 3, "mse") == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("head", ["sign", "scores"])
def test_terms_of_hkr_on_both_parts(jobs, head):
    settings, pool, _, frame = jobs[head]
    parts = dict(zip(("_train", ""), split_of(settings, pool, 3), strict=True))
    hinge = hinge_margin if head == "sign" else multiclass_hinge
    for suffix, part in parts.items():
        outputs = outputs_of(jobs[head], 3, pool.x[part])
        targets = encode_targets(pool.y[part], head, settings["classes"])
        distance, loss = np.mean(kr(targets, outputs)), np.mean(hinge(targets, outputs, 0.3))
        assert value_of(frame, 3, f"kr{suffix}") == pytest.approx(distance, rel=1e-4)
        assert value_of(frame, 3, f"hinge{suffix}") == pytest.approx(loss, rel=1e-4)
    assert 0 <= value_of(frame, 3, "export_gap") < 1e-4


def test_the_distance_of_the_classes_bounds_what_the_network_estimates(jobs):
    settings, pool, _, frame = jobs["sign"]
    for replicate in REPLICATES:
        _, test = split_of(settings, pool, replicate)
        x, y = pool.x[test], pool.y[test]
        distance = value_of(frame, replicate, "wasserstein")
        assert distance == pytest.approx(wasserstein_distance(x[y == 0], x[y == 1]))
        kr, largest = (value_of(frame, replicate, name) for name in ("kr", "largest_output"))
        assert 0 < kr < distance
        assert kr / 2 < largest  # kr is the distance of the mean outputs of the classes


def test_a_test_part_of_one_class_has_no_distance_to_the_other(jobs):
    settings, pool, folder, _ = jobs["sign"]
    model = keras.models.load_model(model_path(folder, 0), compile=False)
    parts = [
        Part(pool.x[rows], pool.y[rows], model(pool.x[rows]).numpy())
        for rows in (pool.y == 0, pool.y < 2)
    ]
    evaluated = Evaluated(settings, folder, 0, model, parts[0], lambda: parts[1])
    with pytest.raises(UserError, match="part of of_sign has one class only"):
        list(hkr_rows(evaluated, RADII))


def test_the_share_of_gradients_of_norm_one(jobs):
    settings, pool, folder, frame = jobs["sign"]
    for replicate in REPLICATES:
        _, test = split_of(settings, pool, replicate)
        model = keras.models.load_model(model_path(folder, replicate), compile=False)
        x = tf.constant(pool.x[test])
        with tf.GradientTape() as tape:
            tape.watch(x)
            outputs = tf.reduce_sum(model(x))
        norms = np.linalg.norm(tape.gradient(outputs, x), axis=1)
        assert value_of(frame, replicate, "gradient_one_share") == np.mean(norms > 0.99)
        assert value_of(frame, replicate, "jacobian_norm") == pytest.approx(norms.mean(), rel=1e-5)


@pytest.mark.parametrize("head", ["sign", "scores"])
def test_certificates_follow_from_the_outputs(jobs, head):
    settings, pool, folder, frame = jobs[head]
    _, test = split_of(settings, pool, 0)
    outputs, y = outputs_of(jobs[head], 0, pool.x[test]), pool.y[test]
    assert value_of(frame, 0, "lipschitz_bound") == pytest.approx(1, abs=1e-3)
    if head == "sign":
        margins = np.where(y == 0, 1, -1) * outputs[:, 0]
        radii = {"": margins}
        assert "certificate_2k" not in set(frame["measure"])
    else:
        kernel = keras.models.load_model(model_path(folder, 0), compile=False).get_weights()[-2]
        gaps = outputs[np.arange(len(y)), y][:, None] - outputs
        norms = np.linalg.norm(kernel[:, y, None] - kernel[:, None], axis=0)
        wrong = np.arange(outputs.shape[1]) != y[:, None]
        margins = np.min(gaps, axis=1, where=wrong, initial=np.inf)
        gaps[wrong] /= norms[wrong]
        radii = {"": np.min(gaps, axis=1, where=wrong, initial=np.inf), "_2k": margins / 2}
    assert value_of(frame, 0, "margin") == pytest.approx(margins.mean(), rel=1e-4)
    for suffix, own in radii.items():
        certificate = np.maximum(own, 0).mean()
        assert value_of(frame, 0, f"certificate{suffix}") == pytest.approx(certificate, rel=1e-3)
        kind = f"certified_l2{suffix}"
        shares = [value_of(frame, 0, "accuracy", kind, level) for level in RADII]
        assert shares == pytest.approx([np.mean(own > level) for level in RADII])
        assert value_of(frame, 0, "accuracy") >= shares[0] > shares[1]


def test_the_spectra_stand_in_the_order_of_the_layers(jobs):
    _, _, folder, frame = jobs["scores"]
    kernels = keras.models.load_model(model_path(folder, 3), compile=False).get_weights()[::2]
    for number, kernel in enumerate(kernels, start=1):
        values = np.linalg.svd(kernel, compute_uv=False)
        largest, smallest = (
            value_of(frame, 3, f"{end}_singular_value_{number}") for end in ("largest", "smallest")
        )
        assert (largest, smallest) == pytest.approx((values[0], values[-1]), rel=1e-4)


def test_the_jacobian_norm_is_a_mean_over_a_thousand_examples(jobs, tmp_path):
    """Of f = x², whose derivative is 2x; the examples depend on the replicate only."""
    settings, _, folder, _ = jobs["value"]
    x = np.linspace(-1, 3, 8000, dtype=np.float32)[:, None]
    pool = Pool(x, np.zeros(8000, np.float32), n_train=0)
    inputs = keras.Input((1,))
    for replicate in REPLICATES:
        keras.Model(inputs, inputs * inputs).save(model_path(tmp_path, replicate))
    (tmp_path / "history.csv").write_bytes((folder / "history.csv").read_bytes())
    noise = {"draws": 1, "gaussian": [0.1]}
    frame, _ = evaluate(settings, noise, [], pool, tmp_path, REPLICATES)
    for replicate in REPLICATES:
        _, test = split_of(settings, pool, replicate)
        seed = seed_for(settings, replicate, "examples of the Jacobian")
        chosen = np.random.default_rng(seed).choice(2000, 1000, replace=False)
        expected = np.abs(2 * x[test][chosen]).mean()
        assert value_of(frame, replicate, "jacobian_norm") == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("head", RUNS)
def test_which_examples_are_right_is_kept_for_clean_inputs_and_first_draws(jobs, head):
    settings, pool, folder, frame = jobs[head]
    _, correct = evaluate(settings, NOISE, RADII, pool, folder, REPLICATES)
    if head == "value":
        assert correct == {}
        return
    assert list(correct) == ["none", "gaussian@0.1", "gaussian@0.4"]
    for name, right in correct.items():
        assert right.dtype == bool and right.shape == (2, 30)
        perturbation, _, level = name.partition("@")
        expected = [
            value_of(frame, replicate, "accuracy", perturbation, float(level or 0))
            for replicate in REPLICATES
        ]
        np.testing.assert_allclose(right.mean(axis=1), expected)


def test_corrupted_test_parts_are_seen_as_bytes_and_summed_up_by_their_mean(jobs):
    settings, pool, folder, _ = jobs["softmax"]
    generator = np.random.default_rng(1)
    corrupted = {kind: generator.integers(0, 256, (30, 2), np.uint8) for kind in ("fog", "rotate")}
    frame, _ = evaluate(settings, NOISE, [], pool, folder, REPLICATES, corrupted)
    for replicate in REPLICATES:
        _, test = split_of(settings, pool, replicate)
        expected = []
        for kind, images in corrupted.items():
            found = outputs_of(jobs["softmax"], replicate, images / np.float32(255))
            expected.append(np.mean(found.argmax(axis=1) == pool.y[test]))
            found = value_of(frame, replicate, "accuracy", f"corruption_{kind}", 1.0)
            assert found == pytest.approx(expected[-1])
        mean = value_of(frame, replicate, "accuracy", "corruption_mean", 1.0)
        assert mean == pytest.approx(np.mean(expected))
