"""Compare the methods of every claim replicate by replicate, corrected for their number."""

import argparse
from pathlib import Path

from gradloss.command import run
from gradloss.comparisons import compare_methods
from gradloss.results import write_csv
from gradloss.summaries import read_metrics


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--metrics", type=Path, required=True, help="metrics.csv")
    parser.add_argument("--output", type=Path, required=True, help=".csv file to write")
    arguments = parser.parse_args()
    write_csv(compare_methods(read_metrics(arguments.metrics)), arguments.output)


if __name__ == "__main__":
    run(main)
