"""Every rule by which a claim is judged, on values whose verdict is plain."""

import numpy as np
import pytest

from gradloss.analysis.statistics import geometric_interval, mean_interval, share_interval
from gradloss.analysis.verdicts import PAIRED_RULES, RULES, SHARP, judge_number

NAN = np.nan
SPREAD = np.array([0.9, 1.0, 1.1, 1.0, 0.95, 1.05])
ONES = np.ones(6)

CASES = [
    # The interval of SPREAD's mean is 1 +- 2.571 * 0.0707 / sqrt(6) = 1 +- 0.074.
    ("ratio_above", NAN, 1.5, [2 * SPREAD, ONES], "reproduced"),
    ("ratio_above", NAN, 2.5, [2 * SPREAD, ONES], "not reproduced"),
    ("ratio_above", NAN, 1.95, [2 * SPREAD, ONES], "inconclusive"),
    ("ratio_above", NAN, 2.05, [2 * SPREAD, ONES], "inconclusive"),
    ("ratio_above", NAN, 1.5, [2 * SPREAD[:2], ONES[:2]], "inconclusive"),
    ("ratio_below", NAN, 2.5, [2 * SPREAD, ONES], "reproduced"),
    ("ratio_below", NAN, 1.5, [2 * SPREAD, ONES], "not reproduced"),
    ("ratio_below", NAN, 1.95, [2 * SPREAD, ONES], "inconclusive"),
    ("ratio_below", NAN, 2.05, [2 * SPREAD, ONES], "inconclusive"),
    ("ratio_below", NAN, 1.5, [2 * SPREAD[:2], ONES[:2]], "inconclusive"),
    ("difference_above", NAN, 0.5, [SPREAD + 1, ONES], "reproduced"),
    ("difference_above", NAN, 1.5, [SPREAD + 1, ONES], "not reproduced"),
    ("difference_above", NAN, 0.98, [SPREAD + 1, ONES], "inconclusive"),
    ("difference_above", NAN, 1.02, [SPREAD + 1, ONES], "inconclusive"),
    ("difference_above", NAN, 0.5, [SPREAD[:2] + 1, ONES[:2]], "inconclusive"),
    ("difference_below", NAN, 1.5, [SPREAD + 1, ONES], "reproduced"),
    ("difference_below", NAN, 0.5, [SPREAD + 1, ONES], "not reproduced"),
    ("difference_below", NAN, 0.98, [SPREAD + 1, ONES], "inconclusive"),
    ("difference_below", NAN, 1.02, [SPREAD + 1, ONES], "inconclusive"),
    ("difference_below", NAN, 1.5, [SPREAD[:2] + 1, ONES[:2]], "inconclusive"),
    ("above", NAN, 0.9, [SPREAD], "reproduced"),
    ("above", NAN, 1.1, [SPREAD], "not reproduced"),
    ("above", NAN, 0.98, [SPREAD], "inconclusive"),
    ("above", NAN, 1.02, [SPREAD], "inconclusive"),
    ("above", NAN, 0.5, [SPREAD[:2]], "inconclusive"),
    ("above", NAN, 0.5, [SPREAD[:1]], "inconclusive"),
    ("below", NAN, 1.1, [SPREAD], "reproduced"),
    ("below", NAN, 0.9, [SPREAD], "not reproduced"),
    ("below", NAN, 0.98, [SPREAD], "inconclusive"),
    ("below", NAN, 1.02, [SPREAD], "inconclusive"),
    ("below", NAN, 1.5, [SPREAD[:2]], "inconclusive"),
    ("equivalent", NAN, 0.1, [SPREAD, ONES], "reproduced"),
    ("equivalent", NAN, 0.1, [ONES, ONES], "reproduced"),
    ("equivalent", NAN, 0.5, [SPREAD + 1, ONES], "not reproduced"),
    ("equivalent", NAN, 0.5, [SPREAD - 1, ONES], "not reproduced"),
    ("equivalent", NAN, 0.02, [SPREAD, ONES], "inconclusive"),
    ("equivalent", NAN, 1.0, [SPREAD + 1, ONES], "inconclusive"),
    ("equivalent", NAN, 0.5, [SPREAD[:2], ONES[:2]], "inconclusive"),
    ("ratio_equivalent", NAN, 0.1, [2 * SPREAD, 2 * ONES], "reproduced"),
    ("ratio_equivalent", NAN, 0.5, [2 * SPREAD, ONES], "not reproduced"),
    ("ratio_equivalent", NAN, 0.3, [0.5 * SPREAD, ONES], "not reproduced"),
    ("ratio_equivalent", NAN, 0.02, [SPREAD, ONES], "inconclusive"),
    ("ratio_equivalent", NAN, 0.5, [SPREAD[:2], ONES[:2]], "inconclusive"),
    # The gain is 0.1 of a raw gap of 0.2: a share of 0.5 +- 0.074 / 2.
    ("gain_share_below", NAN, 0.75, [0.9 * ONES, 0.9 - 0.1 * SPREAD, 0.7 * ONES], "reproduced"),
    ("gain_share_below", NAN, 0.25, [0.9 * ONES, 0.9 - 0.1 * SPREAD, 0.7 * ONES], "not reproduced"),
    ("gain_share_below", NAN, 0.5, [0.9 * ONES, 0.9 - 0.1 * SPREAD, 0.7 * ONES], "inconclusive"),
    ("gain_share_below", NAN, 0.75, [0.9 * ONES[:2], ONES[:2], 0.7 * ONES[:2]], "inconclusive"),
    # No raw gap, no share of it.
    ("gain_share_below", NAN, 0.75, [0.9 * ONES, 1 - 0.1 * SPREAD, ONES], "inconclusive"),
    ("gain_share_below", NAN, 0.75, [0.9 * ONES, 0.9 * ONES, 0.9 * ONES], "inconclusive"),
    ("reduction_share_below", NAN, 0.75, [ONES, 1 + 0.1 * SPREAD, 1.2 * ONES], "reproduced"),
    ("reduction_share_below", NAN, 0.25, [ONES, 1 + 0.1 * SPREAD, 1.2 * ONES], "not reproduced"),
    ("reduction_share_below", NAN, 0.5, [ONES, 1 + 0.1 * SPREAD, 1.2 * ONES], "inconclusive"),
    ("reduction_share_below", NAN, 0.75, [ONES, 1 + 0.1 * SPREAD, 0.9 * ONES], "inconclusive"),
    # Ratios 2 and 1.6, a ratio of 1.25.
    ("ratio_of_ratios_above", NAN, 1, [2 * SPREAD, ONES, 8 * ONES, 5 * ONES], "reproduced"),
    ("ratio_of_ratios_above", NAN, 1.5, [2 * SPREAD, ONES, 8 * ONES, 5 * ONES], "not reproduced"),
    ("ratio_of_ratios_above", NAN, 1.25, [2 * SPREAD, ONES, 8 * ONES, 5 * ONES], "inconclusive"),
    ("ratio_of_ratios_above", NAN, 1, [2 * ONES[:2], ONES[:2], ONES[:2], ONES[:2]], "inconclusive"),
    # The part is 0.1 of a whole of 0.2, and there must be a whole.
    ("share_above", NAN, 0.25, [1.2 * ONES, 1.2 - 0.1 * SPREAD, ONES], "reproduced"),
    ("share_above", NAN, 0.75, [1.2 * ONES, 1.2 - 0.1 * SPREAD, ONES], "not reproduced"),
    ("share_above", NAN, 0.5, [1.2 * ONES, 1.2 - 0.1 * SPREAD, ONES], "inconclusive"),
    ("share_above", NAN, 0.25, [1.2 * ONES, 1.2 - 0.1 * SPREAD, 1.3 * ONES], "inconclusive"),
    # Gaps of 0.5, and of 1 and 2, with an interval of 0.074 on either side.
    ("smallest_gap", 0, 0, [SPREAD, SPREAD - 0.5, 2 * ONES, ONES, 3 * SPREAD, ONES], "reproduced"),
    (
        "smallest_gap",
        0,
        0,
        [2 * ONES, ONES, SPREAD, SPREAD - 0.5, 3 * ONES, ONES],
        "not reproduced",
    ),
    ("smallest_gap", 0, 0, [2 * ONES, ONES, SPREAD, 0 * ONES, 3 * ONES, ONES], "inconclusive"),
    ("smallest_gap", 0, 0, [ONES[:2], ONES[:2], ONES[:2], 0 * ONES[:2]], "inconclusive"),
    ("ratio_between", NAN, [1.5, 2.5], [2 * ONES, ONES], "reproduced"),
    ("ratio_between", NAN, [1.5, 2.5], [2 * ONES[:1], ONES[:1]], "reproduced"),
    ("ratio_between", NAN, [1.5, 1.9], [2 * ONES, ONES], "not reproduced"),
    ("ratio_between", NAN, [2.1, 2.5], [2 * ONES, ONES], "not reproduced"),
    ("exact", 1.0, 1e-5, [np.array([1.000009])], "reproduced"),
    ("exact", 1.0, 1e-5, [np.array([1.0, 1.00002])], "not reproduced"),
    ("near", NAN, 0.1, [SPREAD, ONES[:1]], "reproduced"),
    ("near", NAN, 0.1, [SPREAD, 1.2 * ONES[:1]], "not reproduced"),
    ("near", NAN, 0.1, [SPREAD, 1.1 * ONES[:1]], "inconclusive"),
    ("near", NAN, 0.1, [ONES[:2], ONES[:1]], "inconclusive"),
    ("same_spread", NAN, [2.1, 2.0, 1.9, 2.0], [SPREAD], "compatible"),
    ("same_spread", NAN, [3.0, 2.0, 1.0, 2.0], [SPREAD], "not reproduced"),
    ("same_spread", NAN, [2.0, 2.001, 2.002, 2.0], [SPREAD], "not reproduced"),
    ("same_spread", NAN, [2.1, 2.0, 1.9, 2.0], [SPREAD[:2]], "inconclusive"),
    ("equal", NAN, 0.15, [ONES, ONES + 0.1, ONES - 0.1], "reproduced"),
    ("equal", NAN, 0.15, [ONES, ONES, ONES - 0.2], "not reproduced"),
    ("equal", NAN, 0.15, [SPREAD, SPREAD + 0.1, SPREAD], "reproduced"),
    ("vanishing", NAN, 0.0, [np.zeros(4)], "reproduced"),
    ("vanishing", NAN, 1e-5, [np.array([0, -2e-5])], "not reproduced"),
]


