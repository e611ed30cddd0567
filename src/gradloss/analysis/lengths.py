"""Methods that were trained for several lengths, measured against their optimiser steps."""

from collections.abc import Mapping, Sequence

import pandas as pd

from gradloss.analysis.summaries import noise_sweep, training_costs


def length_sweep(
    metrics: pd.DataFrame,
    timings: pd.DataFrame,
    dataset: str,
    measure: str,
    lengths: Mapping[str, Sequence[str]],
) -> pd.DataFrame:
    """Replicate means of one measure, clean and under Gaussian noise, of every length.

    Args:
        metrics: Tidy results.
        timings: One row per training job, see `summaries.training_costs`.
        dataset: Name of the dataset.
        measure: Name of the measure.
        lengths: For each method the names of its shorter and longer trainings.

    Returns:
        Columns method (that of `lengths`), training (its own name), steps, level, replicate,
        measure and value, sorted by method, steps, level and replicate.
    """
    method_of = {name: method for method in lengths for name in (method, *lengths[method])}
    steps = training_costs(timings).query("dataset == @dataset").set_index("method")["steps"]
    sweep = noise_sweep(metrics, dataset, measure).rename(columns={"method": "training"})
    sweep = sweep[sweep["training"].isin(list(method_of))]
    sweep = sweep.assign(
        method=sweep["training"].map(method_of), steps=sweep["training"].map(steps)
    )
    return sweep.sort_values(["method", "steps", "level", "replicate"], ignore_index=True)
