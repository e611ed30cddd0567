"""Tabulate the test measure of every method, clean and under noise."""

from collections import Counter

import pandas as pd

from gradloss.analysis.summaries import intervals, noise_sweep, read_metrics
from gradloss.analysis.words import measure_of
from gradloss.configuration.runs import is_main
from gradloss.support.command import run
from gradloss.support.product_options import parse_options
from gradloss.tables.latex import MISSING, booktabs, brackets, decimal, escape, write_text


def usual_sigmas(settings: dict) -> list[float]:
    """Noise levels at which more than half of the datasets are evaluated, in ascending order."""
    grids = [dataset["noise"]["gaussian"] for dataset in settings["datasets"].values()]
    counts = Counter(level for grid in grids for level in grid)
    return sorted(level for level, count in counts.items() if 2 * count > len(grids))


def tabulate(metrics: pd.DataFrame, settings: dict) -> str:
    """A tabular with means over replicates and, below each, its 95 % interval.

    Args:
        metrics: Tidy results.
        settings: `datasets` with label, task and noise, `methods` with label; those with
            `changes`, the ablation's arms, have a table of their own.
    """
    levels = [0.0, *usual_sigmas(settings)]
    header = ["", "$n$", "clean", *(rf"$\sigma = {level:g}$" for level in levels[1:])]
    groups = []
    for dataset, entry in settings["datasets"].items():
        measure, _ = measure_of(entry["task"])
        summary = intervals(noise_sweep(metrics, dataset, measure), ["method", "level"])
        title = f"{entry['label']}, {'MSE' if measure == 'mse' else measure}"
        rows = [[rf"\multicolumn{{{len(header)}}}{{@{{}}l}}{{\itshape {escape(title)}}}"]]
        for method, recipe in settings["methods"].items():
            own = summary[summary["method"] == method].set_index("level")
            if len(own) and is_main(recipe):
                rows += _rows(escape(recipe["label"]), own, levels)
        groups.append(rows)
    columns = f"{{tabular}}{{@{{}}lr{'r' * len(levels)}@{{}}}}"
    return booktabs(columns, header, groups, r"\footnotesize")


def _rows(label: str, summary: pd.DataFrame, levels: list[float]) -> list[list[str]]:
    known = [summary.loc[level] if level in summary.index else None for level in levels]
    means = [MISSING if row is None else decimal(row["mean"]) for row in known]
    bounds = ["" if row is None else brackets(row["low"], row["high"], decimal) for row in known]
    rows = [[label, str(summary["replicates"].iloc[0]), *means]]
    return [*rows, ["", "", *(rf"{{\scriptsize {text}}}" for text in bounds)]]


def main() -> None:
    """Read the command line, tabulate and save."""
    arguments = parse_options(__doc__, "metrics", "settings", "output")
    settings = arguments.settings
    noisy = {name: entry for name, entry in settings["datasets"].items() if "noise" in entry}
    text = tabulate(read_metrics(arguments.metrics), {**settings, "datasets": noisy})
    write_text(arguments.output, text)


if __name__ == "__main__":
    run(main)
