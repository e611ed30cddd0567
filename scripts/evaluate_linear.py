"""Compare the variants of the linear regression with ordinary least squares."""

from pathlib import Path

from gradloss.command import job_parser, run
from gradloss.data.pool import load_pool
from gradloss.linear import evaluate_variants
from gradloss.results import write_csv


def main() -> None:
    parser = job_parser(__doc__)
    parser.add_argument("--output", type=Path, required=True, help=".csv file to write")
    arguments = parser.parse_args()
    pool = load_pool(arguments.data)
    frame = evaluate_variants(arguments.settings, pool, arguments.models, arguments.replicates)
    write_csv(frame, arguments.output)


if __name__ == "__main__":
    run(main)
