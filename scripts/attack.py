"""Attack the models of one training job."""

import json
from pathlib import Path

from gradloss.attacks import attack_run
from gradloss.command import job_parser, run
from gradloss.data.pool import load_pool
from gradloss.device import configure_device
from gradloss.results import write_csv


def main() -> None:
    parser = job_parser(__doc__)
    parser.add_argument(
        "--attacks", type=json.loads, required=True, help="images, steps and radii, as JSON"
    )
    parser.add_argument("--output", type=Path, required=True, help=".csv file to write")
    arguments = parser.parse_args()
    configure_device(arguments.settings["threads"])
    frame = attack_run(
        arguments.settings,
        arguments.attacks,
        load_pool(arguments.data),
        arguments.models,
        arguments.replicates,
    )
    write_csv(frame, arguments.output)


if __name__ == "__main__":
    run(main)
