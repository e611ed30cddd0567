"""Tabulate every claim of the documents with what the replication found."""

import pandas as pd

from gradloss.claim_table import HEADER, cells, write_claims_table
from gradloss.command import run
from gradloss.latex import booktabs

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


if __name__ == "__main__":
    run(lambda: write_claims_table(__doc__, tabulate))
