"""Tabulate the accuracy under attack of every attacked method."""

from functools import partial

import pandas as pd

from gradloss.analysis.summaries import (
    estimate,
    levels_of,
    read_metrics,
    replicate_means,
    values_of,
)
from gradloss.support.command import run
from gradloss.support.product_options import parse_options
from gradloss.tables.latex import Row, booktabs, escape, stacked, three_decimals, title, write_text

NORMS = {"l2": r"$\ell_2$", "linf": r"$\ell_\infty$"}
ATTACKS = {"pgd": "PGD", "ensemble": "worst of four"}
SENSITIVITIES = {"jacobian_norm": r"$\lVert J\rVert_{\mathrm{F}}$", "margin": "margin"}


def tabulate(metrics: pd.DataFrame, settings: dict) -> str:
    """A tabular with a group of rows per dataset and norm, and intervals below the means.

    Beside the Euclidean attacks stand the mean norm of the Jacobian and the mean margin of the
    replicates that were attacked.

    Args:
        metrics: Tidy results.
        settings: `datasets` with label and methods, `methods` with label.
    """
    grids = {
        (dataset, norm): {name: levels_of(metrics, dataset, f"{name}_{norm}") for name in ATTACKS}
        for dataset in settings["datasets"]
        for norm in NORMS
    }
    attacked = {key: grid for key, grid in grids.items() if grid["pgd"]}
    widths = {name: max((len(g[name]) for g in attacked.values()), default=0) for name in ATTACKS}
    spans = [
        rf"\multicolumn{{{width}}}{{c}}{{{ATTACKS[name]}}}"
        for name, width in widths.items()
        if width
    ]
    means = replicate_means(metrics)
    groups = [
        _group(means, dataset, norm, grid, widths, settings)
        for (dataset, norm), grid in attacked.items()
    ]
    header = ["", "$n$", *SENSITIVITIES.values(), "no attack", *spans]
    columns = f"{{tabular}}{{@{{}}l{'r' * (2 + len(SENSITIVITIES) + sum(widths.values()))}@{{}}}}"
    return booktabs(columns, header, groups, r"\footnotesize")


def _group(
    means: pd.DataFrame, dataset: str, norm: str, grid: dict, widths: dict, settings: dict
) -> list[Row]:
    entry, blank = settings["datasets"][dataset], [""] * len(SENSITIVITIES)
    heads = [title(f"{escape(entry['label'])}, {NORMS[norm]}"), "", *blank, ""]
    for name, levels in grid.items():
        heads += _padded([rf"$\varepsilon = {level:g}$" for level in levels], widths[name])
    rows = [heads]
    for method in entry["methods"]:
        values = partial(values_of, means, dataset, method)
        clean = values("accuracy", "subset")
        if clean.empty:
            continue
        sensitivities = [_cell(values(measure).reindex(clean.index)) for measure in SENSITIVITIES]
        cells = [*(sensitivities if norm == "l2" else blank), _cell(clean)]
        for name, levels in grid.items():
            found = [values("accuracy", f"{name}_{norm}", level) for level in levels]
            cells += _padded(list(map(_cell, found)), widths[name])
        rows.append([escape(settings["methods"][method]["label"]), str(len(clean)), *cells])
    return rows


def _cell(values: pd.Series) -> str:
    return stacked(estimate(values.dropna()), three_decimals)


def _padded(cells: list[str], width: int) -> list[str]:
    return cells + [""] * (width - len(cells))


def main() -> None:
    """Read the command line, tabulate and save."""
    arguments = parse_options(__doc__, "metrics", "settings", "output")
    write_text(arguments.output, tabulate(read_metrics(arguments.metrics), arguments.settings))


if __name__ == "__main__":
    run(main)
