"""The training of a run: a method on a dataset, for a range of replicates."""

import functools
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import keras
import numpy as np
import pandas as pd
import tensorflow as tf

from gradloss.configuration.heads import head_of
from gradloss.data.pool import Pool
from gradloss.losses.binding import BatchLoss, BatchTerm
from gradloss.networks.architectures import build_network, encode_targets
from gradloss.networks.prediction import Predictor
from gradloss.networks.replicate import (
    evaluate_outputs,
    inputs_of,
    seed_for,
    split_of,
)
from gradloss.support.errors import UserError
from gradloss.training.checkpoints import Checkpoint
from gradloss.training.engine import Schedule, TrainingLog, train
from gradloss.training.orders import epoch_orders, examples_per_epoch

log = logging.getLogger(__name__)

Curve = tuple[int, int, str, float]  # replicate, epoch, measure, value
CURVE_POINTS = 200  # epochs of a history, which a figure can show and an archive can hold


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


def run_training(
    settings: dict,
    pool: Pool,
    replicates: list[int],
    loss: BatchLoss,
    checkpoint: Checkpoint | None = None,
    terms: Mapping[str, BatchTerm] = MappingProxyType({}),
) -> TrainedRun:
    """Train one model per replicate.

    Args:
        settings: Of the run, as `runs.run_settings` gives them.
        pool: Prepared data of the dataset.
        replicates: Numbers of the replicates.
        loss: Training loss.
        checkpoint: Of the job, see `engine.train`.
        terms: By name, what else is recorded of each batch, see `engine.train`.

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
    trained = train(
        models,
        loss,
        inputs,
        targets,
        orders,
        schedule,
        monitor,
        augment,
        checkpoint,
        list(terms.values()),
    )
    curves = list(trained.records)
    examples = examples_per_epoch(settings, rows)
    for measure, values in _epoch_values(trained, terms, examples, schedule.batch_size).items():
        for replicate, own in zip(replicates, values.T, strict=True):
            curves.extend(
                (replicate, epoch, measure, float(own[epoch - 1]))
                for epoch in kept_epochs(schedule)
            )
    history = pd.DataFrame(curves, columns=["replicate", "epoch", "measure", "value"])
    history = history.sort_values(["replicate", "measure", "epoch"], ignore_index=True)
    epochs, steps_per_epoch, _ = trained.losses.shape
    steps = epochs * steps_per_epoch
    log.info("%d steps of %d replicate(s) in %.1f s", steps, len(replicates), trained.seconds)
    return TrainedRun(dict(zip(replicates, models, strict=True)), history, trained.seconds, steps)


def _epoch_values(
    trained: TrainingLog, terms: Iterable[str], examples: int, batch_size: int
) -> dict[str, np.ndarray]:
    """What the batches of each epoch had, [epochs, R] by measure."""
    means = {"mean_loss": trained.losses} | {
        f"mean_{name}": trained.terms[..., place] for place, name in enumerate(terms)
    }
    return {"last_batch_loss": trained.losses[:, -1]} | {
        measure: epoch_means(values, examples, batch_size) for measure, values in means.items()
    }


def kept_epochs(schedule: Schedule) -> list[int]:
    """Epochs, counted from 1, whose losses a history keeps.

    All of them where they are at most `CURVE_POINTS`; of longer trainings as many, evenly, with
    those that the monitor sees and the last two.
    """
    last = schedule.epochs
    evenly = np.linspace(1, last, min(last, CURVE_POINTS)).round().astype(int).tolist()
    seen = filter(schedule.is_monitored, range(1, last + 1))
    return sorted({*evenly, *seen, max(1, last - 1)})


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


def epoch_means(values: np.ndarray, examples: int, batch_size: int) -> np.ndarray:
    """Means over each epoch of what its batches had, weighted by their sizes as Keras' `fit` does.

    Args:
        values: [epochs, steps, R].
        examples: Of an epoch; the last batch may be a partial one.
        batch_size: Examples of all other batches.

    Returns:
        [epochs, R].
    """
    sizes = np.diff([*range(0, examples, batch_size), examples])
    return np.average(values, axis=1, weights=sizes)


def add_gaussian_noise(
    inputs: tf.Tensor, step: tf.Tensor, sigma: float, seeds: list[int]
) -> tf.Tensor:
    """Inputs [R, batch, ...] with fresh noise of standard deviation sigma in every step.

    Args:
        inputs: Of one step.
        step: Its number, an integer scalar.
        sigma: Of the noise.
        seeds: One for each replicate, so that its noise does not depend on the others.
    """
    step = tf.cast(step, tf.int64)
    noise = [
        tf.random.stateless_normal(tf.shape(inputs)[1:], seed=tf.stack([seed, step]))
        for seed in seeds
    ]
    return inputs + sigma * tf.stack(noise)
