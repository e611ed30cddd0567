"""The rules by which reported numbers and claims are judged, in one place.

A replicate is one run with every source of variance redrawn; noise draws are averaged within
it, and methods are paired by replicate. A number that a document reports is judged by
`judge_number`. Every rule of `RULES` is called with the reported number, the bound of the claim
and the values [R] of its quantities, and looks only at those that it needs. With fewer than three
replicates a rule that speaks of randomness is inconclusive.

A rule of `PAIRED_RULES` compares methods. It says what is found, which side is claimed to be
ahead, and by how much each replicate exceeds the bound; the verdict here and the tests of
`comparisons` both follow from that.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy import stats

from gradloss.analysis.statistics import (
    CONFIDENCE,
    Interval,
    geometric_interval,
    geometric_prediction_interval,
    mean_interval,
    prediction_interval,
    share_interval,
)
from gradloss.analysis.words import COMPATIBLE, FAILED, REPRODUCED, UNDECIDED

FEWEST_REPLICATES = 3
SHARP = 0.1
"""Largest half width of a sharp prediction interval, in units of the reported number."""


@dataclass(frozen=True)
class Finding:
    """What was found for a claim.

    Attributes:
        replicated: The estimate, with its 95 % interval from `ci_low` to `ci_high`.
        replicates: How many there are.
        verdict: One of `words.VERDICTS`, or `words.NOT_COMPUTED`; only what is printed can be
            "compatible".
        pi_low, pi_high: The 95 % prediction interval of one further run; of numbers only.
        sharp: Whether that one is narrow enough to confirm the number, see `SHARP`.
    """

    replicated: float
    ci_low: float
    ci_high: float
    replicates: int
    verdict: str
    pi_low: float = np.nan
    pi_high: float = np.nan
    sharp: bool | None = None


@dataclass(frozen=True)
class Comparison:
    """A claimed inequality between methods, replicate by replicate.

    Attributes:
        found: The estimate, with the interval of its kind.
        excesses: How far each replicate lies beyond the bound, in the claimed direction: one
            array [R] per inequality, of ratios on the logarithm. The claim holds if the mean of
            every one is above zero.
        ahead: Values [R] that are claimed to be the larger ones, whatever the bound.
        behind: Values [R] that are claimed to be the smaller ones.
    """

    found: Interval
    excesses: tuple[np.ndarray, ...]
    ahead: np.ndarray
    behind: np.ndarray


def ratio_above(bound: float, a: np.ndarray, b: np.ndarray) -> Comparison:
    """The ratio a / b is above the bound."""
    excess = _logarithms(a / b) - np.log(bound)
    return Comparison(geometric_interval(a / b), (excess,), ahead=a, behind=b)


def ratio_below(bound: float, a: np.ndarray, b: np.ndarray) -> Comparison:
    """The ratio a / b is below the bound."""
    excess = np.log(bound) - _logarithms(a / b)
    return Comparison(geometric_interval(a / b), (excess,), ahead=b, behind=a)


def difference_above(bound: float, a: np.ndarray, b: np.ndarray) -> Comparison:
    """The difference a - b is above the bound."""
    return Comparison(mean_interval(a - b), (a - b - bound,), ahead=a, behind=b)


def difference_below(bound: float, a: np.ndarray, b: np.ndarray) -> Comparison:
    """The difference a - b is below the bound."""
    return Comparison(mean_interval(a - b), (bound - (a - b),), ahead=b, behind=a)


def equivalent(bound: float, a: np.ndarray, b: np.ndarray) -> Comparison:
    """The difference a - b is within the bound on either side of 0.

    These are two one-sided tests (Schuirmann, 1987).
    """
    excesses = bound - (a - b), bound + (a - b)
    return Comparison(mean_interval(a - b), excesses, ahead=a, behind=b)


def ratio_equivalent(bound: float, a: np.ndarray, b: np.ndarray) -> Comparison:
    """The ratio a / b is within the bound on either side of 1, as `equivalent`."""
    logs = _logarithms(a / b)
    excesses = np.log(1 + bound) - logs, logs - np.log(1 - bound)
    return Comparison(geometric_interval(a / b), excesses, ahead=a, behind=b)


def gain_share_below(bound: float, a: np.ndarray, b: np.ndarray, c: np.ndarray) -> Comparison:
    """The gain a - b is below the bound times the raw gap a - c.

    What is found is the share, the mean gain by the mean gap, where the mean gap is above zero.
    Where it is not told from zero, no share of it can be judged.
    """
    found, sign = _share(a - b, a - c)
    excess = sign * (bound * (a - c) - (a - b))
    return Comparison(found, (excess,), ahead=bound * (a - c), behind=a - b)


def reduction_share_below(bound: float, a: np.ndarray, b: np.ndarray, c: np.ndarray) -> Comparison:
    """The same for errors: the reduction b - a is below the bound times the raw gap c - a."""
    return gain_share_below(bound, -a, -b, -c)


def share_above(bound: float, a: np.ndarray, b: np.ndarray, c: np.ndarray) -> Comparison:
    """The part a - b is above the bound times the whole a - c; else as `gain_share_below`."""
    found, sign = _share(a - b, a - c)
    excess = sign * ((a - b) - bound * (a - c))
    return Comparison(found, (excess,), ahead=a - b, behind=bound * (a - c))


def _share(part: np.ndarray, whole: np.ndarray) -> tuple[Interval, float]:
    """A share, and 1 where the whole is told from zero, so that it can be judged; else NaN."""
    unknown = Interval(np.nan, np.nan, np.nan, len(whole))
    found = share_interval(part, whole) if whole.mean() > 0 else unknown
    return found, 1.0 if mean_interval(whole).low > 0 else np.nan


def ratio_of_ratios_above(
    bound: float, a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray
) -> Comparison:
    """The ratio of ratios (a / b) / (c / d) is above the bound."""
    return ratio_above(bound, a / b, c / d)


def smallest_gap(_bound: float, *pairs: np.ndarray) -> Comparison:
    """The first gap is smaller than each other one.

    The values are clean_1, attacked_1, clean_2, attacked_2, ... and a gap is clean - attacked.
    What is found is how much larger the nearest other gap is.
    """
    first, *others = (clean - hit for clean, hit in zip(pairs[::2], pairs[1::2], strict=True))
    excesses = tuple(other - first for other in others)
    nearest = mean_interval(min(excesses, key=np.mean))
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
    "share_above": share_above,
    "ratio_of_ratios_above": ratio_of_ratios_above,
    "smallest_gap": smallest_gap,
}


def judge_paired(
    rule: Callable[..., Comparison], _reported: float, bound: float, *values: np.ndarray
) -> Finding:
    """The 95 % intervals of a comparison's excesses are all above zero; one below it refutes."""
    comparison = rule(bound, *values)
    return _judge_excesses(comparison.found, *comparison.excesses)


