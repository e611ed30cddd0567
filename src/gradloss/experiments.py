"""One run: a method trained on a dataset for a range of replicates."""

import functools
import logging
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import pandas as pd

from gradloss.augmentation import add_gaussian_noise
from gradloss.binding import BatchLoss
from gradloss.checkpoints import Checkpoint
from gradloss.data.pool import Pool, split_indices
from gradloss.data.scaling import scale_features
from gradloss.errors import UserError
from gradloss.models import build_network, decode_classes, encode_targets
from gradloss.orders import epoch_orders
from gradloss.prediction import Predictor
from gradloss.seeds import derive_seed
from gradloss.training import Schedule, train

log = logging.getLogger(__name__)

Curve = tuple[int, int, str, float]  # replicate, epoch, measure, value


@dataclass(frozen=True)
class TrainedRun:
    """What a training job leaves behind.

    Attributes:
        models: One trained model per replicate.
        history: Tidy curves: replicate, epoch, measure, value.
        seconds: Wall time of training, without imports and set-up.
        steps: Optimiser steps of one replicate.
    """

    models: dict[int, keras.Model]
    history: pd.DataFrame
    seconds: float
    steps: int


def head_of(settings: dict) -> str:
    """Form of a run's outputs, see `models.build_network`.

    Raises:
        UserError: If HKR, which separates classes, is asked for a regression.
    """
    if settings["rule"] != "hkr":
        return "value" if settings["task"] == "regression" else "softmax"
    if settings["task"] == "regression":
        raise UserError(
            f"{settings['method']} separates classes, which {settings['dataset']} has not; "
            "remove it from that dataset's methods"
        )
    return "sign" if settings["classes"] == 2 else "scores"


def seed_for(settings: dict, replicate: int, purpose: str) -> int:
    """Seed of a draw; datasets that are prepared from one source share their draws."""
    source = settings.get("source", settings["dataset"])
    return derive_seed(settings["seed"], source, replicate, purpose)


def split_of(settings: dict, pool: Pool, replicate: int) -> tuple[np.ndarray, np.ndarray]:
    """Training and test indices of a replicate, the same for every method."""
    seed = seed_for(settings, replicate, "split")
    return split_indices(pool, settings.get("split", {}), seed)


def inputs_of(settings: dict, pool: Pool, train: np.ndarray) -> np.ndarray:
    """Inputs [N, ...] of all examples as a replicate sees them.

    Args:
        settings: Of the run; with `scaling: training_part` the inputs are scaled here, by the
            replicate's training part only, and not when they were prepared.
        pool: Prepared data of the dataset.
        train: Training indices of the replicate.
    """
    if settings.get("scaling") == "training_part":
        return scale_features(pool.x, fitted_on=pool.x[train])
    return pool.x


def run_training(
    settings: dict,
    pool: Pool,
    replicates: list[int],
    loss: BatchLoss,
    checkpoint: Checkpoint | None = None,
) -> TrainedRun:
    """Train one model per replicate.

    Args:
        settings: Of the run, as `configuration.run_settings` gives them.
        pool: Prepared data of the dataset.
        replicates: Numbers of the replicates.
        loss: Training loss.
        checkpoint: Of the job, see `training.train`.

    Raises:
        UserError: If a training diverges or the settings do not fit the data.
    """
    _refuse_unknown_labels(settings, pool)
    head, outputs = head_of(settings), settings.get("classes", 1)
    models = [
        build_network(
            settings["network"],
            pool.x.shape[1:],
            outputs,
            head,
            seed_for(settings, replicate, "initial weights"),
        )
        for replicate in replicates
    ]
    splits = [split_of(settings, pool, replicate) for replicate in replicates]
    inputs, rows = _training_inputs(settings, pool, [train_part for train_part, _ in splits])
    predictor = Predictor(models[0])

    def monitor(epoch: int, current: list[keras.Model]) -> list[Curve]:
        curves = []
        for replicate, model, (train_part, test) in zip(replicates, current, splits, strict=True):
            seen = inputs_of(settings, pool, train_part)[test]
            measures = evaluate_outputs(predictor(model, seen), pool.y[test], head)
            curves.extend((replicate, epoch, f"test_{name}", v) for name, v in measures.items())
        return curves

    sigma = settings.get("noise_sigma")
    seeds = [seed_for(settings, replicate, "training noise") for replicate in replicates]
    augment = functools.partial(add_gaussian_noise, sigma=sigma, seeds=seeds) if sigma else None

    def order_seed(position: int, epoch: int) -> int:
        return seed_for(settings, replicates[position], f"order of epoch {epoch}")

    schedule = Schedule(
        settings["epochs"],
        settings["batch_size"],
        settings["learning_rate"],
        settings.get("weight_decay"),
        settings.get("precision", "float32"),
    )
    copies = len(inputs) // len(pool.x)
    orders = epoch_orders(settings, rows, np.tile(pool.y, copies), order_seed)
    targets = np.tile(encode_targets(pool.y, head, outputs), (copies, 1))
    trained = train(models, loss, inputs, targets, orders, schedule, monitor, augment, checkpoint)
    losses, curves = trained.losses, list(trained.records)
    for position, replicate in enumerate(replicates):
        for epoch, steps in enumerate(losses[:, :, position], start=1):
            curves.append((replicate, epoch, "mean_loss", float(steps.mean())))
            curves.append((replicate, epoch, "last_batch_loss", float(steps[-1])))
    history = pd.DataFrame(curves, columns=["replicate", "epoch", "measure", "value"])
    history = history.sort_values(["replicate", "measure", "epoch"], ignore_index=True)
    steps = losses.shape[0] * losses.shape[1]
    log.info("%d steps of %d replicate(s) in %.1f s", steps, len(replicates), trained.seconds)
    return TrainedRun(dict(zip(replicates, models, strict=True)), history, trained.seconds, steps)


def _training_inputs(
    settings: dict, pool: Pool, parts: list[np.ndarray]
) -> tuple[np.ndarray, list[np.ndarray]]:
    """One array of inputs for all replicates, and in it the rows of each one's training part.

    Where every replicate scales for itself, its inputs follow those of the one before.
    """
    if settings.get("scaling") != "training_part":
        return pool.x, parts
    inputs = [inputs_of(settings, pool, part) for part in parts]
    return np.concatenate(inputs), [part + i * len(pool.x) for i, part in enumerate(parts)]


def _refuse_unknown_labels(settings: dict, pool: Pool) -> None:
    classes = settings.get("classes")
    if classes and pool.y.max() >= classes:
        raise UserError(
            f"{settings['dataset']} has labels up to {int(pool.y.max())}, and `classes` is "
            f"{classes}; correct it in the config"
        )


def evaluate_outputs(outputs: np.ndarray, y: np.ndarray, head: str) -> dict[str, float]:
    """Measures of outputs [N, n] against targets or labels [N]: "mse", or "accuracy"."""
    if head == "value":
        return {"mse": float(np.mean(np.square(outputs[:, 0] - y)))}
    return {"accuracy": float(np.mean(decode_classes(outputs, head) == y))}


def model_path(folder: Path, replicate: int) -> Path:
    """File of a replicate's model in the folder of its job."""
    return folder / f"replicate_{replicate:03d}.keras"


def constrained_path(folder: Path, replicate: int) -> Path:
    """File of a replicate's 1-Lipschitz model, beside its plain export."""
    return folder / f"replicate_{replicate:03d}.constrained.keras"
