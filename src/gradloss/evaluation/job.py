"""What the evaluation scripts share: from the command line to the table of one job."""

import argparse
import json
from pathlib import Path

import pandas as pd

from gradloss.data.pool import load_pool
from gradloss.evaluation.correctness import write_correct
from gradloss.evaluation.run import OwnRows, evaluate_run
from gradloss.networks.tuned_constant import add_tuning_option, bind_chosen
from gradloss.support.device import configure_device
from gradloss.support.files import read_npz
from gradloss.support.job_options import job_parser
from gradloss.support.results import write_csv


def evaluation_parser(description: str | None) -> argparse.ArgumentParser:
    """Command line of an evaluation job."""
    parser = job_parser(description)
    add_tuning_option(parser)
    parser.add_argument(
        "--noise", type=json.loads, required=True, help="draws and levels by perturbation, as JSON"
    )
    parser.add_argument("--history", type=Path, required=True, help=".csv file of the training")
    parser.add_argument("--curves", action="store_true", help="also give the points of the history")
    parser.add_argument("--corrupted", type=Path, help=".npz file of the corrupted test part")
    parser.add_argument("--output", type=Path, required=True, help=".csv file to write")
    parser.add_argument(
        "--correct", type=Path, required=True, help=".npz file to write: which examples are right"
    )
    return parser


def run_evaluation_job(arguments: argparse.Namespace, own_rows: OwnRows) -> None:
    """Evaluate the models of a training job, write the rows and which examples are right.

    Args:
        arguments: Of `evaluation_parser`.
        own_rows: What is measured of this kind of method only.

    Raises:
        OSError: A file cannot be read or written.
    """
    configure_device(arguments.settings["threads"])
    frame, correct = evaluate_run(
        bind_chosen(arguments.settings, arguments.tuning),
        arguments.noise,
        read_npz(arguments.corrupted) if arguments.corrupted else {},
        load_pool(arguments.data),
        arguments.models,
        pd.read_csv(arguments.history),
        arguments.curves,
        arguments.replicates,
        own_rows,
    )
    write_csv(frame, arguments.output)
    write_correct(arguments.correct, correct)
