"""One run: a method trained on a dataset for a range of replicates."""

import logging
import time
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import pandas as pd

from gradloss.data.pool import Pool, split_indices
from gradloss.errors import UserError
from gradloss.losses import build_loss
from gradloss.models import build_network, decode_classes, encode_targets
from gradloss.orders import epoch_orders
from gradloss.prediction import Predictor
from gradloss.seeds import derive_seed
from gradloss.training import Schedule, train

log = logging.getLogger(__name__)


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
    """Form of a run's outputs: "value", "softmax" or "sign" (see `models.build_network`).

    Raises:
        UserError: If HKR, which separates two classes, is asked for anything else.
    """
    if settings["rule"] == "hkr":
        if settings.get("classes") != 2:
            raise UserError(
                f"{settings['method']} separates two classes, which {settings['dataset']} has not; "
                "remove it from that dataset's methods"
            )
        return "sign"
    return "value" if settings["task"] == "regression" else "softmax"


def split_of(settings: dict, pool: Pool, replicate: int) -> tuple[np.ndarray, np.ndarray]:
    """Training and test indices of a replicate, the same for every method."""
    seed = derive_seed(settings["seed"], settings["dataset"], replicate, "split")
    return split_indices(pool, settings.get("split", {}), seed)


def run_training(settings: dict, pool: Pool, replicates: list[int]) -> TrainedRun:
    """Train one model per replicate.

    Args:
        settings: Of the run, as `configuration.run_settings` gives them.
        pool: Prepared data of the dataset.
        replicates: Numbers of the replicates.

    Raises:
        UserError: If a training diverges or the settings do not fit the data.
    """
    _refuse_unknown_labels(settings, pool)
    dataset, root = settings["dataset"], settings["seed"]
    head, outputs = head_of(settings), settings.get("classes", 1)
    loss = build_loss(settings)
    models = [
        build_network(
            settings["network"],
            pool.x.shape[1:],
            outputs,
            head,
            derive_seed(root, dataset, replicate, "initial weights"),
        )
        for replicate in replicates
    ]
    splits = [split_of(settings, pool, replicate) for replicate in replicates]

    def order_seed(position: int, epoch: int) -> int:
        return derive_seed(root, dataset, replicates[position], f"order of epoch {epoch}")

    predictor = Predictor(models[0])
    curves: list[tuple[int, int, str, float]] = []

    def monitor(epoch: int, current: list[keras.Model]) -> None:
        for replicate, model, (_, test) in zip(replicates, current, splits, strict=True):
            measures = evaluate_outputs(predictor(model, pool.x[test]), pool.y[test], head)
            curves.extend((replicate, epoch, f"test_{name}", v) for name, v in measures.items())

    schedule = Schedule(settings["epochs"], settings["batch_size"], settings["learning_rate"])
    orders = epoch_orders(settings, [train_part for train_part, _ in splits], pool.y, order_seed)
    targets = encode_targets(pool.y, head, outputs)
    start = time.perf_counter()
    losses = train(models, loss, pool.x, targets, orders, schedule, monitor)
    seconds = time.perf_counter() - start
    for position, replicate in enumerate(replicates):
        for epoch, steps in enumerate(losses[:, :, position], start=1):
            curves.append((replicate, epoch, "mean_loss", float(steps.mean())))
            curves.append((replicate, epoch, "last_batch_loss", float(steps[-1])))
    history = pd.DataFrame(curves, columns=["replicate", "epoch", "measure", "value"])
    history = history.sort_values(["replicate", "measure", "epoch"], ignore_index=True)
    steps = losses.shape[0] * losses.shape[1]
    log.info("%d steps of %d replicate(s) in %.1f s", steps, len(replicates), seconds)
    return TrainedRun(dict(zip(replicates, models, strict=True)), history, seconds, steps)


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
