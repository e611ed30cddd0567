"""Judge every number and claim of the documents by the collected results."""

import argparse
from pathlib import Path

import pandas as pd

from gradloss.claims import judge_claims
from gradloss.command import run
from gradloss.results import write_csv


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--metrics", type=Path, required=True, help="metrics.csv")
    parser.add_argument("--output", type=Path, required=True, help=".csv file to write")
    arguments = parser.parse_args()
    write_csv(judge_claims(pd.read_csv(arguments.metrics)), arguments.output)


if __name__ == "__main__":
    run(main)
