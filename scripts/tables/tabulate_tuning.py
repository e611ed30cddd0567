"""Tabulate the values that were tried for each tuned constant, and which validation chose."""

import pandas as pd

from gradloss.analysis.words import measure_of, words
from gradloss.networks.tuned_constant import chosen_value, criterion, read_tuning
from gradloss.support.command import run
from gradloss.support.product_options import parse_options
from gradloss.tables.latex import Row, booktabs, decimal, escape, title, two_lines, write_text


def tabulate(tuning: pd.DataFrame, settings: dict) -> str:
    """A tabular with a row per tuned method: the values tried and, below each, the criterion.

    The chosen value is bold.

    Args:
        tuning: Tables of `tuning_job.tune`, joined.
        settings: `datasets` with label, task and methods, `methods` with label.
    """
    most = tuning.groupby(["dataset", "method"])["candidate"].nunique().max()
    groups = []
    for dataset, entry in settings["datasets"].items():
        own = tuning[tuning["dataset"] == dataset]
        rows = [
            _row(settings["methods"][method]["label"], own[own["method"] == method], most)
            for method in entry["methods"]
            if method in set(own["method"])
        ]
        if rows:
            measure, _ = measure_of(entry["task"])
            found = "geometric mean of the MSE" if measure == "mse" else f"mean {measure}"
            heading = f"{escape(entry['label'])}, {found}, $n = {own['replicate'].nunique()}$"
            groups.append([[title(heading, most + 2)], *rows])
    header = ["", "constant", rf"\multicolumn{{{most}}}{{c}}{{values tried}}"]
    return booktabs(f"{{tabular}}{{@{{}}ll{'r' * most}@{{}}}}", header, groups, r"\footnotesize")


def _row(label: str, table: pd.DataFrame, most: int) -> Row:
    """Cells of one method, with empty ones up to the most values of any."""
    chosen = chosen_value(table)
    cells = []
    for candidate, value in criterion(table).items():
        tried = rf"\textbf{{{candidate:g}}}" if candidate == chosen else f"{candidate:g}"
        cells.append(two_lines(tried, rf"\scriptsize {decimal(value)}"))
    constant = escape(words(table["constant"].iloc[0]))
    return [escape(label), constant, *cells, *[""] * (most - len(cells))]


def main() -> None:
    """Read the command line, tabulate and save."""
    arguments = parse_options(__doc__, "tuning", "settings", "output")
    write_text(arguments.output, tabulate(read_tuning(arguments.tuning), arguments.settings))


if __name__ == "__main__":
    run(main)
