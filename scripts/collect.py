"""Join the tables of many jobs into one, sorted by its key columns."""

import argparse
from pathlib import Path

import pandas as pd

from gradloss.command import run
from gradloss.results import write_csv


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=Path, nargs="+", required=True, help=".csv files")
    parser.add_argument("--output", type=Path, required=True, help=".csv file to write")
    arguments = parser.parse_args()
    frame = pd.concat([pd.read_csv(path) for path in arguments.inputs]).drop_duplicates()
    keys = [column for column in frame.columns if column != "value"]
    write_csv(frame.sort_values(keys), arguments.output)


if __name__ == "__main__":
    run(main)
