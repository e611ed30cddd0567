"""Compare the variants of the linear regression with ordinary least squares."""

import argparse
import json
from pathlib import Path

from gradloss.command import parse_replicates, run
from gradloss.data.pool import load_pool
from gradloss.linear import evaluate_variants
from gradloss.results import write_csv


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--settings", type=json.loads, required=True, help="of the run, as JSON")
    parser.add_argument("--replicates", type=parse_replicates, required=True, help="FIRST-LAST")
    parser.add_argument("--data", type=Path, required=True, help="prepared .npz file")
    parser.add_argument("--models", type=Path, required=True, help="folder of the training job")
    parser.add_argument("--output", type=Path, required=True, help=".csv file to write")
    arguments = parser.parse_args()
    pool = load_pool(arguments.data)
    frame = evaluate_variants(arguments.settings, pool, arguments.models, arguments.replicates)
    write_csv(frame, arguments.output)


if __name__ == "__main__":
    run(main)