def judge_number(
    reported: float, values: np.ndarray, runs: np.ndarray, on_logarithm: bool
) -> Finding:
    """A reported number, itself one run, lies in the prediction interval of one further run.

    It is then reproduced if that interval is sharp, and else compatible.

    Args:
        reported: The number.
        values: Of the replicates [R], draws averaged: what is found.
        runs: The same with one draw each, as the document has it: what one run can give.
        on_logarithm: Whether they are positive errors, which are judged by their logarithms.
    """
    found = (geometric_interval if on_logarithm else mean_interval)(values)
    low, high = (geometric_prediction_interval if on_logarithm else prediction_interval)(runs)
    sharp = (high - low) / 2 <= SHARP * abs(reported)
    agrees = REPRODUCED if sharp else COMPATIBLE
    return _finding(found, agrees if low <= reported <= high else FAILED, low, high, sharp)


def judge_above(_reported: float, bound: float, values: np.ndarray) -> Finding:
    """The whole interval of the mean lies above the bound."""
    return _judge_excesses(mean_interval(values), values - bound)


def judge_below(_reported: float, bound: float, values: np.ndarray) -> Finding:
    """The whole interval of the mean lies below the bound."""
    return _judge_excesses(mean_interval(values), bound - values)


def judge_near(_reported: float, bound: float, values: np.ndarray, fixed: np.ndarray) -> Finding:
    """The mean is within the bound of a number without randomness, as by `equivalent`."""
    distances = values - fixed.mean()
    return _judge_excesses(mean_interval(distances), bound - distances, bound + distances)


def judge_same_spread(_reported: float, printed: list[float], values: np.ndarray) -> Finding:
    """Printed numbers of several runs vary as ours do: the ratio of variances may be 1.

    Its 95 % interval is that of the F test, which no spread of ours can make sharp.
    """
    ratio = float(np.var(printed, ddof=1) / np.var(values, ddof=1))
    tails = (1 + CONFIDENCE) / 2, (1 - CONFIDENCE) / 2
    low, high = map(float, ratio / stats.f.ppf(tails, len(printed) - 1, len(values) - 1))
    found = Interval(ratio, low, high, len(values))
    return _finding(found, COMPATIBLE if low <= 1 <= high else FAILED)


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
    """All quantities equal the first one, replicate by replicate, within the bound."""
    return judge_vanishing(np.nan, bound, np.abs(np.array(others) - first).max(axis=0))


def judge_vanishing(_reported: float, bound: float, deviations: np.ndarray) -> Finding:
    """All deviations are within the bound of zero; the finding is the largest."""
    largest = float(np.abs(deviations).max())
    return _fact(largest, len(deviations), largest <= bound)


RULES: dict[str, Callable[..., Finding]] = {
    "above": judge_above,
    "below": judge_below,
    "near": judge_near,
    "same_spread": judge_same_spread,
    "ratio_between": judge_ratio_between,
    "exact": judge_exact,
    "equal": judge_equal,
    "vanishing": judge_vanishing,
} | {name: partial(judge_paired, rule) for name, rule in PAIRED_RULES.items()}


def _logarithms(ratios: np.ndarray) -> np.ndarray:
    """Natural logarithms, NaN where a ratio is not above 0."""
    return np.log(np.where(ratios > 0, ratios, np.nan))


def _judge_excesses(found: Interval, *excesses: np.ndarray) -> Finding:
    intervals = [mean_interval(excess) for excess in excesses]
    if all(interval.low > 0 for interval in intervals):
        return _finding(found, REPRODUCED)
    fails = any(interval.high < 0 for interval in intervals)
    return _finding(found, FAILED if fails else UNDECIDED)


def _finding(found: Interval, verdict: str, *prediction: float) -> Finding:
    enough = found.replicates >= FEWEST_REPLICATES
    estimate = found.mean, found.low, found.high, found.replicates
    return Finding(*estimate, verdict if enough else UNDECIDED, *prediction)


def _fact(value: float, count: int, holds: bool) -> Finding:
    return Finding(value, np.nan, np.nan, count, REPRODUCED if holds else FAILED)
