"""Tabulate the weights and predictions of every variant of the linear regression."""

import pandas as pd

from gradloss.command import run
from gradloss.latex import booktabs, brackets, decimal, escape, write_text
from gradloss.options import parse_options
from gradloss.style import words
from gradloss.summaries import intervals, read_metrics, replicate_means

WEIGHTS = {"slope": "slope", "intercept": "intercept"}


def tabulate(metrics: pd.DataFrame, dataset: str) -> str:
    """A tabular with a row per variant: weights with intervals, and mean predictions.

    Args:
        metrics: Tidy results.
        dataset: Name of the dataset of the linear regression.
    """
    summary = intervals(
        replicate_means(metrics.query("dataset == @dataset")), ["method", "measure"]
    ).set_index(["method", "measure"])
    names = summary.index.unique("measure")
    probes = {name: rf"$f({name.split('_')[1]})$" for name in names if "prediction" in name}
    fits = [name for name in summary.index.unique("method") if (name, "slope") in summary.index]
    rows = []
    for method in fits:
        own = summary.loc[method].reindex([*WEIGHTS, *probes])
        means = [decimal(mean) for mean in own["mean"]]
        for place, measure in enumerate(WEIGHTS):
            interval = brackets(own.loc[measure, "low"], own.loc[measure, "high"], decimal)
            means[place] += f" {interval}" if interval else ""
        rows.append([escape(words(method)), f"{own['replicates'].iloc[0]:.0f}", *means])
    header = ["variant", "$n$", *WEIGHTS.values(), *probes.values()]
    columns = f"{{tabular}}{{@{{}}lrll{'r' * len(probes)}@{{}}}}"
    return booktabs(columns, header, [rows], r"\footnotesize")


def main() -> None:
    """Read the command line, tabulate and save."""
    arguments = parse_options(__doc__, "metrics", "dataset", "output")
    text = tabulate(read_metrics(arguments.metrics), arguments.dataset)
    write_text(arguments.output, text)


if __name__ == "__main__":
    run(main)
