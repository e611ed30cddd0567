"""The rules by which reported numbers and claims are judged, in one place.

A replicate is one run with every source of variance redrawn; noise draws are averaged within
it, and methods are paired by replicate. Every rule of `RULES` is called with the reported number,
the bound of the claim and the values [R] of its quantities, and looks only at those that it needs.
With fewer than three replicates a rule that speaks of randomness is inconclusive.

A rule of `PAIRED_RULES` compares methods. It says what is found, which side is claimed to be
ahead, and by how much each replicate exceeds the bound; the verdict here and the tests of
`comparisons` both follow from that.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from gradloss.statistics import Interval, bootstrap_mean, prediction_interval

FEWEST_REPLICATES = 3


@dataclass(frozen=True)
class Finding:
    """What was found for a claim: an estimate with its 95 % interval, and the verdict."""

    replicated: float
    ci_low: float
    ci_high: float
    replicates: int
    verdict: str


@dataclass(frozen=True)
class Comparison:
    """A claimed inequality between methods, replicate by replicate.

    Attributes:
        found: Values [R] whose mean is the finding.
        excesses: How far each replicate lies beyond the bound, in the claimed direction: one
            array [R] per inequality. The claim holds if the mean of every one is above zero.
        ahead: Values [R] that are claimed to be the larger ones, whatever the bound.
        behind: Values [R] that are claimed to be the smaller ones.
    """

    found: np.ndarray
    excesses: tuple[np.ndarray, ...]
    ahead: np.ndarray
    behind: np.ndarray


def ratio_above(bound: float, a: np.ndarray, b: np.ndarray) -> Comparison:
    """The ratio a / b is above the bound."""
    return Comparison(a / b, (a / b - bound,), ahead=a, behind=b)


def ratio_below(bound: float, a: np.ndarray, b: np.ndarray) -> Comparison:
    """The ratio a / b is below the bound."""
    return Comparison(a / b, (bound - a / b,), ahead=b, behind=a)


def difference_above(bound: float, a: np.ndarray, b: np.ndarray) -> Comparison:
    """The difference a - b is above the bound."""
    return Comparison(a - b, (a - b - bound,), ahead=a, behind=b)


def difference_below(bound: float, a: np.ndarray, b: np.ndarray) -> Comparison:
    """The difference a - b is below the bound."""
    return Comparison(a - b, (bound - (a - b),), ahead=b, behind=a)


def equivalent(bound: float, a: np.ndarray, b: np.ndarray) -> Comparison:
    """The difference a - b is within the bound on either side of 0 (two one-sided tests)."""
    return Comparison(a - b, (bound - (a - b), bound + (a - b)), ahead=a, behind=b)


def ratio_equivalent(bound: float, a: np.ndarray, b: np.ndarray) -> Comparison:
    """The ratio a / b is within the bound on either side of 1 (two one-sided tests)."""
    return Comparison(a / b, (1 + bound - a / b, a / b - 1 + bound), ahead=a, behind=b)


def gain_share_below(bound: float, a: np.ndarray, b: np.ndarray, c: np.ndarray) -> Comparison:
    """The gain a - b is below the bound times the raw gap a - c.

    What is found is the share, the mean gain by the mean gap; its interval is that of
    gain - bound * gap in units of the mean gap. Without a mean gap above zero there is no share.
    """
    gain, gap = a - b, a - c
    excess = bound * gap - gain if gap.mean() > 0 else np.full_like(gap, np.nan)
    return Comparison(bound - excess / gap.mean(), (excess,), ahead=bound * gap, behind=gain)


def reduction_share_below(bound: float, a: np.ndarray, b: np.ndarray, c: np.ndarray) -> Comparison:
    """The same for errors: the reduction b - a is below the bound times the raw gap c - a."""
    return gain_share_below(bound, -a, -b, -c)


def ratio_gap_above(
    bound: float, a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray
) -> Comparison:
    """The difference of ratios a / b - c / d is above the bound."""
    found = a / b - c / d
    return Comparison(found, (found - bound,), ahead=a / b, behind=c / d)


def smallest_gap(_bound: float, *pairs: np.ndarray) -> Comparison:
    """The first gap is smaller than each other one.

    The values are clean_1, attacked_1, clean_2, attacked_2, ... and a gap is clean - attacked.
    What is found is how much larger the nearest other gap is.
    """
    first, *others = (clean - hit for clean, hit in zip(pairs[::2], pairs[1::2], strict=True))
    excesses = tuple(other - first for other in others)
    nearest = min(excesses, key=np.mean)
    return Comparison(nearest, excesses, ahead=np.min(others, axis=0), behind=first)


PAIRED_RULES: dict[str, Callable[..., Comparison]] = {
    "ratio_above": ratio_above,
    "ratio_below": ratio_below,
    "difference_above": difference_above,
    "difference_below": difference_below,
    "equivalent": equivalent,
    "ratio_equivalent": ratio_equivalent,
    "gain_share_below": gain_share_below,
    "reduction_share_below": reduction_share_below,
    "ratio_gap_above": ratio_gap_above,
    "smallest_gap": smallest_gap,
}


def judge_paired(
    rule: Callable[..., Comparison], _reported: float, bound: float, *values: np.ndarray
) -> Finding:
    """The 95 % intervals of a comparison's excesses are all above zero; one below it refutes."""
    comparison = rule(bound, *values)
    return _judge_excesses(comparison.found, *comparison.excesses)


