"""Tabulate every claim of the documents with what the replication found."""

import pandas as pd

from gradloss.command import run
from gradloss.latex import MISSING, booktabs, escape, form_of, with_interval, write_text
from gradloss.options import parse_options
from gradloss.statistics import Interval

COLUMNS = (
    r"{longtable}{@{}l>{\raggedright\arraybackslash}p{2.1in}r>{\raggedright\arraybackslash}p{1.8in}r"
    r">{\raggedright\arraybackslash}p{0.9in}@{}}"
)
HEADER = ["doc.", "claim", "reported", r"replicated [95\,\% interval]", "$n$", "verdict"]


def tabulate(claims: pd.DataFrame) -> str:
    """A longtable with a group of rows per document.

    Args:
        claims: Rows of claims.csv, with the document's number as text.
    """
    groups = [[_cells(row) for row in group.itertuples()] for _, group in claims.groupby("seed")]
    return booktabs(COLUMNS, HEADER, groups, r"\footnotesize")


def _cells(row) -> list[str]:
    found = Interval(row.replicated, row.ci_low, row.ci_high, row.replicates)
    return [
        row.seed,
        escape(row.claim),
        form_of(row.reported)(row.reported),
        with_interval(found, form_of(row.replicated, row.ci_low, row.ci_high)),
        str(row.replicates) if row.replicates else MISSING,
        row.verdict,
    ]


def main() -> None:
    """Read the command line, tabulate and save."""
    arguments = parse_options(__doc__, "claims", "output")
    claims = pd.read_csv(arguments.claims, dtype={"seed": str})
    write_text(arguments.output, tabulate(claims))


if __name__ == "__main__":
    run(main)
