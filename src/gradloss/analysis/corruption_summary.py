"""What figure and table of the corruptions show: their rows, in order and by name."""

import pandas as pd

from gradloss.analysis.summaries import replicate_means
from gradloss.analysis.words import words
from gradloss.support.errors import UserError

PREFIX = "corruption_"
NAMES = {"none": "clean", "mean": "mean of these"}  # of kinds that are no identifiers


def corruption_means(metrics: pd.DataFrame, dataset: str, methods: list[str]) -> pd.DataFrame:
    """Accuracy of each replicate on clean images, under every corruption, and its mean over them.

    Args:
        metrics: Tidy results.
        dataset: Name of the dataset.
        methods: Which to take.

    Returns:
        Columns kind, method, replicate, measure, value; the first kind is "none", the last one
        "mean", and between them they fall in the accuracy, averaged over methods.

    Raises:
        UserError: The dataset was not evaluated on corrupted images.
    """
    rows = replicate_means(
        metrics.query("dataset == @dataset and measure == 'accuracy' and method in @methods")
    )
    rows = rows.assign(kind=rows["perturbation"].str.removeprefix(PREFIX))
    rows = rows[(rows["kind"] == "none") | rows["perturbation"].str.startswith(PREFIX)]
    if set(rows["kind"]) <= {"none"}:
        raise UserError(f"the results hold no corruption of '{dataset}'; evaluate it first")
    means = rows.groupby(["kind", "method"])["value"].mean().groupby("kind").mean()
    kinds = means.drop(["none", "mean"]).sort_values(ascending=False).index
    order = {kind: place for place, kind in enumerate(["none", *kinds, "mean"])}
    rows = rows.sort_values("kind", key=lambda kind: kind.map(order), kind="stable")
    return rows[["kind", "method", "replicate", "measure", "value"]].reset_index(drop=True)


def name_of(kind: str) -> str:
    """A kind of `corruption_means` in words."""
    return NAMES.get(kind, words(kind))
