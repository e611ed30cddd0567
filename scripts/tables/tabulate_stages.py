"""Tabulate what the jobs of each stage took, in the published run."""

import pandas as pd

from gradloss.support.command import run
from gradloss.support.product_options import parse_options
from gradloss.support.progress import duration
from gradloss.tables.latex import MISSING, booktabs, decimal, escape, write_text

NOT_MEASURED = "Not measured: no run has been published."
HEADER = ["stage", "jobs", "measured", "wall time", "memory (GB)"]


def tabulate(stages: pd.DataFrame) -> str:
    """A tabular with a row per stage, and one for all; a sentence if there are none.

    Args:
        stages: Columns as `paper.stages.measure_stages` gives them.
    """
    if stages.empty:
        return NOT_MEASURED
    whole = {**stages.sum().to_dict(), "stage": "all", "peak_mb": stages["peak_mb"].max()}
    rows = [_cells(stage) for stage in stages.to_dict("records")]
    columns = "{tabular}{@{}lrrrr@{}}"
    return booktabs(columns, HEADER, [rows, [_cells(whole)]], r"\footnotesize")


def _cells(stage: dict) -> list[str]:
    time = duration(stage["seconds"]) if stage["measured"] else MISSING
    counts = [f"{stage[name]:.0f}" for name in ("jobs", "measured")]
    return [escape(stage["stage"]), *counts, time, decimal(stage["peak_mb"] / 1000, 1)]


def main() -> None:
    """Read the command line, tabulate and save."""
    arguments = parse_options(__doc__, "stages", "output")
    write_text(arguments.output, tabulate(pd.read_csv(arguments.stages)))


if __name__ == "__main__":
    run(main)
