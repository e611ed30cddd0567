"""Intervals and tests against textbook formulas, hand-computed cases and promised coverage."""

import numpy as np
import pytest
from scipy import stats

from gradloss.analysis.statistics import (
    detectable_effect,
    geometric_interval,
    geometric_prediction_interval,
    holm,
    mean_interval,
    p_value_above,
    prediction_interval,
    probability_of_superiority,
    replicates_for_power,
    resampled_interval,
    share_interval,
)


def test_interval_of_a_mean_is_that_of_the_one_sample_t_test():
    values = np.random.default_rng(1).normal(3, 2, size=7)
    interval, expected = mean_interval(values), stats.ttest_1samp(values, 0).confidence_interval()
    assert (interval.mean, interval.replicates) == (values.mean(), 7)
    assert (interval.low, interval.high) == pytest.approx((expected.low, expected.high))


def test_interval_of_a_mean_by_hand():
    # Mean 2, s = sqrt(2), t(0.975, 1) = 12.706205: half width t * sqrt(2) / sqrt(2).
    interval = mean_interval(np.array([1.0, 3.0]))
    assert (interval.low, interval.high) == pytest.approx((2 - 12.706205, 2 + 12.706205), abs=1e-5)


def test_equal_values_have_no_width():
    interval = mean_interval(np.full(5, 0.3))
    assert interval.low == interval.high == interval.mean == pytest.approx(0.3)


def test_geometric_interval_follows_the_unit_and_inverts_with_the_values():
    values = np.exp(np.random.default_rng(2).normal(size=6))
    first, scaled, inverse = map(geometric_interval, (values, 10 * values, 1 / values))
    assert first.mean == pytest.approx(stats.gmean(values))
    assert (scaled.low, scaled.high) == pytest.approx((10 * first.low, 10 * first.high))
    assert (inverse.low, inverse.high) == pytest.approx((1 / first.high, 1 / first.low))


def test_values_that_are_not_positive_have_no_geometric_mean():
    interval = geometric_interval(np.array([1.0, -1.0, 2.0]))
    assert np.isnan([interval.mean, interval.low, interval.high]).all()


def test_one_value_has_no_interval():
    for interval in (mean_interval(np.array([0.3])), geometric_interval(np.array([0.3]))):
        assert (interval.mean, interval.replicates) == (pytest.approx(0.3), 1)
        assert np.isnan([interval.low, interval.high]).all()
    assert prediction_interval(np.array([0.3])) == (-np.inf, np.inf)


def test_an_unknown_mean_has_no_interval_and_no_p_value():
    values = np.array([0.3, np.nan, 0.1])
    interval = mean_interval(values)
    assert np.isnan([interval.mean, interval.low, interval.high, p_value_above(values, 0.0)]).all()
    assert interval.replicates == 3


def test_share_holds_what_its_test_does_not_reject():
    generator = np.random.default_rng(4)
    whole = generator.normal(1, 0.2, size=8)
    part = 0.6 * whole + generator.normal(0, 0.1, size=8)
    interval = share_interval(part, whole)
    assert interval.mean == pytest.approx(part.mean() / whole.mean())
    for bound in (interval.low, interval.high):
        assert stats.ttest_1samp(part - bound * whole, 0).pvalue == pytest.approx(0.05)


def test_share_of_a_constant_whole_is_the_mean_in_its_units():
    part = np.array([1.0, 2.0, 4.0])
    share, mean = share_interval(part, np.full(3, 2.0)), mean_interval(part / 2)
    assert (share.mean, share.low, share.high) == pytest.approx((mean.mean, mean.low, mean.high))


def test_share_of_a_whole_that_may_be_nothing_is_unbounded():
    interval = share_interval(np.array([1.0, 2.0, 3.0]), np.array([-1.0, 0.2, 1.1]))
    assert (interval.low, interval.high) == (-np.inf, np.inf)


def test_prediction_interval_by_hand():
    # Mean 3, s = sqrt(10 / 4), t(0.975, 4) = 2.776445: half width t * sqrt(2.5) * sqrt(1.2).
    assert prediction_interval(np.array([1, 2, 3, 4, 5])) == pytest.approx(
        (3 - 4.808944, 3 + 4.808944), abs=1e-5
    )
    # Mean 0, s = sqrt(2), t(0.975, 1) = 12.706205: half width t * sqrt(2) * sqrt(1.5).
    half = 12.706205 * np.sqrt(3)
    assert prediction_interval(np.array([-1, 1])) == pytest.approx((-half, half), abs=1e-4)
    logs = prediction_interval(np.log([1, 2, 4]))
    assert geometric_prediction_interval(np.array([1, 2, 4])) == pytest.approx(np.exp(logs))


@pytest.mark.parametrize("replicates", [3, 20])
def test_one_further_value_falls_inside_with_the_stated_probability(replicates):
    values = np.random.default_rng(3).normal(size=(2000, replicates + 1))
    # Standard deviation sqrt(0.95 * 0.05 / 2000) = 0.0049.
    for interval_of, drawn in (
        (prediction_interval, values),
        (geometric_prediction_interval, np.exp(0.7 * values)),
    ):
        intervals = np.array([interval_of(row[:-1]) for row in drawn])
        inside = (intervals[:, 0] <= drawn[:, -1]) & (drawn[:, -1] <= intervals[:, 1])
        assert inside.mean() == pytest.approx(0.95, abs=3 * 0.0049)


def test_correction_for_divisions_of_one_table_widens_as_published():
    # Quarter for testing: sqrt(1 + R / 3) times as wide, 2.08 at 10 and 2.77 at 20 replicates.
    for count, factor in ((10, np.sqrt(1 + 10 / 3)), (20, np.sqrt(1 + 20 / 3))):
        values = np.random.default_rng(count).normal(size=count)
        plain, corrected = mean_interval(values), resampled_interval(values, 1 / 3)
        assert corrected.mean == plain.mean
        assert corrected.high - corrected.mean == pytest.approx(factor * (plain.high - plain.mean))


def test_power_is_that_of_the_tables():
    # One-sample t test, two-sided level 5 %, power 90 %: effects of 1 and 0.5 deviations need 13
    # and 44 values (Cohen, 1988).
    assert replicates_for_power(1.0, 1.0) == 13
    assert replicates_for_power(2.0, 1.0) == 44
    assert detectable_effect(1.0, 13) < 1.0 < detectable_effect(1.0, 12)


def test_a_detectable_effect_is_detected_as_often_as_promised():
    effect, generator = detectable_effect(2.0, 5), np.random.default_rng(6)
    found = [mean_interval(row).low > 0 for row in generator.normal(effect, 2.0, size=(2000, 5))]
    assert np.mean(found) == pytest.approx(0.9, abs=3 * np.sqrt(0.09 / 2000))


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


def test_interval_of_the_probability_is_the_exact_binomial_one():
    interval = probability_of_superiority(np.repeat([1.0, 0.0], [14, 6]), np.full(20, 0.5))
    exact = stats.binomtest(14, 20).proportion_ci(0.95, method="exact")
    assert (interval.low, interval.high) == pytest.approx((exact.low, exact.high))


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
def test_equal_values_whose_variance_is_unknown_have_no_p_value(noise):
    assert np.isnan(p_value_above(0.3 + noise * np.array([1, 0, -1]), 0.2))


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
