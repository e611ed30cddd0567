"""From tidy results to means over replicates: draws first, replicates second."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from gradloss.analysis.statistics import UNKNOWN, Interval, geometric_interval, mean_interval
from gradloss.support.errors import UserError
from gradloss.support.results import METRIC_KEYS, join_tables, metric_rows

KEYS = ["dataset", "method", "measure", "perturbation", "level"]
DOCUMENT_SIGMA = 0.1  # standard deviation of the noise in the source documents


def is_error(quantity: str) -> bool:
    """Whether a measure, or a quantity as `claims.quantity_name` names it, is an error or a loss.

    Errors are positive and skewed: their means are geometric, with intervals of the logarithm.
    """
    return quantity.partition("@")[0].endswith(("mse", "loss"))


def read_metrics(paths: Sequence[Path]) -> pd.DataFrame:
    """Read tidy results, whole or in parts.

    Args:
        paths: CSV files with the columns `results.METRIC_KEYS` and value. Where a configuration
            has nothing of what is asked for, there is none, and no row.

    Raises:
        UserError: A column is missing.
        OSError: A file cannot be opened.
    """
    return join_tables(map(_read_table, paths)) if paths else metric_rows("", "", [])


def _read_table(path: Path) -> pd.DataFrame:
    table = pd.read_csv(path)
    missing = [name for name in [*METRIC_KEYS, "value"] if name not in table]
    if missing:
        raise UserError(f"{path}: lacks the column '{missing[0]}'; collect the results again")
    return table


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
        Columns method, level, replicate, measure, value, sorted.

    Raises:
        UserError: The results hold no such row.
    """
    means = replicate_means(metrics.query("dataset == @dataset and measure == @measure"))
    means = means[means["perturbation"].isin([clean, perturbation])]
    if means.empty:
        raise UserError(f"the results hold no '{measure}' of '{dataset}'; evaluate it first")
    columns = ["method", "level", "replicate"]
    return means[[*columns, "measure", "value"]].sort_values(columns, ignore_index=True)


def values_of(
    means: pd.DataFrame,
    dataset: str,
    method: str,
    measure: str,
    perturbation: str = "none",
    level: float = 0.0,
) -> pd.Series:
    """Values of one quantity, named by its measure and indexed by replicate; maybe empty.

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
    return means[selected].set_index("replicate")["value"].rename(measure)


def levels_of(metrics: pd.DataFrame, dataset: str, perturbation: str) -> list[float]:
    """Levels at which a dataset was evaluated under a perturbation, in ascending order."""
    rows = metrics.query("dataset == @dataset and perturbation == @perturbation")
    return sorted(rows["level"].unique())


def main_methods(settings: Mapping) -> list[str]:
    """A dataset's methods without the arms of the ablation, in the configuration's order.

    Args:
        settings: `methods` of the dataset, and `arms` by name.
    """
    return [name for name in settings["methods"] if name not in settings["arms"]]


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
    """Mean of one quantity with its 95 % interval; all NaN where there is no value.

    Args:
        values: Of the replicates, named by the measure or quantity: see `is_error`. A loss that
            takes both signs, as HKR's, is averaged as it is.
    """
    if values.empty:
        return UNKNOWN
    positive = (values > 0).all()
    interval = geometric_interval if is_error(str(values.name)) and positive else mean_interval
    return interval(values.to_numpy())


def intervals(means: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Mean over replicates with its 95 % interval, for each group; see `estimate`.

    Args:
        means: One row per group and replicate, with the columns measure and value.
        by: Columns that make a group of one measure.

    Returns:
        Columns ``by``, mean, low, high, replicates; low and high are NaN for one replicate.
    """
    fields = ["mean", "low", "high", "replicates"]
    rows = []
    for key, group in means.groupby(by):
        interval = estimate(group["value"].rename(group["measure"].iloc[0]))
        rows.append((*key, *(getattr(interval, field) for field in fields)))
    return pd.DataFrame(rows, columns=[*by, *fields])


def paired(first: pd.Series, second: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Values of the replicates that two series, indexed by replicate, have in common."""
    joined = pd.concat([first, second], axis=1, join="inner")
    return joined.iloc[:, 0].to_numpy(), joined.iloc[:, 1].to_numpy()


def paired_difference(first: np.ndarray, second: np.ndarray) -> Interval:
    """Mean of first - second, both [R] and paired, with its 95 % interval."""
    return mean_interval(first - second)


def paired_ratio(first: np.ndarray, second: np.ndarray) -> Interval:
    """Geometric mean of first / second, both [R] and paired, with its 95 % interval."""
    return geometric_interval(first / second)


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


def read_timings(paths: Sequence[Path]) -> pd.DataFrame:
    """Read what training jobs cost, whole or in parts: columns as for `training_costs`."""
    return join_tables(map(pd.read_csv, paths))


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


def compared_methods(metrics: pd.DataFrame, dataset: str, settings: Mapping) -> list[str]:
    """Main methods of a dataset and, after them, arms, as far as the results know them.

    Args:
        metrics: Tidy results.
        dataset: Name of the dataset.
        settings: `methods` to compare, in the configuration's order; which are `arms` of the
            ablation.
    """
    known = set(metrics.query("dataset == @dataset")["method"])
    ordered = sorted(settings["methods"], key=lambda name: name in settings["arms"])
    return [name for name in ordered if name in known]
