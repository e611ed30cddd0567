"""Tabulate how far strong attacks go below the attacks that are used everywhere."""

import pandas as pd

from gradloss.analysis.summaries import levels_of, read_metrics, replicate_means, values_of
from gradloss.support.command import run
from gradloss.support.product_options import parse_options
from gradloss.tables.latex import (
    MISSING,
    Format,
    Row,
    booktabs,
    escape,
    three_decimals,
    title,
    write_text,
)

NORMS = {"l2": r"$\ell_2$", "linf": r"$\ell_\infty$"}
ATTACKS = {
    "chain": "chain",
    "apgd": "Auto-PGD",
    "targeted": "targeted",
    "minimum": "least norm",
    "square": "Square",
    "worst": "worst",
}
COLUMNS = f"{{tabular}}{{@{{}}l{'r' * (len(ATTACKS) + 2)}@{{}}}}"
HEADER = ["", *ATTACKS.values(), "below", "broken"]


def tabulate(metrics: pd.DataFrame, settings: dict) -> str:
    """A tabular with a group of rows per dataset and norm.

    Args:
        metrics: Tidy results.
        settings: `datasets` with label and methods, `methods` with label.
    """
    means = replicate_means(metrics)
    groups = [
        _group(means, dataset, norm, level, settings)
        for dataset in settings["datasets"]
        for norm in NORMS
        for level in levels_of(metrics, dataset, f"audit_worst_{norm}")
    ]
    return booktabs(COLUMNS, HEADER, groups, r"\footnotesize")


def _group(means: pd.DataFrame, dataset: str, norm: str, level: float, settings: dict) -> list[Row]:
    """Rows of the audited methods: accuracies, points below, certified images that fell."""
    entry = settings["datasets"][dataset]
    head = rf"{escape(entry['label'])}, {NORMS[norm]}, $\varepsilon = {level:g}$"
    rows: list[Row] = [[title(head), *[""] * (len(HEADER) - 1)]]
    for method in entry["methods"]:
        found = {
            name: values_of(means, dataset, method, "accuracy", f"audit_{name}_{norm}", level)
            for name in ATTACKS
        }
        if found["worst"].empty:
            continue
        below = 100 * (found["chain"] - found["worst"]).mean()
        fallen = values_of(means, dataset, method, "certified_fallen", f"audit_worst_{norm}", level)
        label = escape(settings["methods"][method]["label"])
        cells = [_cell(values, three_decimals) for values in found.values()]
        rows.append([label, *cells, f"{below:.1f}", _cell(fallen, "{:.0f}".format)])
    return rows


def _cell(values: pd.Series, form: Format) -> str:
    return form(values.mean()) if len(values) else MISSING


def main() -> None:
    """Read the command line, tabulate and save."""
    arguments = parse_options(__doc__, "metrics", "settings", "output")
    write_text(arguments.output, tabulate(read_metrics(arguments.metrics), arguments.settings))


if __name__ == "__main__":
    run(main)