@pytest.mark.parametrize(("rule", "reported", "bound", "values", "verdict"), CASES)
def test_verdicts(rule, reported, bound, values, verdict):
    finding = RULES[rule](reported, bound, *values)
    assert finding.verdict == verdict
    assert finding.replicates == len(values[0])
    assert finding.sharp is None
    assert np.isnan([finding.pi_low, finding.pi_high]).all()


def test_every_rule_has_cases_for_each_of_its_verdicts():
    seen = {rule: set() for rule in RULES}
    for rule, *_, verdict in CASES:
        seen[rule].add(verdict)
    facts = {"ratio_between", "exact", "equal", "vanishing"}
    for rule, verdicts in seen.items():
        holds = "compatible" if rule == "same_spread" else "reproduced"
        expected = {holds, "not reproduced"} | (set() if rule in facts else {"inconclusive"})
        assert verdicts == expected, rule


# 1 +- 2.571 * 0.0707 * sqrt(7 / 6) = 1 +- 0.196: 0.1 times a number of 2, but not of 1.
@pytest.mark.parametrize(
    ("reported", "values", "verdict"),
    [
        (1.19, SPREAD, "compatible"),
        (0.81, SPREAD, "compatible"),
        (1.20, SPREAD, "not reproduced"),
        (0.80, SPREAD, "not reproduced"),
        (2.19, SPREAD + 1, "reproduced"),
        (1.81, SPREAD + 1, "compatible"),  # the half width is more than a tenth of it
        (-2.19, -SPREAD - 1, "reproduced"),
        (2.20, SPREAD + 1, "not reproduced"),
        (1.0, SPREAD[:2], "inconclusive"),
        (1.0, ONES[:2], "inconclusive"),
        (9.0, SPREAD[:1], "inconclusive"),
    ],
)
def test_a_number_is_judged_by_the_prediction_interval_of_one_run(reported, values, verdict):
    finding = judge_number(reported, values, values, on_logarithm=False)
    assert finding.verdict == verdict
    assert finding.replicates == len(values)
    assert finding.sharp == ((finding.pi_high - finding.pi_low) / 2 <= SHARP * abs(reported))


