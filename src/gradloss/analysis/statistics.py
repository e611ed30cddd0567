"""Estimates over replicates with intervals whose coverage is simulated, and tests of comparisons.

The methods were chosen by simulation (`coverage`, and the paper's table of coverages):
Student's t of the values, of their logarithms where these are errors or ratios, which are positive
and skewed, and Fieller's set for a ratio of two means.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy import optimize, stats

CONFIDENCE = 0.95
POWER = 0.9
DIGITS = 1e-9  # relative; the results hold nine significant digits


@dataclass(frozen=True)
class Interval:
    """An estimate over replicates, with a confidence interval that is NaN where there is none.

    The estimate is the arithmetic mean, of errors and ratios the geometric one, of a share the
    ratio of two means.
    """

    mean: float
    low: float
    high: float
    replicates: int


UNKNOWN = Interval(np.nan, np.nan, np.nan, 0)


def mean_interval(values: np.ndarray) -> Interval:
    """Mean of values [R] with Student's interval, ``mean ± t * s / sqrt(R)``.

    One value has no interval, nor has a mean that is NaN.
    """
    values = np.asarray(values, dtype=float)
    mean, half = float(values.mean()), _half_width(values, 1 / len(values))
    return Interval(mean, mean - half, mean + half, len(values))


def geometric_interval(values: np.ndarray) -> Interval:
    """Geometric mean of values [R] with Student's interval of their logarithms.

    All is NaN where a value is not above 0.
    """
    if np.any(np.asarray(values) <= 0):
        return Interval(np.nan, np.nan, np.nan, len(values))
    logs = mean_interval(np.log(values))
    return Interval(*map(float, np.exp([logs.mean, logs.low, logs.high])), logs.replicates)


def share_interval(part: np.ndarray, whole: np.ndarray) -> Interval:
    """Ratio of the means of two arrays [R], paired, with the interval of Fieller (1954).

    It holds every share q for which Student's interval of the mean of ``part - q * whole`` holds
    0. Where the mean of ``whole`` is not told from 0 that set is unbounded, and so is the interval.
    """
    part, whole = np.asarray(part, dtype=float), np.asarray(whole, dtype=float)
    count, means = len(part), np.array([part.mean(), whole.mean()])
    share = float(means[0] / means[1]) if means[1] else np.nan
    if count < 2 or np.isnan(means).any():
        return Interval(share, np.nan, np.nan, count)
    t = _t_quantile(count - 1)
    products = np.outer(means, means) - t**2 / count * np.cov(part, whole)
    square, cross, constant = products[1, 1], products[0, 1], products[0, 0]
    if square <= 0:
        return Interval(share, -np.inf, np.inf, count)
    # The roots of square * q^2 - 2 * cross * q + constant; rounding may take them off the reals.
    spread = np.sqrt(max(cross**2 - square * constant, 0.0))
    return Interval(
        share, float((cross - spread) / square), float((cross + spread) / square), count
    )


def prediction_interval(values: np.ndarray) -> tuple[float, float]:
    """Interval [low, high] in which one further replicate falls with 95 % probability.

    For normal values it is ``mean ± t * s * sqrt(1 + 1 / R)`` with Student's t of R - 1 degrees
    of freedom (Geisser, 1993). Below two replicates it is unbounded.
    """
    values = np.asarray(values, dtype=float)
    if len(values) < 2:
        return -np.inf, np.inf
    half = _half_width(values, 1 + 1 / len(values))
    return float(values.mean()) - half, float(values.mean()) + half


def geometric_prediction_interval(values: np.ndarray) -> tuple[float, float]:
    """`prediction_interval` of positive values [R], by their logarithms."""
    low, high = np.exp(prediction_interval(np.log(values)))
    return float(low), float(high)


def resampled_interval(values: np.ndarray, test_by_train: float) -> Interval:
    """Mean of values [R] of random divisions of one table, corrected by Nadeau and Bengio (2003).

    The divisions overlap, so that their spread tells too little: the variance of the mean is
    ``s^2 * (1 / R + test_by_train)``, with the ratio of the sizes of test and training part. It
    speaks of other tables of this size, where `mean_interval` speaks of this one.
    """
    values = np.asarray(values, dtype=float)
    mean, half = float(values.mean()), _half_width(values, 1 / len(values) + test_by_train)
    return Interval(mean, mean - half, mean + half, len(values))


def _half_width(values: np.ndarray, variances: float) -> float:
    """Student's t times the root of that many variances of the values; NaN below two of them."""
    if len(values) < 2:
        return np.nan
    # Equal values have no spread, but their mean has a rounding error.
    deviation = values.std(ddof=1) if np.ptp(values) else 0.0
    return float(_t_quantile(len(values) - 1) * deviation * np.sqrt(variances))


