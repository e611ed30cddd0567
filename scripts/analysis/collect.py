"""Join the tables of many jobs into one, sorted by its key columns."""

import argparse
from pathlib import Path

import pandas as pd

from gradloss.support.command import run
from gradloss.support.results import join_tables, write_csv


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=Path, nargs="+", required=True, help=".csv files")
    parser.add_argument("--output", type=Path, required=True, help=".csv file to write")
    arguments = parser.parse_args()
    write_csv(join_tables(map(pd.read_csv, arguments.inputs)), arguments.output)


if __name__ == "__main__":
    run(main)