def test_a_number_is_found_by_averages_and_judged_by_single_draws():
    finding = judge_number(1.15, ONES, SPREAD, on_logarithm=False)
    assert (finding.replicated, finding.ci_low, finding.ci_high) == (1, 1, 1)
    assert (finding.pi_low, finding.pi_high) == pytest.approx((0.804, 1.196), abs=1e-3)
    assert finding.verdict == "compatible"


def test_errors_are_judged_by_their_logarithms():
    values = np.exp(10 * SPREAD - 10)
    finding = judge_number(0.15, values, values, on_logarithm=True)
    assert finding.replicated == pytest.approx(1)
    assert (finding.ci_low, finding.ci_high) == pytest.approx(np.exp([-0.742, 0.742]), rel=1e-3)
    assert (finding.pi_low, finding.pi_high) == pytest.approx(np.exp([-1.963, 1.963]), rel=1e-3)
    assert finding.verdict == "compatible"
    assert judge_number(0.01, values, values, on_logarithm=False).pi_low < 0


@pytest.mark.parametrize("replicates", [3, 5, 20])
def test_one_true_number_in_twenty_is_not_reproduced(replicates):
    draws = np.random.default_rng(0).normal(1, 0.01, size=(2000, replicates + 1))
    verdicts = [judge_number(draw[0], draw[1:], draw[1:], False).verdict for draw in draws]
    assert 0.035 < np.mean([verdict == "not reproduced" for verdict in verdicts]) < 0.065


