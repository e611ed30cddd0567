"""Tabulate what scaling without a leak, and the scale of the loss, change for a regression."""

import pandas as pd

from gradloss.analysis.summaries import (
    DOCUMENT_SIGMA,
    compare,
    estimate,
    paired_difference,
    read_metrics,
    replicate_means,
    values_of,
)
from gradloss.analysis.words import measure_of
from gradloss.configuration.runs import is_main
from gradloss.support.command import run
from gradloss.support.product_options import parse_options
from gradloss.tables.latex import Row, booktabs, decimal, escape, stacked, title, write_text

CONDITIONS = {
    "clean": ("none", 0.0),
    rf"$\sigma = {DOCUMENT_SIGMA:g}$": ("gaussian", DOCUMENT_SIGMA),
}
# The loss of the batch mean is B^2 times smaller than that of each example, so that the epsilon of
# Adam weighs more.
SCALES = ("gradient", "gradient_per_example")
Run = tuple[str, str]  # dataset, method


def tabulate(metrics: pd.DataFrame, settings: dict) -> str:
    """A tabular of two kinds of groups: scaling with and without a leak, and both loss scales.

    Differences are of the same replicates, which share their splits.

    Args:
        metrics: Tidy results.
        settings: `datasets` with label, task and methods; `methods` with label and, for arms of
            the ablation, changes; `leak_free`, datasets to those that they are without the leak.
    """
    datasets, methods = settings["datasets"], settings["methods"]
    means, groups = replicate_means(metrics), []
    for name, source in settings["leak_free"].items():
        main = [method for method in datasets[name]["methods"] if is_main(methods[method])]
        pairs = {methods[m]["label"]: ((source, m), (name, m)) for m in main}
        heading = f"{datasets[source]['label']}: inputs scaled by the range of"
        sides = ("all rows", "training rows")
        groups.append(_group(means, datasets[name]["task"], heading, sides, pairs))
    for name, entry in datasets.items():
        if set(SCALES) <= set(entry["methods"]):
            pairs = {methods[SCALES[0]]["label"]: tuple((name, method) for method in SCALES)}
            heading = f"{entry['label']}: loss of"
            sides = ("batch mean", "each example")
            groups.append(_group(means, entry["task"], heading, sides, pairs))
    spans = [rf"\multicolumn{{3}}{{c}}{{{condition}}}" for condition in CONDITIONS]
    columns = f"{{tabular}}{{@{{}}lr{'rrr' * len(CONDITIONS)}@{{}}}}"
    return booktabs(columns, ["", "$n$", *spans], groups, r"\footnotesize")


def _group(
    means: pd.DataFrame, task: str, heading: str, sides: Row, pairs: dict[str, tuple[Run, Run]]
) -> list[Row]:
    """Rows of the pairs that the results know, below two rows of headings."""
    measure, _ = measure_of(task)
    rows = []
    for label, (first, second) in pairs.items():
        cells, count = [], 0
        for condition in CONDITIONS.values():
            before, after = (values_of(means, *run, measure, *condition) for run in (first, second))
            difference = compare(after, before, paired_difference)
            found = (estimate(before), estimate(after), difference)
            cells += [stacked(interval, decimal) for interval in found]
            count = max(count, difference.replicates)
        if count:
            rows.append([escape(label), str(count), *cells])
    heads = ["", "", *[*sides, "difference"] * len(CONDITIONS)]
    return [[title(escape(heading), len(heads))], heads, *rows] if rows else []


def main() -> None:
    """Read the command line, tabulate and save."""
    arguments = parse_options(__doc__, "metrics", "settings", "output")
    write_text(arguments.output, tabulate(read_metrics(arguments.metrics), arguments.settings))


if __name__ == "__main__":
    run(main)
