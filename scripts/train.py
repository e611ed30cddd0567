"""Train a gradient or baseline method on one dataset for a range of replicates."""

from pathlib import Path

import keras

from gradloss.command import run
from gradloss.experiments import model_path
from gradloss.losses import build_loss
from gradloss.saving import save_model
from gradloss.training_job import run_training_job, training_arguments


def save(model: keras.Model, folder: Path, replicate: int) -> None:
    save_model(model, model_path(folder, replicate))


if __name__ == "__main__":
    run(lambda: run_training_job(training_arguments(__doc__), build_loss, save))
