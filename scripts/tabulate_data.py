"""Tabulate where each dataset comes from."""

import pandas as pd

from gradloss.command import run
from gradloss.latex import MISSING, booktabs, escape, write_text
from gradloss.options import parse_options

HASH_DIGITS = 12
RAGGED = r">{\raggedright\arraybackslash}"
COLUMNS = rf"{{tabularx}}{{\linewidth}}{{@{{}}l{RAGGED}X{RAGGED}p{{1in}}l{RAGGED}X@{{}}}}"


def tabulate(sources: pd.DataFrame, settings: dict) -> str:
    """A tabularx with a row per dataset, in the order of the configuration.

    Args:
        sources: Rows of data_sources.csv.
        settings: `datasets` with label.
    """
    known, rows = sources.fillna("").set_index("dataset"), []
    for name in [name for name in settings["datasets"] if name in known.index]:
        row = known.loc[name]
        digest = rf"\texttt{{{row['sha256'][:HASH_DIGITS]}}}" if row["sha256"] else MISSING
        label, licence = escape(settings["datasets"][name]["label"]), escape(row["licence"])
        source, citation = breakable(row["source"]), breakable(row["citation"])
        rows.append([label, source, licence, digest, citation])
    header = ["data set", "source", "licence", "SHA-256", "reference"]
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
