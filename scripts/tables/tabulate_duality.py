"""Tabulate the Kantorovich-Rubinstein term beside the exact distance, and singular values."""

import pandas as pd

from gradloss.analysis.summaries import (
    compare,
    estimate,
    paired_ratio,
    read_metrics,
    replicate_means,
    values_of,
)
from gradloss.support.command import run
from gradloss.support.product_options import parse_options
from gradloss.tables.latex import (
    RAGGED,
    Row,
    booktabs,
    decimal,
    escape,
    stacked,
    two_lines,
    write_text,
)

DISTANCE = "wasserstein"
LARGEST = "largest_singular_value_"
SMALLEST = "smallest_singular_value_"


def tabulate(metrics: pd.DataFrame, settings: dict) -> str:
    """A tabular with a row per dataset and method whose exact distance is known.

    Both sides of the duality and their ratio are means over replicates with their intervals. The
    cell of a layer holds its largest and, below, its smallest singular value over all replicates.

    Args:
        metrics: Tidy results.
        settings: `datasets` with label and methods, `methods` with label.
    """
    means = replicate_means(metrics[metrics["perturbation"] == "none"])
    exact = means[means["measure"] == DISTANCE]
    known = set(zip(exact["dataset"], exact["method"], strict=True))
    rows = {
        (dataset, method): f"{entry['label']}, {settings['methods'][method]['label']}"
        for dataset, entry in settings["datasets"].items()
        for method in entry["methods"]
        if (dataset, method) in known
    }
    measures = means.loc[means["dataset"].isin({dataset for dataset, _ in rows}), "measure"]
    layers = sorted(
        {int(name.removeprefix(LARGEST)) for name in measures if name.startswith(LARGEST)}
    )
    body = [_cells(means, *key, label, layers) for key, label in rows.items()]
    if layers and body:
        body.insert(0, [""] * 5 + [f"layer {layer}" for layer in layers])
    span = [rf"\multicolumn{{{len(layers)}}}{{c}}{{singular values}}"] if layers else []
    columns = f"{{tabular}}{{@{{}}{RAGGED}p{{1.1in}}rrrr{'r' * len(layers)}@{{}}}}"
    header = ["", "$n$", "KR", "$W_1$", r"KR${}/W_1$", *span]
    return booktabs(columns, header, [body], r"\footnotesize")


def _cells(means: pd.DataFrame, dataset: str, method: str, label: str, layers: list[int]) -> Row:
    kr, distance = (values_of(means, dataset, method, name) for name in ("kr", DISTANCE))
    cells = [stacked(estimate(values), decimal) for values in (kr, distance)]
    cells.append(stacked(compare(kr, distance, paired_ratio), decimal))
    for layer in layers:
        largest, smallest = (
            values_of(means, dataset, method, f"{name}{layer}") for name in (LARGEST, SMALLEST)
        )
        cells.append(two_lines(decimal(largest.max()), decimal(smallest.min())))
    return [escape(label), str(len(distance)), *cells]


def main() -> None:
    """Read the command line, tabulate and save."""
    arguments = parse_options(__doc__, "metrics", "settings", "output")
    write_text(arguments.output, tabulate(read_metrics(arguments.metrics), arguments.settings))


if __name__ == "__main__":
    run(main)
