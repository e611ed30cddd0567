"""From tidy results to means over replicates: draws first, replicates second."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from gradloss.errors import UserError
from gradloss.statistics import Interval, bootstrap_mean

KEYS = ["dataset", "method", "measure", "perturbation", "level"]
DOCUMENT_SIGMA = 0.1  # standard deviation of the noise in the source documents
UNKNOWN = Interval(np.nan, np.nan, np.nan, 0)


def read_metrics(path: Path) -> pd.DataFrame:
    """Read the tidy results.

    Args:
        path: A CSV file with the columns `KEYS`, replicate, draw and value.

    Raises:
        UserError: A column is missing.
        OSError: The file cannot be opened.
    """
    metrics = pd.read_csv(path)
    missing = [name for name in [*KEYS, "replicate", "draw", "value"] if name not in metrics]
    if missing:
        raise UserError(f"{path}: lacks the column '{missing[0]}'; collect the results again")
    return metrics


def replicate_means(metrics: pd.DataFrame) -> pd.DataFrame:
    """Average the draws of each replicate: columns `KEYS`, replicate, value.

    Draws share a replicate's model and test part, so only replicates are independent.
    """
    return metrics.groupby([*KEYS, "replicate"], as_index=False)["value"].mean()


def noise_sweep(metrics: pd.DataFrame, dataset: str, measure: str) -> pd.DataFrame:
    """Replicate means of one measure, clean and under Gaussian noise; see `perturbation_sweep`."""
    return perturbation_sweep(metrics, dataset, measure, "gaussian")


def perturbation_sweep(
    metrics: pd.DataFrame, dataset: str, measure: str, perturbation: str, clean: str = "none"
) -> pd.DataFrame:
    """Replicate means of one measure, clean (level 0) and under one perturbation.

    Args:
        metrics: Tidy results.
        dataset: Name of the dataset.
        measure: Name of the measure.
        perturbation: Name of the perturbation.
        clean: Perturbation that holds level 0, such as "subset" where a part is attacked.

    Returns:
        Columns method, level, replicate, value, sorted.

    Raises:
        UserError: The results hold no such row.
    """
    means = replicate_means(metrics.query("dataset == @dataset and measure == @measure"))
    means = means[means["perturbation"].isin([clean, perturbation])]
    if means.empty:
        raise UserError(f"the results hold no '{measure}' of '{dataset}'; evaluate it first")
    columns = ["method", "level", "replicate"]
    return means[[*columns, "value"]].sort_values(columns, ignore_index=True)


def values_of(
    means: pd.DataFrame,
    dataset: str,
    method: str,
    measure: str,
    perturbation: str = "none",
    level: float = 0.0,
) -> pd.Series:
    """Values of one quantity, indexed by replicate; empty where the results hold none.

    Args:
        means: As `replicate_means` gives them.
        dataset: Name of the dataset.
        method: Name of the method.
        measure: Name of the measure.
        perturbation: Name of the perturbation.
        level: Of the perturbation.
    """
    keys = zip(KEYS, (dataset, method, measure, perturbation, level), strict=True)
    selected = np.logical_and.reduce([means[key] == value for key, value in keys])
    return means[selected].set_index("replicate")["value"]


def levels_of(metrics: pd.DataFrame, dataset: str, perturbation: str) -> list[float]:
    """Levels at which a dataset was evaluated under a perturbation, in ascending order."""
    rows = metrics.query("dataset == @dataset and perturbation == @perturbation")
    return sorted(rows["level"].unique())


def ablation_methods(settings: Mapping, known: Iterable[str]) -> list[str]:
    """Reference, main methods and arms, as far as the results know them: the rows of an ablation.

    Args:
        settings: `methods` of the dataset, in the configuration's order; `arms` and `reference`
            of the ablation.
        known: Methods of the results.
    """
    found, reference = set(known), settings["reference"]
    ordered = sorted(
        settings["methods"], key=lambda name: (name != reference, name in settings["arms"])
    )
    return [name for name in ordered if name in found]


def estimate(values: pd.Series) -> Interval:
    """Mean of one quantity with its 95 % bootstrap interval; all NaN where there is no value."""
    return bootstrap_mean(values.to_numpy()) if len(values) else UNKNOWN


def intervals(means: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Mean over replicates with its 95 % bootstrap interval, for each group.

    Args:
        means: One row per group and replicate, with a column value.
        by: Columns that make a group.

    Returns:
        Columns ``by``, mean, low, high, replicates; low and high are NaN for one replicate.
    """
    rows = [(*key, bootstrap_mean(group.to_numpy())) for key, group in means.groupby(by)["value"]]
    fields = ["mean", "low", "high", "replicates"]
    values = [(*key, *(getattr(interval, field) for field in fields)) for *key, interval in rows]
    return pd.DataFrame(values, columns=[*by, *fields])


def paired(first: pd.Series, second: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Values of the replicates that two series, indexed by replicate, have in common."""
    joined = pd.concat([first, second], axis=1, join="inner")
    return joined.iloc[:, 0].to_numpy(), joined.iloc[:, 1].to_numpy()


def paired_difference(first: np.ndarray, second: np.ndarray) -> Interval:
    """Mean of first - second, both [R] and paired, with its 95 % bootstrap interval."""
    return bootstrap_mean(first - second)


def paired_ratio(first: np.ndarray, second: np.ndarray) -> Interval:
    """Mean of first / second, both [R] and paired, with its 95 % bootstrap interval."""
    return bootstrap_mean(first / second)


def compare(
    first: pd.Series, second: pd.Series, rule: Callable[[np.ndarray, np.ndarray], Interval]
) -> Interval:
    """A paired comparison of two quantities; all NaN where they have no replicate in common.

    Args:
        first: Values, indexed by replicate.
        second: Values, indexed by replicate.
        rule: Such as `paired_difference`, of the values of the common replicates.
    """
    pairs = paired(first, second)
    return rule(*pairs) if len(pairs[0]) else UNKNOWN


def training_costs(timings: pd.DataFrame) -> pd.DataFrame:
    """Cost of training each method on each dataset, over all of its jobs.

    Args:
        timings: One row per job: dataset, method, seconds (of the job), steps (of one replicate),
            stacked (replicates of the job), device.

    Returns:
        Columns dataset, method, seconds (per replicate), steps (of one replicate), milliseconds
        (per step of one replicate), device.
    """
    work = timings.assign(replicate_steps=timings["steps"] * timings["stacked"])
    totals = work.groupby(["dataset", "method"], as_index=False).agg(
        seconds=("seconds", "sum"),
        stacked=("stacked", "sum"),
        replicate_steps=("replicate_steps", "sum"),
        steps=("steps", "max"),
        device=("device", lambda devices: ", ".join(sorted(set(devices)))),
    )
    return totals.assign(
        milliseconds=1000 * totals["seconds"] / totals["replicate_steps"],
        seconds=totals["seconds"] / totals["stacked"],
    )[["dataset", "method", "seconds", "steps", "milliseconds", "device"]]
