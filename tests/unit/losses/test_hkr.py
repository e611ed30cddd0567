"""The HKR losses of the study against NumPy."""

import numpy as np
import pytest
import tensorflow as tf

from gradloss.losses.hkr import build_loss, build_terms, kr
from gradloss.support.errors import UserError

SIGNS = np.array([1, 1, 1, -1, -1, 1, 1], np.float32)[:, None]
SCORES = np.array([0.1, 0.7, -0.3, 0.2, -0.9, 0.4, 0.05], np.float32)[:, None]


@pytest.fixture
def rng():
    return np.random.default_rng(4)


def test_hkr_against_numpy(rng):
    scores = rng.normal(size=(9, 1)).astype(np.float32)
    signs = np.array([1, 1, -1, 1, -1, -1, 1, 1, -1], np.float32)[:, None]
    loss = build_loss({"loss": "hkr", "margin": 0.29, "alpha": 10.0})
    distance = scores[signs > 0].mean() - scores[signs < 0].mean()
    expected = 10 * np.maximum(0.29 - signs * scores, 0).mean() - distance
    value = loss(lambda inputs: inputs, tf.constant(scores), tf.constant(signs))
    assert float(value) == pytest.approx(expected, rel=1e-5)


def test_multiclass_hkr_in_numpy(rng):
    scores = rng.normal(size=(9, 3))
    targets = np.eye(3)[[0, 1, 2, 0, 0, 1, 2, 2, 1]]
    weights = np.where(targets > 0, 2, 1)
    hinge = np.mean(weights * np.maximum(0.4 - (2 * targets - 1) * scores, 0))
    distances = [
        column[target > 0].mean() - column[target == 0].mean()
        for column, target in zip(scores.T, targets.T, strict=True)
    ]
    loss = build_loss({"loss": "multiclass_hkr", "margin": 0.4, "alpha": 5.0})
    value = loss(lambda inputs: inputs, tf.constant(scores), tf.constant(targets))
    assert float(value) == pytest.approx(5 * hinge - np.mean(distances), rel=1e-6)


@pytest.mark.parametrize("targets", [[2, 0, 1], [[2], [0], [1]], [[1, 0], [0, 1], [1, 0]]])
def test_targets_that_are_not_one_per_output_are_refused(targets):
    loss = build_loss({"loss": "multiclass_hkr", "margin": 0.5, "alpha": 10.0})
    scores = tf.constant(np.eye(3, dtype=np.float32))
    with pytest.raises(
        ValueError, match=r"do not fit outputs \(3, 3\); give one target per output"
    ):
        loss(lambda inputs: inputs, scores, tf.constant(targets))


def test_terms_in_numpy(rng):
    scores = rng.normal(size=(9, 1)).astype(np.float32)
    signs = np.array([1, 1, -1, 1, -1, -1, 1, 1, -1], np.float32)[:, None]
    terms = build_terms({"loss": "hkr", "margin": 0.29})
    expected = {
        "kr": scores[signs > 0].mean() - scores[signs < 0].mean(),
        "hinge": np.maximum(0.29 - signs * scores, 0).mean(),
        "accuracy": np.mean(np.sign(scores) == signs),
    }
    found = {
        name: float(term(tf.constant(signs), tf.constant(scores))) for name, term in terms.items()
    }
    assert found == pytest.approx(expected, rel=1e-5)


def test_the_accuracy_of_several_classes_is_that_of_the_largest_output(rng):
    scores = rng.normal(size=(30, 3)).astype(np.float32)
    labels = rng.integers(3, size=30)
    targets = tf.constant(np.eye(3, dtype=np.float32)[labels])
    accuracy = build_terms({"loss": "multiclass_hkr", "margin": 0.4})["accuracy"]
    value = accuracy(targets, tf.constant(scores))
    assert float(value) == pytest.approx(np.mean(scores.argmax(axis=1) == labels))


@pytest.fixture
def hkr():
    """The loss of targets and outputs."""
    loss = build_loss({"loss": "hkr", "margin": 0.29, "alpha": 10.0})
    return lambda y, outputs: loss(lambda inputs: inputs, outputs, y)


def test_labels_and_ranks_are_interchangeable(hkr):
    expected = float(hkr(SIGNS, SCORES))
    for y in (SIGNS, SIGNS > 0, (SIGNS > 0).astype(np.int64), SIGNS.astype(np.int32)):
        assert float(hkr(y, SCORES)) == pytest.approx(expected, abs=1e-6)
        assert float(hkr(y[:, 0], SCORES[:, 0])) == pytest.approx(expected, abs=1e-6)


def test_an_absent_class_counts_as_zero():
    y = np.ones_like(SCORES)
    assert np.mean(kr(y, SCORES)) == pytest.approx(SCORES.mean(), abs=1e-6)
    assert np.mean(kr(-y, SCORES)) == pytest.approx(-SCORES.mean(), abs=1e-6)


def test_losses_run_inside_vectorized_map(hkr, rng):
    scores = tf.constant(rng.normal(size=(5, 7, 1)).astype(np.float32))
    signs = tf.constant(np.where(rng.uniform(size=(5, 7, 1)) > 0.4, 1, -1).astype(np.float32))

    def value_and_gradient(pair):
        y, outputs = pair
        with tf.GradientTape() as tape:
            tape.watch(outputs)
            value = hkr(y, outputs)
        return value, tape.gradient(value, outputs)

    values, gradients = tf.vectorized_map(value_and_gradient, (signs, scores))
    for i in range(5):
        value, gradient = value_and_gradient((signs[i], scores[i]))
        np.testing.assert_allclose(values[i], value, atol=1e-6)
        np.testing.assert_allclose(gradients[i], gradient, atol=1e-6)


def test_missing_parameter_of_a_loss():
    with pytest.raises(UserError, match="loss 'hkr' needs 'alpha'; add it to the method in the"):
        build_loss({"loss": "hkr", "margin": 0.3})
