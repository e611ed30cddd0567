"""Compare the variants of the linear regression with ordinary least squares."""

from pathlib import Path

from gradloss.data.pool import load_pool
from gradloss.evaluation.linear import evaluate_variants
from gradloss.support.command import run
from gradloss.support.job_options import job_parser
from gradloss.support.results import write_csv


def main() -> None:
    parser = job_parser(__doc__)
    parser.add_argument("--output", type=Path, required=True, help=".csv file to write")
    arguments = parser.parse_args()
    pool = load_pool(arguments.data)
    frame = evaluate_variants(arguments.settings, pool, arguments.models, arguments.replicates)
    write_csv(frame, arguments.output)


if __name__ == "__main__":
    run(main)
