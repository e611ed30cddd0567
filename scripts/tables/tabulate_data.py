"""Tabulate where each dataset comes from."""

import pandas as pd

from gradloss.support.command import run
from gradloss.support.product_options import parse_options
from gradloss.tables.latex import MISSING, RAGGED, booktabs, escape, two_lines, write_text

COLUMNS = rf"{{tabularx}}{{\linewidth}}{{@{{}}l{RAGGED}X{RAGGED}p{{1.3in}}l@{{}}}}"


def tabulate(sources: pd.DataFrame, settings: dict) -> str:
    """A tabularx with a row per dataset, in the order of the configuration.

    Args:
        sources: Rows of data_sources.csv.
        settings: `datasets` with label.
    """
    known, rows = sources.fillna("").set_index("dataset"), []
    for name in [name for name in settings["datasets"] if name in known.index]:
        row = known.loc[name]
        digits = row["sha256"]
        halves = digits[: len(digits) // 2], digits[len(digits) // 2 :]
        lines = [rf"\scriptsize \texttt{{{half}}}" for half in halves]
        digest = two_lines(*lines) if digits else MISSING
        label = escape(settings["datasets"][name]["label"])
        licence = escape(row["licence"]) or MISSING
        rows.append([label, breakable(row["source"]), licence, digest])
    header = ["data set", "source", "licence", "SHA-256 of the content"]
    return booktabs(COLUMNS, header, [[row] for row in rows], r"\footnotesize")


def breakable(text: str) -> str:
    """Escaped text whose addresses may break after each slash."""
    return escape(text).replace("/", r"/\allowbreak{}")


def main() -> None:
    """Read the command line, tabulate and save."""
    arguments = parse_options(__doc__, "sources", "settings", "output")
    sources = pd.read_csv(arguments.sources, dtype=str)
    write_text(arguments.output, tabulate(sources, arguments.settings))


if __name__ == "__main__":
    run(main)
