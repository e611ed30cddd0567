"""Tabulate what each length of training reaches, beside the usual length of the same method."""

import pandas as pd

from gradloss.analysis.lengths import length_sweep
from gradloss.analysis.summaries import (
    DOCUMENT_SIGMA,
    compare,
    estimate,
    paired_difference,
    paired_ratio,
    read_metrics,
    read_timings,
)
from gradloss.analysis.words import measure_of
from gradloss.support.command import run
from gradloss.support.product_options import parse_options
from gradloss.tables.latex import (
    MISSING,
    booktabs,
    decimal,
    escape,
    stacked,
    two_decimals,
    write_text,
)


def tabulate(sweep: pd.DataFrame, settings: dict) -> str:
    """A tabular with a group of rows per method and a row per length.

    Under noise each length is compared with the usual one: by the paired ratio of the error or
    the paired difference of the accuracy.

    Args:
        sweep: As `lengths.length_sweep` gives it.
        settings: `task` of the dataset; `labels` of its methods; `lengths`, the shorter and
            longer trainings of each method that has some.
    """
    regression = settings["task"] == "regression"
    rule, form = (paired_ratio, two_decimals) if regression else (paired_difference, decimal)
    noisy = rf"$\sigma = {DOCUMENT_SIGMA:g}$"
    header = ["", "steps", "$n$", "clean", noisy, "ratio" if regression else "difference"]
    groups = []
    for method in settings["lengths"]:
        own = sweep[sweep["method"] == method]
        usual = _values(own, method, DOCUMENT_SIGMA)
        rows = []
        for (steps, training), _ in own.groupby(["steps", "training"]):
            clean, errors = (_values(own, training, level) for level in (0.0, DOCUMENT_SIGMA))
            other = MISSING if training == method else stacked(compare(errors, usual, rule), form)
            cells = [stacked(estimate(values), decimal) for values in (clean, errors)]
            rows.append(["", str(int(steps)), str(len(clean)), *cells, other])
        if rows:
            rows[0][0] = escape(settings["labels"][method])
        groups.append(rows)
    return booktabs("{tabular}{@{}lrrrrr@{}}", header, groups, r"\footnotesize")


def _values(sweep: pd.DataFrame, training: str, level: float) -> pd.Series:
    chosen = sweep[(sweep["training"] == training) & (sweep["level"] == level)]
    return chosen.set_index("replicate")["value"].rename(sweep["measure"].iloc[0])


def main() -> None:
    """Read the command line, tabulate and save."""
    arguments = parse_options(__doc__, "metrics", "timings", "dataset", "settings", "output")
    settings = arguments.settings
    measure, _ = measure_of(settings["task"])
    metrics, timings = read_metrics(arguments.metrics), read_timings(arguments.timings)
    sweep = length_sweep(metrics, timings, arguments.dataset, measure, settings["lengths"])
    write_text(arguments.output, tabulate(sweep, settings))


if __name__ == "__main__":
    run(main)
