"""Compare the attacks on the first model of a training job with strong ones."""

import json
from pathlib import Path

from gradloss.data.pool import load_pool
from gradloss.evaluation.audit import audit_run
from gradloss.evaluation.correctness import read_correct
from gradloss.support.command import run
from gradloss.support.device import configure_device
from gradloss.support.job_options import job_parser
from gradloss.support.results import write_csv


def main() -> None:
    parser = job_parser(__doc__)
    parser.add_argument(
        "--attacks", type=json.loads, required=True, help="as for attack.py, and audit, as JSON"
    )
    parser.add_argument(
        "--correct", type=Path, required=True, help=".npz file that attack.py wrote"
    )
    parser.add_argument("--output", type=Path, required=True, help=".csv file to write")
    arguments = parser.parse_args()
    configure_device(arguments.settings["threads"])
    frame = audit_run(
        arguments.settings,
        arguments.attacks,
        load_pool(arguments.data),
        arguments.models,
        arguments.replicates[0],
        read_correct(arguments.correct),
    )
    write_csv(frame, arguments.output)


if __name__ == "__main__":
    run(main)
