"""Tabulate every claim of the documents with what the replication found."""

import pandas as pd

from gradloss.claim_table import HEADER, cells
from gradloss.command import run
from gradloss.latex import booktabs, write_text
from gradloss.options import parse_options

COLUMNS = (
    r"{longtable}{@{}l>{\raggedright\arraybackslash}p{2.1in}r>{\raggedright\arraybackslash}p{1.8in}r"
    r">{\raggedright\arraybackslash}p{0.9in}@{}}"
)


def tabulate(claims: pd.DataFrame) -> str:
    """A longtable with a group of rows per document.

    Args:
        claims: Rows of claims.csv, with the document's number as text.
    """
    groups = [[cells(row) for row in group.itertuples()] for _, group in claims.groupby("seed")]
    return booktabs(COLUMNS, HEADER, groups, r"\footnotesize")


def main() -> None:
    """Read the command line, tabulate and save."""
    arguments = parse_options(__doc__, "claims", "output")
    claims = pd.read_csv(arguments.claims, dtype={"seed": str})
    write_text(arguments.output, tabulate(claims))


if __name__ == "__main__":
    run(main)
