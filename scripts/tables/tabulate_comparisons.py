"""Tabulate the paired comparisons, with the probability of superiority and Holm's correction."""

import pandas as pd

from gradloss.analysis.statistics import Interval
from gradloss.support.command import run
from gradloss.support.product_options import parse_options
from gradloss.tables.latex import (
    MISSING,
    RAGGED,
    STRUT,
    booktabs,
    escape,
    form_of,
    p_value,
    stacked,
    two_decimals,
    write_text,
)

COLUMNS = f"{{longtable}}{{@{{}}l{RAGGED}p{{2.5in}}rrrrrl@{{}}}}"
HEADER = ["doc.", "claim", "$A-B$", "$P(A > B)$", "$n$", "$p$", "Holm", "holds"]


def tabulate(comparisons: pd.DataFrame) -> str:
    """A longtable with a group of rows per document.

    Args:
        comparisons: Rows of comparisons.csv, with the document's number as text.
    """
    groups = comparisons.groupby("document", sort=False)
    cells = [[_cells(row) for row in group.itertuples()] for _, group in groups]
    return booktabs(COLUMNS, HEADER, cells, r"\scriptsize")


def _cells(row) -> list[str]:
    difference = Interval(row.mean_difference, row.ci_low, row.ci_high, row.replicates)
    probability = Interval(
        row.probability, row.probability_low, row.probability_high, row.replicates
    )
    sides = rf"$A$: {_quantity(row.a)}\newline $B$: {_quantity(row.b)}"
    return [
        row.document,
        rf"{escape(row.claim)}\par\scriptsize {sides}{STRUT}",
        stacked(difference, form_of(row.mean_difference, row.ci_low, row.ci_high)),
        stacked(probability, two_decimals),
        str(row.replicates) if row.replicates else MISSING,
        p_value(row.p),
        p_value(row.p_holm),
        {True: "yes", False: "no"}.get(row.holds_after_holm, MISSING),
    ]


def _quantity(name: str) -> str:
    """The name of a quantity, which may break after its slashes."""
    return escape(name).replace("/", r"/\allowbreak{}")


def main() -> None:
    """Read the command line, tabulate and save."""
    arguments = parse_options(__doc__, "comparisons", "output")
    comparisons = pd.read_csv(arguments.comparisons, dtype={"document": str})
    write_text(arguments.output, tabulate(comparisons))


if __name__ == "__main__":
    run(main)
