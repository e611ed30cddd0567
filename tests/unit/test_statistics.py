"""Intervals and tests against textbook formulas, hand-computed cases and promised coverage."""

import numpy as np
import pytest
from scipy import stats

from gradloss.statistics import (
    bootstrap_mean,
    holm,
    p_value_above,
    prediction_interval,
    probability_of_superiority,
)


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


def test_an_unknown_mean_has_no_interval_and_no_p_value():
    values = np.array([0.3, np.nan, 0.1])
    interval = bootstrap_mean(values)
    assert np.isnan([interval.mean, interval.low, interval.high, p_value_above(values, 0.0)]).all()
    assert interval.replicates == 3


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


def test_probability_of_superiority_is_the_share_of_wins_with_ties_one_half():
    a = np.array([3.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0])
    b = np.array([1.0, 2.0, 9.0, 3.0, 1.0, 1.0, 3.0, 2.0])
    interval = probability_of_superiority(a, b)
    assert (interval.mean, interval.replicates) == (6 / 8, 8)
    reverse = probability_of_superiority(b, a)
    assert reverse.mean == 2 / 8
    assert (reverse.low, reverse.high) == pytest.approx((1 - interval.high, 1 - interval.low))


def test_probability_of_superiority_is_paired():
    level = np.array([1.0, 10.0, 100.0, 1000.0])
    assert probability_of_superiority(level + 0.1, level).mean == 1


def test_interval_of_the_probability_is_that_of_a_share():
    # For many replicates the bootstrap of a share nears the binomial's normal approximation.
    wins = np.repeat([1.0, 0.0], [280, 120])
    interval = probability_of_superiority(wins, np.full(400, 0.5))
    half = 1.959964 * np.sqrt(0.7 * 0.3 / 400)
    assert interval.low == pytest.approx(0.7 - half, abs=0.05 * half)
    assert interval.high == pytest.approx(0.7 + half, abs=0.05 * half)


@pytest.mark.parametrize("count", [1, 3, 5, 20])
def test_replicates_that_all_agree_are_no_certainty(count):
    ones, zeros = np.ones(count), np.zeros(count)
    won, lost = probability_of_superiority(ones, zeros), probability_of_superiority(zeros, ones)
    exact = stats.binomtest(count, count).proportion_ci(0.95, method="exact")
    assert (won.mean, won.high, won.replicates) == (1, 1, count)
    assert won.low == pytest.approx(exact.low)
    assert (lost.mean, lost.low) == (0, 0)
    assert lost.high == pytest.approx(1 - exact.low)


def test_three_wins_of_three_by_hand():
    # The least p with p**3 >= 0.025.
    interval = probability_of_superiority(np.ones(3), np.zeros(3))
    assert interval.low == pytest.approx(0.025 ** (1 / 3))


def test_nothing_but_ties_is_an_even_chance_that_nothing_is_known_about():
    value = np.array([0.1, 0.2, 0.3])
    interval = probability_of_superiority(value, value * (1 + 1e-15))
    assert interval.mean == 0.5
    assert interval.low == pytest.approx(1 - interval.high)
    assert interval.low < 0.1


def test_one_sided_p_value_by_hand():
    # Mean 3, s = sqrt(10 / 4), t = (3 - 1) / (s / sqrt(5)) = 2.828427 with 4 degrees of freedom.
    values = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    assert p_value_above(values, 1.0) == pytest.approx(stats.t.sf(2 * np.sqrt(2), df=4))
    assert p_value_above(values, 3.0) == pytest.approx(0.5)
    assert p_value_above(values, 5.0) == pytest.approx(1 - p_value_above(values, 1.0))


def test_p_values_of_true_null_hypotheses_are_uniform():
    values = np.random.default_rng(4).normal(size=(2000, 4))
    p = np.array([p_value_above(row, 0.0) for row in values])
    assert (p < 0.05).mean() == pytest.approx(0.05, abs=3 * 0.0049)
    assert p.mean() == pytest.approx(0.5, abs=3 * 0.2887 / np.sqrt(2000))


@pytest.mark.parametrize("noise", [0.0, 1e-16])
def test_equal_values_get_the_p_value_of_the_sign_test(noise):
    values = 0.3 + noise * np.array([1, 0, -1])
    assert p_value_above(values, 0.2) == 1 / 8
    assert p_value_above(values, 0.4) == 1
    assert p_value_above(np.zeros(3), 0.0) == 1


def test_one_value_has_no_p_value():
    assert np.isnan(p_value_above(np.array([0.3]), 0.0))


def test_holm_by_hand():
    # Sorted 0.005, 0.01, 0.03, 0.04 times 4, 3, 2, 1 is 0.02, 0.03, 0.06, 0.04; the last is
    # raised to its predecessor.
    adjusted = holm(np.array([0.01, 0.04, 0.03, 0.005]))
    assert adjusted == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_holm_is_cut_at_one_and_leaves_a_single_test_alone():
    assert holm(np.array([0.6, 0.7])) == pytest.approx([1.0, 1.0])
    assert holm(np.array([0.04])) == pytest.approx([0.04])
    assert holm(np.array([])).size == 0


def test_holm_bounds_the_chance_of_any_false_positive():
    p = np.random.default_rng(5).uniform(size=(4000, 10))
    wrong = np.array([(holm(row) < 0.05).any() for row in p])
    # 1 - (1 - 0.05 / 10)**10 = 0.0489 for independent tests.
    assert wrong.mean() == pytest.approx(0.0489, abs=3 * np.sqrt(0.05 * 0.95 / 4000))
