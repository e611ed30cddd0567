"""The surrogate has the published least-squares line and the original's spread."""

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from gradloss.data import surrogate
from gradloss.data.download import SURROGATE_SEED


@pytest.mark.parametrize("seed", [0, 1, 12345])
def test_least_squares_line_is_the_published_one(seed):
    x, y = surrogate.trilotropicos(seed).T
    slope, intercept = np.polyfit(x, y, 1)
    assert slope == pytest.approx(-0.71805906, abs=1e-12)
    assert intercept == pytest.approx(12.689999, abs=1e-11)


def test_float32_fit_of_the_shipped_seed():
    table = surrogate.trilotropicos(SURROGATE_SEED).astype(np.float32)
    model = LinearRegression().fit(table[:, :1], table[:, 1])
    assert model.coef_[0] == pytest.approx(-0.71805906, rel=1e-6)
    assert model.intercept_ == pytest.approx(12.689999, rel=1e-6)


def test_spread():
    table = surrogate.trilotropicos(SURROGATE_SEED)
    x, y = table.T
    assert table.shape == (150, 2)
    assert table.dtype == np.float64
    assert 2 <= x.min() < 2.5
    assert 6.5 < x.max() <= 7
    residuals = y - (-0.71805906 * x + 12.689999)
    assert np.sqrt(residuals @ residuals / 148) == pytest.approx(1.67)
    assert y.min() > 0


def test_seed_decides():
    first = surrogate.trilotropicos(1)
    np.testing.assert_array_equal(first, surrogate.trilotropicos(1))
    assert not np.array_equal(first, surrogate.trilotropicos(2))
