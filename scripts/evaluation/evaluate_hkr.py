"""Evaluate the HKR models of one training job: clean, perturbed and certified."""

import json
from functools import partial

from gradloss.evaluation.hkr import hkr_rows
from gradloss.evaluation.job import evaluation_parser, run_evaluation_job
from gradloss.support.command import run


def main() -> None:
    parser = evaluation_parser(__doc__)
    parser.add_argument(
        "--certified",
        type=json.loads,
        default=[],
        help="radii of the certified accuracies, as a JSON list",
    )
    arguments = parser.parse_args()
    run_evaluation_job(arguments, partial(hkr_rows, certified=arguments.certified))


if __name__ == "__main__":
    run(main)
