"""Write what the replicates of a run train on in their first epoch."""

import argparse
from pathlib import Path

from gradloss.data.pool import load_pool
from gradloss.support.command import run
from gradloss.support.files import write_npz
from gradloss.support.job_options import parse_replicates, run_parser
from gradloss.training.first_epoch import first_epoch


def parse() -> argparse.Namespace:
    parser = run_parser(__doc__)
    parser.add_argument("--replicates", type=parse_replicates, required=True, help="FIRST-LAST")
    parser.add_argument("--output", type=Path, required=True, help=".npz file to write")
    return parser.parse_args()


def main() -> None:
    arguments = parse()
    pool = load_pool(arguments.data)
    write_npz(arguments.output, first_epoch(arguments.settings, pool, arguments.replicates))


if __name__ == "__main__":
    run(main)
