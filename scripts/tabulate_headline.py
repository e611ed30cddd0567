"""Tabulate the main numbers and claims of the documents with what the replication found."""

import pandas as pd

from gradloss.claim_table import HEADER, cells, write_claims_table
from gradloss.claims import CLAIMS
from gradloss.command import run
from gradloss.latex import RAGGED, booktabs

COLUMNS = f"{{tabular}}{{@{{}}l{RAGGED}p{{2.8in}}rlrl@{{}}}}"


def tabulate(claims: pd.DataFrame) -> str:
    """A tabular with a group of rows per document.

    Args:
        claims: Rows of claims.csv, one per claim of claims.yaml and in that order, with the
            document's number as text.
    """
    headline = claims[[claim.headline for claim in CLAIMS]]
    groups = [[cells(row) for row in group.itertuples()] for _, group in headline.groupby("seed")]
    return booktabs(COLUMNS, HEADER, groups, r"\footnotesize")


if __name__ == "__main__":
    run(lambda: write_claims_table(__doc__, tabulate))
