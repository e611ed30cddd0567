"""Rows of a table of claims."""

from gradloss.latex import MISSING, escape, form_of, with_interval
from gradloss.statistics import Interval

HEADER = ["doc.", "claim", "reported", r"replicated [95\,\% interval]", "$n$", "verdict"]


def cells(row) -> list[str]:
    """Cells of the columns of `HEADER`, as LaTeX.

    Args:
        row: Named tuple of a row of claims.csv, with the document's number as text.
    """
    found = Interval(row.replicated, row.ci_low, row.ci_high, row.replicates)
    return [
        row.seed,
        escape(row.claim),
        form_of(row.reported)(row.reported),
        with_interval(found, form_of(row.replicated, row.ci_low, row.ci_high)),
        str(row.replicates) if row.replicates else MISSING,
        row.verdict,
    ]
