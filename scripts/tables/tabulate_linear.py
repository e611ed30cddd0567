"""Tabulate the weights and predictions of every variant of the linear regression."""

import pandas as pd

from gradloss.analysis.summaries import intervals, read_metrics, replicate_means
from gradloss.analysis.words import words
from gradloss.support.command import run
from gradloss.support.product_options import parse_options
from gradloss.tables.latex import booktabs, brackets, decimal, escape, title, write_text

WEIGHTS = {"slope": "slope", "intercept": "intercept"}


def tabulate(metrics: pd.DataFrame, labels: dict[str, str]) -> str:
    """A tabular with a row per variant: weights with intervals, and mean predictions.

    Args:
        metrics: Tidy results.
        labels: Of the datasets with a linear regression; several have titles.
    """
    names = sorted(metrics["measure"].unique())
    probes = {name: rf"$f({name.split('_')[1]})$" for name in names if "prediction" in name}
    header = ["variant", "$n$", *WEIGHTS.values(), *probes.values()]
    groups = []
    for dataset, label in labels.items():
        heading = [[title(escape(label), len(header))]] if len(labels) > 1 else []
        groups.append(heading + _rows(metrics[metrics["dataset"] == dataset], list(probes)))
    columns = f"{{tabular}}{{@{{}}lrll{'r' * len(probes)}@{{}}}}"
    return booktabs(columns, header, groups, r"\footnotesize")


def _rows(metrics: pd.DataFrame, probes: list[str]) -> list[list[str]]:
    summary = intervals(replicate_means(metrics), ["method", "measure"])
    summary = summary.set_index(["method", "measure"])
    fits = [name for name in summary.index.unique("method") if (name, "slope") in summary.index]
    rows = []
    for method in fits:
        own = summary.loc[method].reindex([*WEIGHTS, *probes])
        means = [decimal(mean) for mean in own["mean"]]
        for place, measure in enumerate(WEIGHTS):
            interval = brackets(own.loc[measure, "low"], own.loc[measure, "high"], decimal)
            means[place] += f" {interval}" if interval else ""
        rows.append([escape(words(method)), f"{own['replicates'].iloc[0]:.0f}", *means])
    return rows


def main() -> None:
    """Read the command line, tabulate and save."""
    arguments = parse_options(__doc__, "metrics", "labels", "output")
    text = tabulate(read_metrics(arguments.metrics), arguments.labels)
    write_text(arguments.output, text)


if __name__ == "__main__":
    run(main)