def judge_number(reported: float, _bound: float, values: np.ndarray) -> Finding:
    """A reported number, itself one run, lies in the prediction interval of one further run."""
    low, high = prediction_interval(values)
    inside = low <= reported <= high
    return _finding(bootstrap_mean(values), holds=inside, fails=not inside)


def judge_above(_reported: float, bound: float, values: np.ndarray) -> Finding:
    """The whole interval of the mean lies above the bound."""
    return _judge_excesses(values, values - bound)


def judge_below(_reported: float, bound: float, values: np.ndarray) -> Finding:
    """The whole interval of the mean lies below the bound."""
    return _judge_excesses(values, bound - values)


def judge_ratio_between(
    _reported: float, bound: list[float], a: np.ndarray, b: np.ndarray
) -> Finding:
    """A ratio without randomness lies between two bounds."""
    ratio = float(np.mean(a / b))
    return _fact(ratio, len(a), bound[0] <= ratio <= bound[1])


def judge_exact(reported: float, bound: float, values: np.ndarray) -> Finding:
    """Every value equals the reported number within the bound."""
    holds = bool(np.all(np.abs(values - reported) <= bound))
    return _fact(float(values.mean()), len(values), holds)


def judge_equal(_reported: float, bound: float, first: np.ndarray, *others: np.ndarray) -> Finding:
    """All values equal the first one within the bound; the finding is the largest deviation."""
    return judge_vanishing(np.nan, bound, np.concatenate(others) - first[0])


def judge_vanishing(_reported: float, bound: float, deviations: np.ndarray) -> Finding:
    """All deviations are within the bound of zero; the finding is the largest."""
    largest = float(np.abs(deviations).max())
    return _fact(largest, len(deviations), largest <= bound)


RULES: dict[str, Callable[..., Finding]] = {
    "number": judge_number,
    "above": judge_above,
    "below": judge_below,
    "ratio_between": judge_ratio_between,
    "exact": judge_exact,
    "equal": judge_equal,
    "vanishing": judge_vanishing,
} | {name: partial(judge_paired, rule) for name, rule in PAIRED_RULES.items()}


def _judge_excesses(found: np.ndarray, *excesses: np.ndarray) -> Finding:
    intervals = [bootstrap_mean(excess) for excess in excesses]
    return _finding(
        bootstrap_mean(found),
        holds=all(interval.low > 0 for interval in intervals),
        fails=any(interval.high < 0 for interval in intervals),
    )


def _finding(found: Interval, holds: bool, fails: bool) -> Finding:
    verdict = "reproduced" if holds else "not reproduced" if fails else "inconclusive"
    if found.replicates < FEWEST_REPLICATES:
        verdict = "inconclusive"
    return Finding(found.mean, found.low, found.high, found.replicates, verdict)


def _fact(value: float, count: int, holds: bool) -> Finding:
    verdict = "reproduced" if holds else "not reproduced"
    return Finding(value, np.nan, np.nan, count, verdict)
