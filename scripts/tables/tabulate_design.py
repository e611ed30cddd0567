"""Tabulate what the number of replicates allows to tell of every main claim."""

import math

import pandas as pd

from gradloss.support.command import run
from gradloss.support.product_options import parse_options
from gradloss.tables.latex import MISSING, RAGGED, booktabs, brackets, escape, form_of, write_text

COLUMNS = f"{{longtable}}{{@{{}}l{RAGGED}p{{2.3in}}rrrrrrr@{{}}}}"
HEADER = ["doc.", "claim", "$n$", "excess", "spread", "half", "least", "$n_{90}$", "corrected"]


def tabulate(design: pd.DataFrame) -> str:
    """A longtable with a group of rows per document.

    Args:
        design: Columns of `gradloss.analysis.design.COLUMNS`, with the document's number as text.
    """
    groups = [
        [_cells(row) for row in group.itertuples()]
        for _, group in design.groupby("document", sort=False)
    ]
    return booktabs(COLUMNS, HEADER, groups, r"\scriptsize")


def _cells(row) -> list[str]:
    form = form_of(row.excess, row.deviation, row.detectable)
    numbers = (row.excess, row.deviation, row.half_width, row.detectable)
    needed = row.replicates_for_power
    corrected = brackets(row.corrected_low, row.corrected_high, form)
    return [
        row.document,
        escape(row.claim) + (r"\textsuperscript{log}" if row.scale == "logarithm" else ""),
        str(row.replicates),
        *map(form, numbers),
        MISSING if math.isnan(needed) else f"{needed:.0f}",
        corrected or MISSING,
    ]


def main() -> None:
    """Read the command line, tabulate and save."""
    arguments = parse_options(__doc__, "design", "output")
    write_text(arguments.output, tabulate(pd.read_csv(arguments.design, dtype={"document": str})))


if __name__ == "__main__":
    run(main)