@pytest.mark.parametrize("rule", ["ratio_above", "ratio_below", "difference_above"])
def test_a_claim_at_its_very_bound_is_reproduced_once_in_forty(rule):
    generator = np.random.default_rng(0)
    values = np.exp(generator.normal(0, 0.3, size=(2000, 2, 5)))
    bound = 0.0 if rule == "difference_above" else 1.0
    verdicts = [RULES[rule](np.nan, bound, *pair).verdict for pair in values]
    for verdict in ("reproduced", "not reproduced"):
        assert 0.01 < np.mean([found == verdict for found in verdicts]) < 0.04


def test_what_is_found_has_the_interval_of_its_kind():
    a, b = 2 * SPREAD, SPREAD[::-1]
    for rule, expected in (
        ("difference_above", mean_interval(a - b)),
        ("ratio_above", geometric_interval(a / b)),
        ("ratio_of_ratios_above", geometric_interval(a / b / (b / a))),
        ("gain_share_below", share_interval(a - b, a)),
    ):
        others = {"ratio_of_ratios_above": (b, a), "gain_share_below": (0 * a,)}.get(rule, ())
        finding = RULES[rule](NAN, 0.5, a, b, *others)
        found = finding.replicated, finding.ci_low, finding.ci_high
        assert found == pytest.approx((expected.mean, expected.low, expected.high))


def test_a_ratio_and_its_inverse_are_judged_alike():
    a, b = np.array([1.0, 2.0, 8.0, 3.0]), np.array([0.9, 1.2, 1.5, 1.1])
    for bound in (0.5, 1.0, 1.05, 1.5, 2.0, 8.0):
        above, below = (RULES[f"ratio_{side}"] for side in ("above", "below"))
        assert above(NAN, bound, a, b).verdict == below(NAN, 1 / bound, b, a).verdict


def test_a_ratio_that_is_not_positive_is_inconclusive():
    finding = RULES["ratio_below"](NAN, 1.0, SPREAD - 1, ONES)
    assert finding.verdict == "inconclusive"
    assert np.isnan(finding.replicated)


def test_the_printed_slopes_scatter_less_than_ours():
    # The deviations of the printed ones are .030, of ours .077: F = .155, p = .014 (two-sided).
    printed = np.array([0.030, -0.030, 0, 0, 0, 0.030 * np.sqrt(2), -0.030 * np.sqrt(2)])
    ours = np.random.default_rng(0).normal(size=20)
    ours *= 0.077 / ours.std(ddof=1)
    finding = RULES["same_spread"](NAN, list(printed), ours)
    assert finding.replicated == pytest.approx((0.030 / 0.077) ** 2, rel=0.01)
    assert finding.ci_high < 1
    assert finding.verdict == "not reproduced"


