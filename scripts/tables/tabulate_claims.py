"""Tabulate every claim of the documents with what the replication found."""

import pandas as pd

from gradloss.support.command import run
from gradloss.tables.claims import HEADER, cells, write_claims_table
from gradloss.tables.latex import RAGGED, booktabs

COLUMNS = (
    f"{{longtable}}{{@{{}}l{RAGGED}p{{2.03in}}r{RAGGED}p{{1.25in}}{RAGGED}p{{0.85in}}r"
    f"{RAGGED}p{{0.68in}}@{{}}}}"
)


def tabulate(claims: pd.DataFrame) -> str:
    """A longtable with a group of rows per document.

    Args:
        claims: Rows of claims.csv, with the document's number as text.
    """
    groups = [[cells(row) for row in group.itertuples()] for _, group in claims.groupby("document")]
    return booktabs(COLUMNS, HEADER, groups, r"\scriptsize")


if __name__ == "__main__":
    run(lambda: write_claims_table(__doc__, tabulate))
