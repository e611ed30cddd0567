"""Attack the models of one training job."""

import json
from pathlib import Path

from gradloss.data.pool import load_pool
from gradloss.evaluation.attacks import attack_run
from gradloss.evaluation.correctness import write_correct
from gradloss.support.command import run
from gradloss.support.device import configure_device
from gradloss.support.job_options import job_parser
from gradloss.support.results import write_csv


def main() -> None:
    parser = job_parser(__doc__)
    parser.add_argument(
        "--attacks", type=json.loads, required=True, help="images, steps and radii, as JSON"
    )
    parser.add_argument("--output", type=Path, required=True, help=".csv file to write")
    parser.add_argument(
        "--correct", type=Path, required=True, help=".npz file to write: which images stay right"
    )
    arguments = parser.parse_args()
    configure_device(arguments.settings["threads"])
    frame, correct = attack_run(
        arguments.settings,
        arguments.attacks,
        load_pool(arguments.data),
        arguments.models,
        arguments.replicates,
    )
    write_correct(arguments.correct, correct)
    write_csv(frame, arguments.output)


if __name__ == "__main__":
    run(main)
