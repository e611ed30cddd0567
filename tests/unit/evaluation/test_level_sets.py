"""A function on a grid over its data."""

import keras
import numpy as np

from gradloss.data.pool import Pool
from gradloss.evaluation.level_sets import GRID, MARGIN, SAMPLE, sample_of, values_on_grid


def test_values_are_those_at_the_coordinates_before_and_after_export():
    inputs = keras.Input((2,))
    before = keras.Model(inputs, inputs[:, :1] - 2 * inputs[:, 1:])
    after = keras.Model(inputs, inputs[:, :1] * inputs[:, 1:])
    x = np.array([[-1, 0], [3, 5]], np.float32)
    values = values_on_grid(before, after, x)
    first, second = values["first"], values["second"]
    assert first.shape == (GRID, GRID)
    np.testing.assert_allclose([first.min(), first.max()], [-1 - MARGIN, 3 + MARGIN], rtol=1e-6)
    np.testing.assert_allclose([second.min(), second.max()], [-MARGIN, 5 + MARGIN], rtol=1e-6)
    np.testing.assert_allclose(values["before"], first - 2 * second, atol=1e-5)
    np.testing.assert_allclose(values["after"], first * second, atol=1e-5)


def test_sample_has_as_many_of_each_class_as_there_are_or_as_are_drawn():
    y = np.array([0] * 30 + [1] * 2000)
    x = np.arange(4060, dtype=np.float32).reshape(2030, 2)
    sample = sample_of(Pool(x, y, n_train=0))
    assert np.bincount(sample["y"]).tolist() == [30, SAMPLE]
    np.testing.assert_array_equal(sample["x"], x[: 30 + SAMPLE])
