"""The rules by which reported numbers and claims are judged, in one place.

A replicate is one run with every source of variance redrawn; noise draws are averaged within
it, and methods are paired by replicate. Every rule is called with the reported number, the bound
of the claim and the values [R] of its quantities, and looks only at those that it needs.
With fewer than three replicates a rule that speaks of randomness is inconclusive.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gradloss.statistics import bootstrap_mean, prediction_interval

FEWEST_REPLICATES = 3


@dataclass(frozen=True)
class Finding:
    """What was found for a claim: an estimate with its 95 % interval, and the verdict."""

    replicated: float
    ci_low: float
    ci_high: float
    replicates: int
    verdict: str


def judge_number(reported: float, _bound: float, values: np.ndarray) -> Finding:
    """A reported number, itself one run, lies in the prediction interval of one further run."""
    low, high = prediction_interval(values)
    inside = low <= reported <= high
    return _finding(values, holds=inside, fails=not inside)


def judge_ratio_above(_reported: float, bound: float, a: np.ndarray, b: np.ndarray) -> Finding:
    """The whole interval of the paired ratio a / b lies above the bound."""
    return _judge_above(a / b, bound)


def judge_ratio_below(_reported: float, bound: float, a: np.ndarray, b: np.ndarray) -> Finding:
    """The whole interval of the paired ratio a / b lies below the bound."""
    return _judge_below(a / b, bound)


def judge_difference_above(_reported: float, bound: float, a: np.ndarray, b: np.ndarray) -> Finding:
    """The whole interval of the paired difference a - b lies above the bound."""
    return _judge_above(a - b, bound)


def judge_difference_below(_reported: float, bound: float, a: np.ndarray, b: np.ndarray) -> Finding:
    """The whole interval of the paired difference a - b lies below the bound."""
    return _judge_below(a - b, bound)


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
    "ratio_above": judge_ratio_above,
    "ratio_below": judge_ratio_below,
    "difference_above": judge_difference_above,
    "difference_below": judge_difference_below,
    "ratio_between": judge_ratio_between,
    "exact": judge_exact,
    "equal": judge_equal,
    "vanishing": judge_vanishing,
}


PAIRED_RULES = {"ratio_above", "ratio_below", "difference_above", "difference_below"}


def _judge_above(values: np.ndarray, bound: float) -> Finding:
    interval = bootstrap_mean(values)
    return _finding(values, holds=interval.low > bound, fails=interval.high < bound)


def _judge_below(values: np.ndarray, bound: float) -> Finding:
    interval = bootstrap_mean(values)
    return _finding(values, holds=interval.high < bound, fails=interval.low > bound)


def _finding(values: np.ndarray, holds: bool, fails: bool) -> Finding:
    interval = bootstrap_mean(values)
    verdict = "reproduced" if holds else "not reproduced" if fails else "inconclusive"
    if interval.replicates < FEWEST_REPLICATES:
        verdict = "inconclusive"
    return Finding(interval.mean, interval.low, interval.high, interval.replicates, verdict)


def _fact(value: float, count: int, holds: bool) -> Finding:
    verdict = "reproduced" if holds else "not reproduced"
    return Finding(value, np.nan, np.nan, count, verdict)
