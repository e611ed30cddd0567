"""Train an HKR method on one dataset for a range of replicates."""

from pathlib import Path

import keras

from gradloss import lipschitz
from gradloss.command import run
from gradloss.experiments import constrained_path, model_path
from gradloss.hkr import build_loss
from gradloss.saving import save_model
from gradloss.training_job import run_training_job, training_arguments


def save(model: keras.Model, folder: Path, replicate: int) -> None:
    """The constrained model, and its plain export beside it."""
    save_model(model, constrained_path(folder, replicate))
    save_model(lipschitz.export(model), model_path(folder, replicate))


if __name__ == "__main__":
    run(lambda: run_training_job(training_arguments(__doc__), build_loss, save))
