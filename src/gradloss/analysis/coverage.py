"""How often 95 % intervals hold what they estimate, by simulation.

Each kind of value that the study estimates is drawn many times, and the intervals that it could
have are compared: those of `statistics` and the ones that stand in their place elsewhere.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy import stats

from gradloss.analysis.statistics import (
    CONFIDENCE,
    Interval,
    geometric_interval,
    mean_interval,
    probability_of_superiority,
    share_interval,
)
from gradloss.support.seeds import derive_seed

COUNTS = (3, 5, 10, 20)  # of replicates
COLUMNS = ["values", "interval", "replicates", "coverage"]
RESAMPLES = 999
SPREAD = 0.7  # standard deviation of the logarithm of an error
SHARE = 0.5
CHANCE = 0.8

Draw = Callable[[np.random.Generator, int], tuple[np.ndarray, ...]]


def percentile_bootstrap(values: np.ndarray) -> Interval:
    """Mean of values [R] with its percentile bootstrap interval (Efron, 1979)."""
    generator = np.random.default_rng(0)
    means = values[generator.integers(len(values), size=(RESAMPLES, len(values)))].mean(axis=1)
    low, high = np.quantile(means, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Interval(float(values.mean()), float(low), float(high), len(values))


def fixed_denominator(part: np.ndarray, whole: np.ndarray) -> Interval:
    """Ratio of two means with Student's interval of the first over the second as it is."""
    return mean_interval(part / whole.mean())


def normal(generator: np.random.Generator, count: int) -> tuple[np.ndarray, ...]:
    """Values that are normal, around 0."""
    return (generator.normal(size=count),)


def error(generator: np.random.Generator, count: int) -> tuple[np.ndarray, ...]:
    """Values that are log-normal, of median 1."""
    return (np.exp(generator.normal(0, SPREAD, count)),)


def accuracy(generator: np.random.Generator, count: int) -> tuple[np.ndarray, ...]:
    """Accuracies near 0.98 on 10,000 images, of networks whose log odds of an error vary."""
    odds = np.exp(generator.normal(np.log(0.02 / 0.98), 0.1, count))
    return (1 - generator.binomial(10_000, odds / (1 + odds)) / 10_000,)


def gain_and_gap(generator: np.random.Generator, count: int) -> tuple[np.ndarray, ...]:
    """Gains and gaps in pairs, the mean gain being `SHARE` of the mean gap of 1."""
    gap = generator.normal(1, 0.2, count)
    return SHARE * gap + generator.normal(0, 0.1, count), gap


def contest(generator: np.random.Generator, count: int) -> tuple[np.ndarray, ...]:
    """Values in pairs of which the first is the larger with the probability `CHANCE`."""
    return generator.normal(stats.norm.ppf(CHANCE), 1, count), np.zeros(count)


def mean_accuracy() -> float:
    """What `accuracy` draws on average."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(40)
    odds = np.exp(np.log(0.02 / 0.98) + 0.1 * nodes)
    return float(1 - np.average(odds / (1 + odds), weights=weights))


# Kind of values, what draws them, and for each interval the truth that it should hold.
CASES: dict[str, tuple[Draw, dict[Callable[..., Interval], float]]] = {
    "normal": (normal, {percentile_bootstrap: 0.0, mean_interval: 0.0}),
    "errors": (
        error,
        {
            percentile_bootstrap: np.exp(SPREAD**2 / 2),
            mean_interval: np.exp(SPREAD**2 / 2),
            geometric_interval: 1.0,
        },
    ),
    "accuracies": (
        accuracy,
        {percentile_bootstrap: mean_accuracy(), mean_interval: mean_accuracy()},
    ),
    "shares": (gain_and_gap, {fixed_denominator: SHARE, share_interval: SHARE}),
    "superiority": (contest, {probability_of_superiority: CHANCE}),
}


def simulate(simulations: int, seed: int) -> pd.DataFrame:
    """Coverage of every interval of `CASES` at every number of replicates.

    Args:
        simulations: Number of studies of each kind and size.
        seed: Root of the draws.

    Returns:
        `COLUMNS`; the interval is named by its function.
    """
    rows = []
    for values, (draw, truths) in CASES.items():
        for count in COUNTS:
            purpose = f"coverage at {count} replicates"
            generator = np.random.default_rng(derive_seed(seed, values, 0, purpose))
            studies = [draw(generator, count) for _ in range(simulations)]
            for interval, truth in truths.items():
                found = [interval(*study) for study in studies]
                inside = np.mean([each.low <= truth <= each.high for each in found])
                rows.append((values, interval.__name__, count, float(inside)))
    return pd.DataFrame(rows, columns=COLUMNS)
