"""Measures the document's HKR training: `fit` of deel-lip 1.5.0 on a Python generator.

deel-lip needs Keras 2: the environment must hold TF_USE_LEGACY_KERAS=1.
"""

import sys
from collections.abc import Iterator

import numpy as np
import tensorflow as tf
from measurement import Measurement, from_command_line, training_seconds
from turns import EpochClock, Turns

from gradloss.data.pool import split_indices
from gradloss.support.command import run
from gradloss.training.deel_lip import build_model


class FitClock(EpochClock, tf.keras.callbacks.Callback):
    """Turns within `fit` of Keras 2."""


def balanced_batches(
    rng: np.random.Generator, x: np.ndarray, y: np.ndarray, size: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Without end, batches whose halves are drawn from the classes +1 and -1."""
    members = [np.flatnonzero(y == sign) for sign in (1, -1)]
    while True:
        halves = [rng.choice(rows, size // 2, replace=False) for rows in members]
        rows = np.concatenate(halves)
        yield x[rows], y[rows, None]


def measure(measurement: Measurement, turns: Turns) -> None:
    """Turns of `fit`, which does not validate."""
    settings, pool = measurement.timed_settings(), measurement.load_pool()
    train, _ = split_indices(pool, settings["split"], settings["seed"])
    signs = np.where(pool.y[train] == 0, 1.0, -1.0).astype(np.float32)
    steps, turn_steps = measurement.training_steps(len(train)), measurement.turn_steps(len(train))

    def answer(training: float, validation: float) -> None:
        turns.answer(seconds=training_seconds(training / turn_steps, steps))

    rng = np.random.default_rng(settings["seed"])
    build_model(settings, settings["seed"]).fit(
        balanced_batches(rng, pool.x[train], signs, settings["batch_size"]),
        steps_per_epoch=settings["steps_per_epoch"],
        epochs=sys.maxsize,
        verbose=2,
        callbacks=[FitClock(turns, measurement.epochs, answer)],
    )


def main() -> None:
    """Take the turns of each measurement on the command line."""
    turns = Turns()
    for measurement in from_command_line():
        measure(measurement, turns)


if __name__ == "__main__":
    run(main)
