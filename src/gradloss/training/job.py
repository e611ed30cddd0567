"""What the training scripts share: from the command line to the files of one job."""

import argparse
import json
from collections.abc import Callable
from pathlib import Path

import keras

from gradloss import lipschitz
from gradloss.data.pool import load_pool
from gradloss.losses.binding import BatchLoss, BatchTerm
from gradloss.networks.replicate import constrained_path, model_path
from gradloss.networks.saving import models_folder, save_model
from gradloss.networks.tuned_constant import add_tuning_option, bind_chosen
from gradloss.support.device import configure_device
from gradloss.support.job_options import job_parser
from gradloss.support.results import write_csv
from gradloss.training.checkpoints import Checkpoint, identity_of
from gradloss.training.run import run_training
from gradloss.training.timing import write_timing

SaveModel = Callable[[keras.Model, Path, int], None]


def save_plain(model: keras.Model, folder: Path, replicate: int) -> None:
    """Write the file of a gradient or baseline model."""
    save_model(model, model_path(folder, replicate))


def save_constrained(model: keras.Model, folder: Path, replicate: int) -> None:
    """Write a 1-Lipschitz model, and its plain export beside it."""
    save_model(model, constrained_path(folder, replicate))
    save_model(lipschitz.export(model), model_path(folder, replicate))


def training_arguments(description: str | None) -> argparse.Namespace:
    """Read the command line of a training job."""
    parser = job_parser(description)
    add_tuning_option(parser)
    parser.add_argument("--history", type=Path, required=True, help=".csv file to write")
    parser.add_argument("--timing", type=Path, required=True, help=".csv file to write")
    parser.add_argument("--checkpoint", type=Path, required=True, help=".npz file to go on from")
    return parser.parse_args()


def no_terms(_settings: dict) -> dict[str, BatchTerm]:
    """Of a method that records its loss only."""
    return {}


def run_training_job(
    arguments: argparse.Namespace,
    build_loss: Callable[[dict], BatchLoss],
    save: SaveModel,
    build_terms: Callable[[dict], dict[str, BatchTerm]] = no_terms,
) -> None:
    """Train a range of replicates and write their models, curves and timing.

    Args:
        arguments: Of `training_arguments`.
        build_loss: Gives the loss of the run's settings.
        save: Writes the files of a model, given it, the folder and the replicate's number.
        build_terms: Gives what else of the run's batches is recorded.

    Raises:
        UserError: See `training.run.run_training`.
        OSError: A file cannot be read or written.
    """
    settings = bind_chosen(arguments.settings, arguments.tuning)
    replicates = arguments.replicates
    device = configure_device(settings["threads"])
    pool = load_pool(arguments.data)
    computation = json.dumps([settings, replicates, device], sort_keys=True)
    checkpoint = Checkpoint(arguments.checkpoint, identity_of(computation, arguments.data))
    loss, terms = build_loss(settings), build_terms(settings)
    trained = run_training(settings, pool, replicates, loss, checkpoint, terms)
    with models_folder(arguments.models) as folder:
        for replicate, model in trained.models.items():
            save(model, folder, replicate)
    write_csv(trained.history, arguments.history)
    write_timing(arguments.timing, settings, replicates, trained.seconds, trained.steps, device)
    checkpoint.remove()
