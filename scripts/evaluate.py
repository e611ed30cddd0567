"""Evaluate the models of one training job, clean and perturbed."""

import json
from pathlib import Path

from gradloss.command import job_parser, run
from gradloss.data.pool import load_pool
from gradloss.device import configure_device
from gradloss.evaluation import evaluate_run
from gradloss.results import write_csv


def main() -> None:
    parser = job_parser(__doc__)
    parser.add_argument(
        "--noise", type=json.loads, required=True, help="draws and levels by perturbation, as JSON"
    )
    parser.add_argument(
        "--certified",
        type=json.loads,
        default=[],
        help="radii of the certified accuracies, as a JSON list",
    )
    parser.add_argument("--output", type=Path, required=True, help=".csv file to write")
    arguments = parser.parse_args()
    configure_device(arguments.settings["threads"])
    frame = evaluate_run(
        arguments.settings,
        arguments.noise,
        arguments.certified,
        load_pool(arguments.data),
        arguments.models,
        arguments.replicates,
    )
    write_csv(frame, arguments.output)


if __name__ == "__main__":
    run(main)
