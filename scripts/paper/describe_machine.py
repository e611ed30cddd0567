"""Name the machines that trained the models: a table of one row."""

from pathlib import Path

import pandas as pd

from gradloss.analysis.summaries import read_timings
from gradloss.support.command import run
from gradloss.support.product_options import parse_options
from gradloss.support.results import write_csv

UNKNOWN = "a machine that is not recorded, as no training is timed"


def describe(timings: list[Path]) -> dict[str, str]:
    """Facts by the names under which the paper quotes them.

    Args:
        timings: What the training jobs cost, wherever they ran; maybe none.
    """
    machines = sorted(set(read_timings(timings)["machine"])) if timings else []
    return {"names": "; ".join(machines) or UNKNOWN}


def main() -> None:
    """Read the command line, describe and save."""
    arguments = parse_options(__doc__, "timings", "output")
    write_csv(pd.DataFrame([describe(arguments.timings)]), arguments.output)


if __name__ == "__main__":
    run(main)
