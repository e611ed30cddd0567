"""Evaluate the models of one training job, clean and under noise."""

import argparse
import json
from pathlib import Path

from gradloss.command import parse_replicates, run
from gradloss.data.pool import load_pool
from gradloss.device import configure_device
from gradloss.evaluation import evaluate_run
from gradloss.results import write_csv


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--settings", type=json.loads, required=True, help="of the run, as JSON")
    parser.add_argument("--noise", type=json.loads, required=True, help="sigmas and draws, as JSON")
    parser.add_argument("--replicates", type=parse_replicates, required=True, help="FIRST-LAST")
    parser.add_argument("--data", type=Path, required=True, help="prepared .npz file")
    parser.add_argument("--models", type=Path, required=True, help="folder of the training job")
    parser.add_argument("--output", type=Path, required=True, help=".csv file to write")
    arguments = parser.parse_args()
    configure_device(arguments.settings["threads"])
    frame = evaluate_run(
        arguments.settings,
        arguments.noise,
        load_pool(arguments.data),
        arguments.models,
        arguments.replicates,
    )
    write_csv(frame, arguments.output)


if __name__ == "__main__":
    run(main)
