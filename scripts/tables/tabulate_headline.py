"""Tabulate the main numbers and claims of the documents with what the replication found."""

import pandas as pd

from gradloss.support.command import run
from gradloss.tables.claims import HEADER, cells, write_claims_table
from gradloss.tables.latex import RAGGED, booktabs

COLUMNS = f"{{tabular}}{{@{{}}l{RAGGED}p{{2.2in}}rllrl@{{}}}}"


def tabulate(claims: pd.DataFrame) -> str:
    """A tabular with a group of rows per document.

    Args:
        claims: Rows of claims.csv, with the document's number as text.
    """
    headline = claims[claims["headline"]]
    groups = [
        [cells(row) for row in group.itertuples()] for _, group in headline.groupby("document")
    ]
    return booktabs(COLUMNS, HEADER, groups, r"\footnotesize")


if __name__ == "__main__":
    run(lambda: write_claims_table(__doc__, tabulate))
