"""1-Lipschitz losses against sums written out by hand."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from gradloss import lipschitz as lip

SIGNS = np.array([1, 1, 1, -1, -1, 1, 1], np.float32)[:, None]
SCORES = np.array([0.1, 0.7, -0.3, 0.2, -0.9, 0.4, 0.05], np.float32)[:, None]


def by_hand(signs, scores, margin, alpha):
    signs, scores = signs.ravel(), scores.ravel()
    kr = scores[signs > 0].mean() - scores[signs <= 0].mean()
    hinge = np.maximum(margin - signs * scores, 0).mean()
    return {"kr": kr, "hinge": hinge, "hkr": -kr + alpha * hinge}


def test_binary_losses_of_an_unbalanced_batch():
    expected = by_hand(SIGNS, SCORES, 0.29, 10)
    assert float(lip.KR()(SIGNS, SCORES)) == pytest.approx(expected["kr"], abs=1e-6)
    hinge = float(lip.HingeMargin(0.29)(SIGNS, SCORES))
    assert hinge == pytest.approx(expected["hinge"], abs=1e-6)
    hkr = float(lip.HKR(10, 0.29)(SIGNS, SCORES))
    assert hkr == pytest.approx(expected["hkr"], abs=1e-6)


def test_labels_and_ranks_are_interchangeable():
    expected = float(lip.HKR(10, 0.29)(SIGNS, SCORES))
    for y in (SIGNS, SIGNS > 0, (SIGNS > 0).astype(np.int64), SIGNS.astype(np.int32)):
        assert float(lip.HKR(10, 0.29)(y, SCORES)) == pytest.approx(expected, abs=1e-6)
        flat = tf.reduce_mean(lip.hkr(y[:, 0], SCORES[:, 0], 10, 0.29))
        assert float(flat) == pytest.approx(expected, abs=1e-6)


def test_an_absent_class_counts_as_zero():
    y = np.ones((4, 1), np.float32)
    scores = SCORES[:4]
    assert float(lip.KR()(y, scores)) == pytest.approx(scores.mean(), abs=1e-6)
    assert float(lip.KR()(-y, scores)) == pytest.approx(-scores.mean(), abs=1e-6)


def test_multiclass_losses_are_means_over_classes():
    rng = np.random.default_rng(0)
    y = np.eye(3, dtype=np.float32)[[0, 1, 1, 2, 0, 1]]
    f = rng.normal(size=(6, 3)).astype(np.float32)
    signs = 2 * y - 1
    kr = np.mean([by_hand(signs[:, c], f[:, c], 0, 0)["kr"] for c in range(3)])
    hinge = np.mean(np.where(y > 0, 2, 1) * np.maximum(0.4 - signs * f, 0))
    assert float(lip.MulticlassKR()(y, f)) == pytest.approx(kr, abs=1e-6)
    assert float(lip.MulticlassHinge(0.4)(y, f)) == pytest.approx(hinge, abs=1e-6)
    hkr = float(lip.MulticlassHKR(7, 0.4)(y, f))
    assert hkr == pytest.approx(-kr + 7 * hinge, abs=1e-5)


def test_losses_run_inside_vectorized_map():
    rng = np.random.default_rng(1)
    scores = rng.normal(size=(5, 7, 1)).astype(np.float32)
    signs = np.where(rng.uniform(size=(5, 7, 1)) > 0.4, 1, -1).astype(np.float32)

    def value_and_gradient(pair):
        y, f = pair
        with tf.GradientTape() as tape:
            tape.watch(f)
            value = lip.HKR(10, 0.3)(y, f)
        return value, tape.gradient(value, f)

    values, gradients = tf.vectorized_map(
        value_and_gradient, (tf.constant(signs), tf.constant(scores))
    )
    for i in range(5):
        value, gradient = value_and_gradient((tf.constant(signs[i]), tf.constant(scores[i])))
        np.testing.assert_allclose(values[i], value, atol=1e-6)
        np.testing.assert_allclose(gradients[i], gradient, atol=1e-6)


@pytest.mark.parametrize(
    "loss",
    [
        lip.KR(),
        lip.HingeMargin(0.2),
        lip.HKR(3, 0.2),
        lip.MulticlassKR(),
        lip.MulticlassHinge(0.2),
        lip.MulticlassHKR(3, 0.2),
    ],
    ids=lambda loss: loss.name,
)
def test_losses_keep_their_parameters_through_serialisation(loss):
    copy = keras.losses.deserialize(keras.losses.serialize(loss))
    assert type(copy) is type(loss)
    assert copy.parameters == loss.parameters


@pytest.mark.parametrize("alpha", [-1.0, float("inf"), float("nan")])
def test_alpha_must_be_finite_and_not_negative(alpha):
    for loss in (lip.HKR, lip.MulticlassHKR):
        with pytest.raises(ValueError, match=f"alpha is {alpha}; choose a finite number >= 0"):
            loss(alpha=alpha)


def test_margin_must_not_be_negative():
    for loss in (lip.HingeMargin, lip.MulticlassHinge):
        with pytest.raises(ValueError, match=r"margin is -0.1; choose a finite number >= 0"):
            loss(margin=-0.1)