def test_ratios_and_differences_are_paired():
    level = np.array([1.0, 10.0, 100.0, 1000.0])
    assert RULES["ratio_above"](NAN, 1.99, 2 * level, level).verdict == "reproduced"
    assert RULES["difference_below"](NAN, 0.11, level + 0.1, level).verdict == "reproduced"


def test_deviations_are_the_largest_in_size_and_have_no_interval():
    equal = RULES["equal"](NAN, 1.0, np.array([2.0, 1.0]), np.array([2.5, 0.25]), np.array([2, 1]))
    assert (equal.replicated, equal.replicates) == (0.75, 2)
    vanishing = RULES["vanishing"](NAN, 1.0, np.array([0.25, -0.5]))
    assert vanishing.replicated == 0.5
    assert np.isnan([equal.ci_low, equal.ci_high, vanishing.ci_low, vanishing.ci_high]).all()


def test_equality_looks_at_every_value_of_the_first():
    assert RULES["equal"](NAN, 0.1, np.array([1.0, 2.0]), ONES[:2], ONES[:2]).replicated == 1


def test_bounds_themselves_are_not_reached():
    for rule in ("above", "below"):
        assert RULES[rule](NAN, 1.0, ONES).verdict == "inconclusive"


def test_a_share_is_the_mean_gain_by_the_mean_gap():
    a = np.array([0.90, 0.92, 0.94, 0.93])
    b = np.array([0.88, 0.89, 0.89, 0.90])
    c = np.array([0.80, 0.80, 0.85, 0.85])
    expected = (a - b).mean() / (a - c).mean()
    score = RULES["gain_share_below"](NAN, 0.75, a, b, c)
    error = RULES["reduction_share_below"](NAN, 0.75, -a, -b, -c)
    assert score.replicated == pytest.approx(expected)
    assert score.ci_low < expected < score.ci_high < 0.75
    assert score.verdict == "reproduced"
    assert (error.replicated, error.ci_low, error.ci_high) == pytest.approx(
        (score.replicated, score.ci_low, score.ci_high)
    )


@pytest.mark.parametrize("bound", np.linspace(0.05, 0.95, 10))
def test_a_share_is_below_a_bound_as_its_interval_says(bound):
    generator = np.random.default_rng(0)
    for a, b, c in generator.normal([[0.9], [0.85], [0.8]], 0.02, size=(50, 3, 6)):
        finding = RULES["gain_share_below"](NAN, bound, a, b, c)
        assert (finding.verdict == "reproduced") == (finding.ci_high < bound)


def test_a_share_of_a_gap_that_is_not_told_from_zero_is_unbounded_and_inconclusive():
    gap = np.array([0.3, -0.2, 0.1, 0.0])
    finding = RULES["gain_share_below"](NAN, 0.75, gap, gap - 0.01 * SPREAD[:4], 0 * gap)
    assert (finding.ci_low, finding.ci_high) == (-np.inf, np.inf)
    assert finding.verdict == "inconclusive"


def test_without_a_raw_gap_nothing_is_found():
    finding = RULES["gain_share_below"](NAN, 0.75, ONES, ONES - 0.1, ONES)
    assert np.isnan([finding.replicated, finding.ci_low, finding.ci_high]).all()
    assert finding.replicates == 6


def test_the_smallest_gap_is_found_by_its_nearest_rival():
    finding = RULES["smallest_gap"](NAN, 0, ONES, ONES - 0.2, ONES, 0 * ONES, ONES, ONES - 0.5)
    assert finding.replicated == pytest.approx(0.3)


@pytest.mark.parametrize(
    ("rule", "bound", "values"),
    [
        (rule, bound, values)
        for rule, _, bound, values, verdict in CASES
        if rule in PAIRED_RULES and verdict == "reproduced"
    ],
)
def test_a_paired_claim_that_holds_exceeds_its_bound_on_average(rule, bound, values):
    comparison = PAIRED_RULES[rule](bound, *values)
    assert all(excess.mean() > 0 for excess in comparison.excesses)
    sides = (comparison.ahead, comparison.behind, *comparison.excesses)
    assert all(side.shape == values[0].shape for side in sides)
