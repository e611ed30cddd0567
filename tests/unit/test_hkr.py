"""The HKR losses of the study against NumPy."""

import numpy as np
import pytest
import tensorflow as tf

from gradloss.errors import UserError
from gradloss.hkr import build_loss


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


def test_missing_parameter_of_a_loss():
    with pytest.raises(UserError, match="loss 'hkr' needs 'alpha'; add it to the method in the"):
        build_loss({"loss": "hkr", "margin": 0.3})
