"""Means over replicates with their uncertainty."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

CONFIDENCE = 0.95
RESAMPLES = 9999


@dataclass(frozen=True)
class Interval:
    """A mean over replicates, with a confidence interval that is NaN below two replicates."""

    mean: float
    low: float
    high: float
    replicates: int


def bootstrap_mean(values: np.ndarray) -> Interval:
    """Mean of values [R] with its 95 % percentile bootstrap interval (Efron, 1979).

    The resamples come from a fixed seed, so that equal values give equal intervals.
    """
    values = np.asarray(values, dtype=float)
    mean = float(values.mean())
    if len(values) < 2:
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
