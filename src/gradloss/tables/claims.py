"""Tables of claims: their rows, and their command line."""

from collections.abc import Callable

import pandas as pd

from gradloss.analysis.statistics import Interval
from gradloss.support.product_options import parse_options
from gradloss.tables.latex import MISSING, brackets, escape, form_of, with_interval, write_text

HEADER = ["doc.", "claim", "reported", r"replicated [95\,\% interval]", "one run", "$n$", "verdict"]


def cells(row) -> list[str]:
    """Cells of the columns of `HEADER`, as LaTeX.

    Args:
        row: Named tuple of a row of claims.csv, with the document's number as text. A dagger
            marks the verdict on what cannot fail.
    """
    found = Interval(row.replicated, row.ci_low, row.ci_high, row.replicates)
    return [
        row.document,
        escape(row.claim),
        form_of(row.reported)(row.reported),
        with_interval(found, form_of(row.replicated, row.ci_low, row.ci_high)),
        brackets(row.pi_low, row.pi_high, form_of(row.pi_low, row.pi_high)),
        str(row.replicates) if row.replicates else MISSING,
        row.verdict if row.can_fail else rf"{row.verdict}$^\dagger$",
    ]


def write_claims_table(description: str | None, tabulate: Callable[[pd.DataFrame], str]) -> None:
    """Read the command line of a script, tabulate claims.csv and save.

    Args:
        description: Of the script.
        tabulate: LaTeX of the rows of claims.csv, with the document's number as text.
    """
    arguments = parse_options(description, "claims", "output")
    claims = pd.read_csv(arguments.claims, dtype={"document": str})
    write_text(arguments.output, tabulate(claims))
