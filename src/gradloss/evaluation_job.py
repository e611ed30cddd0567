"""What the evaluation scripts share: from the command line to the table of one job."""

import argparse
import json
from pathlib import Path

from gradloss.command import job_parser
from gradloss.data.pool import load_pool
from gradloss.device import configure_device
from gradloss.evaluation import OwnRows, evaluate_run
from gradloss.results import write_csv


def evaluation_parser(description: str | None) -> argparse.ArgumentParser:
    """Command line of an evaluation job."""
    parser = job_parser(description)
    parser.add_argument(
        "--noise", type=json.loads, required=True, help="draws and levels by perturbation, as JSON"
    )
    parser.add_argument("--output", type=Path, required=True, help=".csv file to write")
    return parser


def run_evaluation_job(arguments: argparse.Namespace, own_rows: OwnRows) -> None:
    """Evaluate the models of a training job and write the rows.

    Args:
        arguments: Of `evaluation_parser`.
        own_rows: What is measured of this kind of method only.

    Raises:
        OSError: A file cannot be read or written.
    """
    configure_device(arguments.settings["threads"])
    frame = evaluate_run(
        arguments.settings,
        arguments.noise,
        load_pool(arguments.data),
        arguments.models,
        arguments.replicates,
        own_rows,
    )
    write_csv(frame, arguments.output)