@cache
def _t_quantile(freedom: int) -> float:
    """Of Student's distribution, for two-sided intervals."""
    return float(stats.t.ppf((1 + CONFIDENCE) / 2, df=freedom))


def probability_of_superiority(a: np.ndarray, b: np.ndarray) -> Interval:
    """P(A beats B), the share of replicates with a > b (Bouthillier et al., 2021).

    Values [R] are paired by replicate, and a tie counts one half. The interval is that of Clopper
    and Pearson (1934), which covers the truth with at least 95 % for any R: three wins of three
    give [0.29, 1].
    """
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    wins = np.where(np.isclose(a, b, rtol=DIGITS, atol=0), 0.5, a > b)
    count, won, tail = len(wins), wins.sum(), (1 - CONFIDENCE) / 2
    low = float(stats.beta.ppf(tail, won, count - won + 1)) if won > 0 else 0.0
    high = float(stats.beta.ppf(1 - tail, won + 1, count - won)) if won < count else 1.0
    return Interval(float(wins.mean()), low, high, count)


def p_value_above(values: np.ndarray, bound: float) -> float:
    """One-sided p-value of the hypothesis that the mean of values [R] is not above the bound.

    It is Student's one-sample t test, NaN below two values, where one is NaN, and for equal
    values, whose variance is unknown.
    """
    values = np.asarray(values, dtype=float)
    if len(values) < 2 or np.allclose(values, values[0], rtol=DIGITS, atol=0):
        return np.nan
    return float(stats.ttest_1samp(values, bound, alternative="greater").pvalue)


def detectable_effect(deviation: float, replicates: int) -> float:
    """Mean that a one-sided t test of so many values tells from 0 with a power of 90 %.

    The test is at the level of one side of a 95 % interval.

    Args:
        deviation: Standard deviation of the values.
        replicates: Their number, at least 2.
    """
    freedom, critical = replicates - 1, _t_quantile(replicates - 1)
    noncentrality = optimize.brentq(
        lambda shift: stats.nct.sf(critical, freedom, shift) - POWER, 0, 2 * critical + 10
    )
    return float(noncentrality * deviation / np.sqrt(replicates))


def replicates_for_power(deviation: float, effect: float) -> int:
    """Number of values, to 2 %, for which `detectable_effect` falls to this effect above 0."""
    count = 2
    while detectable_effect(deviation, count) > effect:
        count += 1 + count // 50
    return count


def holm(p_values: np.ndarray) -> np.ndarray:
    """Adjusted p-values [K] that bound the family-wise error rate (Holm, 1979).

    The i-th smallest of K (i = 0, 1, ...) is multiplied by K - i, then raised to its predecessor
    where it falls below, and cut at 1.
    """
    p_values = np.asarray(p_values, dtype=float)
    order = np.argsort(p_values)
    steps = np.arange(len(p_values), 0, -1)
    adjusted = np.empty_like(p_values)
    adjusted[order] = np.minimum(np.maximum.accumulate(p_values[order] * steps), 1)
    return adjusted
