"""Intervals against textbook formulas and their promised coverage."""

import numpy as np
import pytest

from gradloss.statistics import bootstrap_mean, prediction_interval


def test_bootstrap_of_a_large_normal_sample_is_the_z_interval():
    values = np.random.default_rng(1).normal(3, 2, size=400)
    interval = bootstrap_mean(values)
    half = 1.959964 * values.std() / np.sqrt(400)
    assert interval.mean == values.mean()
    assert interval.replicates == 400
    assert interval.low == pytest.approx(values.mean() - half, abs=0.05 * half)
    assert interval.high == pytest.approx(values.mean() + half, abs=0.05 * half)


def test_bootstrap_of_two_values_reaches_from_one_to_the_other():
    # Each of the resamples (a, a) and (b, b) has probability 1/4, far above 2.5 %.
    interval = bootstrap_mean(np.array([1.0, 3.0]))
    assert (interval.mean, interval.low, interval.high) == (2.0, 1.0, 3.0)


def test_bootstrap_is_the_same_every_time_and_follows_scale_and_shift():
    values = np.random.default_rng(2).exponential(size=12)
    first, moved = bootstrap_mean(values), bootstrap_mean(10 * values - 4)
    assert bootstrap_mean(values) == first
    assert moved.low == pytest.approx(10 * first.low - 4)
    assert moved.high == pytest.approx(10 * first.high - 4)


def test_bootstrap_of_equal_values_has_no_width():
    interval = bootstrap_mean(np.full(5, 0.3))
    assert interval.low == interval.high == interval.mean == pytest.approx(0.3)


def test_one_value_has_no_interval():
    interval = bootstrap_mean(np.array([0.3]))
    assert (interval.mean, interval.replicates) == (0.3, 1)
    assert np.isnan([interval.low, interval.high]).all()
    assert prediction_interval(np.array([0.3])) == (-np.inf, np.inf)


def test_prediction_interval_by_hand():
    # Mean 3, s = sqrt(10 / 4), t(0.975, 4) = 2.776445: half width t * sqrt(2.5) * sqrt(1.2).
    assert prediction_interval(np.array([1, 2, 3, 4, 5])) == pytest.approx(
        (3 - 4.808944, 3 + 4.808944), abs=1e-5
    )
    # Mean 0, s = sqrt(2), t(0.975, 1) = 12.706205: half width t * sqrt(2) * sqrt(1.5).
    half = 12.706205 * np.sqrt(3)
    assert prediction_interval(np.array([-1, 1])) == pytest.approx((-half, half), abs=1e-4)


@pytest.mark.parametrize("replicates", [3, 20])
def test_one_further_normal_value_falls_inside_with_the_stated_probability(replicates):
    values = np.random.default_rng(3).normal(size=(2000, replicates + 1))
    intervals = np.array([prediction_interval(row[:-1]) for row in values])
    inside = (intervals[:, 0] <= values[:, -1]) & (values[:, -1] <= intervals[:, 1])
    # Standard deviation sqrt(0.95 * 0.05 / 2000) = 0.0049.
    assert inside.mean() == pytest.approx(0.95, abs=3 * 0.0049)
