"""Every rule by which a claim is judged, on values whose verdict is plain."""

import numpy as np
import pytest

from gradloss.verdicts import PAIRED_RULES, RULES

NAN = np.nan
SPREAD = np.array([0.9, 1.0, 1.1, 1.0, 0.95, 1.05])
ONES = np.ones(6)

CASES = [
    # 1.0 +- 2.571 * 0.0707 * sqrt(7 / 6) = 1.0 +- 0.196
    ("number", 1.15, NAN, [SPREAD], "reproduced"),
    ("number", 1.19, NAN, [SPREAD], "reproduced"),
    ("number", 0.81, NAN, [SPREAD], "reproduced"),
    ("number", 1.20, NAN, [SPREAD], "not reproduced"),
    ("number", 0.80, NAN, [SPREAD], "not reproduced"),
    ("number", 1.0, NAN, [SPREAD[:2]], "inconclusive"),
    ("number", 9.0, NAN, [SPREAD[:1]], "inconclusive"),
    # The intervals of the means are about 2 +- 0.11 and 1 +- 0.055.
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
    # The interval of the mean of SPREAD is about 1 +- 0.055.
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
    # The gain is 0.1 of a raw gap of 0.2: a share of 0.5 +- 0.055 / 2.
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
    # Ratios 2 and 1.5 with an interval of 0.11 on either side.
    ("ratio_gap_above", NAN, 0.25, [2 * SPREAD, ONES, 3 * ONES, 2 * ONES], "reproduced"),
    ("ratio_gap_above", NAN, 0.75, [2 * SPREAD, ONES, 3 * ONES, 2 * ONES], "not reproduced"),
    ("ratio_gap_above", NAN, 0.5, [2 * SPREAD, ONES, 3 * ONES, 2 * ONES], "inconclusive"),
    ("ratio_gap_above", NAN, 0.25, [2 * ONES[:2], ONES[:2], ONES[:2], ONES[:2]], "inconclusive"),
    # Gaps of 0.5, and of 1 and 2, with an interval of 0.055 on either side.
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
    ("equal", NAN, 0.15, [ONES[:1], ONES + 0.1, ONES - 0.1], "reproduced"),
    ("equal", NAN, 0.15, [ONES[:1], ONES, ONES - 0.2], "not reproduced"),
    ("vanishing", NAN, 0.0, [np.zeros(4)], "reproduced"),
    ("vanishing", NAN, 1e-5, [np.array([0, -2e-5])], "not reproduced"),
]


@pytest.mark.parametrize(("rule", "reported", "bound", "values", "verdict"), CASES)
def test_verdicts(rule, reported, bound, values, verdict):
    finding = RULES[rule](reported, bound, *values)
    assert finding.verdict == verdict
    if rule not in ("equal", "ratio_between"):
        assert finding.replicates == len(values[0])


def test_every_rule_has_cases_for_each_of_its_verdicts():
    seen = {rule: set() for rule in RULES}
    for rule, *_, verdict in CASES:
        seen[rule].add(verdict)
    facts = {"ratio_between", "exact", "equal", "vanishing"}
    for rule, verdicts in seen.items():
        expected = {"reproduced", "not reproduced"} | (set() if rule in facts else {"inconclusive"})
        assert verdicts == expected, rule


def test_what_is_found_is_the_mean_and_its_interval():
    finding = RULES["difference_above"](NAN, 0.5, SPREAD + 1, ONES)
    assert finding.replicated == pytest.approx(1.0)
    assert 0.9 < finding.ci_low < 1.0 < finding.ci_high < 1.1


def test_ratios_and_differences_are_paired():
    level = np.array([1.0, 10.0, 100.0, 1000.0])
    assert RULES["ratio_above"](NAN, 1.99, 2 * level, level).verdict == "reproduced"
    assert RULES["difference_below"](NAN, 0.11, level + 0.1, level).verdict == "reproduced"


def test_deviations_are_the_largest_in_size_and_have_no_interval():
    equal = RULES["equal"](NAN, 1.0, np.array([2.0]), np.array([2.5, 1.25]), np.array([2.1]))
    assert (equal.replicated, equal.replicates) == (0.75, 3)
    vanishing = RULES["vanishing"](NAN, 1.0, np.array([0.25, -0.5]))
    assert vanishing.replicated == 0.5
    assert np.isnan([equal.ci_low, equal.ci_high, vanishing.ci_low, vanishing.ci_high]).all()


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
    assert vars(error) == pytest.approx(vars(score))


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
    sides = (comparison.ahead, comparison.behind, comparison.found, *comparison.excesses)
    assert all(side.shape == values[0].shape for side in sides)
