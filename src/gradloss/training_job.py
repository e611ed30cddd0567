"""What the training scripts share: from the command line to the files of one job."""

import argparse
import json
from collections.abc import Callable
from pathlib import Path

import keras

from gradloss import lipschitz
from gradloss.binding import BatchLoss
from gradloss.checkpoints import Checkpoint, identity_of
from gradloss.command import job_parser
from gradloss.data.pool import load_pool
from gradloss.device import configure_device
from gradloss.experiments import constrained_path, model_path, run_training
from gradloss.files import atomic_folder
from gradloss.results import write_csv, write_timing
from gradloss.saving import save_model

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
    parser.add_argument("--timing", type=Path, required=True, help=".csv file to write")
    parser.add_argument("--checkpoint", type=Path, required=True, help=".npz file to go on from")
    return parser.parse_args()


def run_training_job(
    arguments: argparse.Namespace, build_loss: Callable[[dict], BatchLoss], save: SaveModel
) -> None:
    """Train a range of replicates and write their models, curves and timing.

    Args:
        arguments: Of `training_arguments`.
        build_loss: Gives the loss of the run's settings.
        save: Writes the files of a model, given it, the folder and the replicate's number.

    Raises:
        UserError: See `experiments.run_training`.
        OSError: A file cannot be read or written.
    """
    settings, replicates = arguments.settings, arguments.replicates
    device = configure_device(settings["threads"])
    pool = load_pool(arguments.data)
    computation = json.dumps([settings, replicates, device], sort_keys=True)
    checkpoint = Checkpoint(arguments.checkpoint, identity_of(computation, arguments.data))
    trained = run_training(settings, pool, replicates, build_loss(settings), checkpoint)
    with atomic_folder(arguments.models) as folder:
        for replicate, model in trained.models.items():
            save(model, folder, replicate)
        write_csv(trained.history, folder / "history.csv")
    write_timing(arguments.timing, settings, replicates, trained.seconds, trained.steps, device)
    checkpoint.remove()
