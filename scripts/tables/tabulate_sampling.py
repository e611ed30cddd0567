"""Tabulate the claims on images, with the interval that counts other test images as well."""

import pandas as pd

from gradloss.support.command import run
from gradloss.support.product_options import parse_options
from gradloss.tables.latex import MISSING, RAGGED, booktabs, brackets, decimal, escape, write_text

COLUMNS = f"{{tabular}}{{@{{}}l{RAGGED}p{{2.35in}}rrrrr@{{}}}}"
HEADER = ["doc.", "claim", "$n$", "images", "difference", "replicates", "both"]


def tabulate(sampling: pd.DataFrame) -> str:
    """A tabular with a row per claim, and space between documents.

    Args:
        sampling: Rows of test_sampling.csv, with the document's number as text.
    """
    groups = sampling.groupby("document", sort=False)
    cells = [[_cells(row) for row in group.itertuples()] for _, group in groups]
    return booktabs(COLUMNS, HEADER, cells, r"\footnotesize")


def _cells(row) -> list[str]:
    bounds = (row.ci_low, row.ci_high), (row.crossed_low, row.crossed_high)
    return [
        row.document,
        escape(row.claim),
        str(row.replicates),
        str(row.images),
        decimal(row.difference),
        *(brackets(*pair, decimal) or MISSING for pair in bounds),
    ]


def main() -> None:
    """Read the command line, tabulate and save."""
    arguments = parse_options(__doc__, "sampling", "output")
    sampling = pd.read_csv(arguments.sampling, dtype={"document": str})
    write_text(arguments.output, tabulate(sampling))


if __name__ == "__main__":
    run(main)
