"""Means over replicates with their uncertainty, and tests of paired comparisons."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

CONFIDENCE = 0.95
RESAMPLES = 9999
DIGITS = 1e-9  # relative; the results hold nine significant digits


@dataclass(frozen=True)
class Interval:
    """A mean over replicates, with a confidence interval that is NaN where there is none."""

    mean: float
    low: float
    high: float
    replicates: int


def bootstrap_mean(values: np.ndarray) -> Interval:
    """Mean of values [R] with its 95 % percentile bootstrap interval (Efron, 1979).

    The resamples come from a fixed seed, so that equal values give equal intervals. One value
    has no interval, nor has a mean that is NaN.
    """
    values = np.asarray(values, dtype=float)
    mean = float(values.mean())
    if len(values) < 2 or np.isnan(mean):
        return Interval(mean, np.nan, np.nan, len(values))
    if np.ptp(values) == 0:
        return Interval(mean, mean, mean, len(values))
    result = stats.bootstrap(
        (values,),
        np.mean,
        n_resamples=RESAMPLES,
        confidence_level=CONFIDENCE,
        method="percentile",
        rng=np.random.default_rng(0),
    ).confidence_interval
    return Interval(mean, float(result.low), float(result.high), len(values))


def prediction_interval(values: np.ndarray) -> tuple[float, float]:
    """Interval [low, high] in which one further replicate falls with 95 % probability.

    For normal values it is ``mean ± t * s * sqrt(1 + 1 / R)`` with Student's t of R - 1 degrees
    of freedom (Geisser, 1993). Below two replicates it is unbounded.
    """
    values = np.asarray(values, dtype=float)
    count = len(values)
    if count < 2:
        return -np.inf, np.inf
    quantile = stats.t.ppf((1 + CONFIDENCE) / 2, df=count - 1)
    half = float(quantile * values.std(ddof=1) * np.sqrt(1 + 1 / count))
    return float(values.mean()) - half, float(values.mean()) + half


def probability_of_superiority(a: np.ndarray, b: np.ndarray) -> Interval:
    """P(A beats B), the share of replicates with a > b, with its 95 % interval.

    Values [R] are paired by replicate, and a tie counts one half. The interval is the percentile
    bootstrap over replicates (Bouthillier et al., 2021, arXiv 2103.03098). Where all replicates
    agree that bootstrap has no width, however few they are; there the interval of Clopper and
    Pearson (1934) takes its place, which covers the truth with at least 95 % for any R: three
    wins of three give [0.29, 1].
    """
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    wins = np.where(np.isclose(a, b, rtol=DIGITS, atol=0), 0.5, a > b)
    if np.ptp(wins) > 0:
        return bootstrap_mean(wins)
    count, won, tail = len(wins), wins.sum(), (1 - CONFIDENCE) / 2
    low = float(stats.beta.ppf(tail, won, count - won + 1)) if won > 0 else 0.0
    high = float(stats.beta.ppf(1 - tail, won + 1, count - won)) if won < count else 1.0
    return Interval(float(wins.mean()), low, high, count)


def p_value_above(values: np.ndarray, bound: float) -> float:
    """One-sided p-value of the hypothesis that the mean of values [R] is not above the bound.

    It is Student's one-sample t test, NaN below two values or where one is NaN. Equal values have
    no variance, from which t would conclude certainty; they get the sign test's 2**-R if they are
    above the bound, and 1 otherwise.
    """
    values = np.asarray(values, dtype=float)
    if len(values) < 2:
        return np.nan
    if np.allclose(values, values[0], rtol=DIGITS, atol=0):
        return 0.5 ** len(values) if values[0] > bound else 1.0
    return float(stats.ttest_1samp(values, bound, alternative="greater").pvalue)


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
