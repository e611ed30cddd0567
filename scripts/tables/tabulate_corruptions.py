"""Tabulate the accuracy of every method under every kind of corruption."""

import pandas as pd

from gradloss.analysis.corruption_summary import NAMES, corruption_means, name_of
from gradloss.analysis.statistics import Interval
from gradloss.analysis.summaries import UNKNOWN, compared_methods, estimate, read_metrics
from gradloss.support.command import run
from gradloss.support.product_options import parse_options
from gradloss.tables.latex import (
    MISSING,
    Row,
    booktabs,
    escape,
    stacked,
    three_decimals,
    title,
    two_lines,
    write_text,
)


def tabulate(metrics: pd.DataFrame, settings: dict) -> str:
    """A tabular with a group of rows per dataset: clean, every kind, and their mean.

    Args:
        metrics: Tidy results.
        settings: By dataset its `label`, `methods`, `labels` of these and `arms` of the ablation.
    """
    compared = {name: compared_methods(metrics, name, entry) for name, entry in settings.items()}
    methods = list(dict.fromkeys(method for names in compared.values() for method in names))
    labels = {name: label for entry in settings.values() for name, label in entry["labels"].items()}
    groups = [
        _group(corruption_means(metrics, name, compared[name]), methods, entry["label"])
        for name, entry in settings.items()
    ]
    header = ["", *(_heading(labels[method]) for method in methods)]
    columns = f"{{tabular}}{{@{{}}l{'r' * len(methods)}@{{}}}}"
    return booktabs(columns, header, groups, r"\footnotesize")


def _heading(label: str) -> str:
    """A label in two lines, parted at the space that is nearest to its middle."""
    spaces = [place for place, letter in enumerate(label) if letter == " "]
    if not spaces:
        return escape(label)
    middle = min(spaces, key=lambda place: abs(place - len(label) / 2))
    return two_lines(escape(label[:middle]), escape(label[middle + 1 :]))


def _group(means: pd.DataFrame, methods: list[str], label: str) -> list[Row]:
    estimates = {
        key: estimate(values) for key, values in means.groupby(["kind", "method"])["value"]
    }
    counts = [estimates.get(("none", method), UNKNOWN).replicates for method in methods]
    rows = [[title(f"{escape(label)}, $n$"), *(str(count or MISSING) for count in counts)]]
    for kind in dict.fromkeys(means["kind"]):
        found = [estimates.get((kind, method), UNKNOWN) for method in methods]
        rows.append([name_of(kind), *(_cell(one, with_interval=kind in NAMES) for one in found)])
    return rows


def _cell(interval: Interval, with_interval: bool) -> str:
    return stacked(interval, three_decimals) if with_interval else three_decimals(interval.mean)


def main() -> None:
    """Read the command line, tabulate and save."""
    arguments = parse_options(__doc__, "metrics", "settings", "output")
    write_text(arguments.output, tabulate(read_metrics(arguments.metrics), arguments.settings))


if __name__ == "__main__":
    run(main)
