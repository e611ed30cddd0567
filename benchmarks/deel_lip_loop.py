"""Measures the document's HKR training: `fit` of deel-lip 1.5.0 on a Python generator.

deel-lip needs Keras 2: the environment must hold TF_USE_LEGACY_KERAS=1.
"""

import sys
from collections.abc import Iterator

import numpy as np
import tensorflow as tf
from deel.lip.activations import FullSort
from deel.lip.layers import FrobeniusDense, SpectralDense
from deel.lip.losses import HKR, KR, HingeMargin
from deel.lip.model import Model
from measurement import Measurement, from_command_line, training_seconds
from turns import EpochClock, Turns

from gradloss.command import run
from gradloss.data.pool import split_indices


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


def sign_accuracy(y_true: tf.Tensor, y_pred: tf.Tensor) -> tf.Tensor:
    """Share of outputs whose sign is the class."""
    agree = tf.equal(y_true[:, 0] >= 0, y_pred[:, 0] >= 0)
    return tf.reduce_mean(tf.cast(agree, tf.float32))


def build_model(settings: dict) -> tf.keras.Model:
    """The 1-Lipschitz network, compiled; deel-lip's margin is twice that of the settings."""
    tf.keras.utils.set_random_seed(settings["seed"])
    inputs = outputs = tf.keras.Input((2,))
    for units in settings["network"]["hidden"]:
        outputs = SpectralDense(units, activation=FullSort())(outputs)
    model = Model(inputs=inputs, outputs=FrobeniusDense(1, activation=None)(outputs))
    margin = 2 * settings["margin"]
    model.compile(
        loss=HKR(alpha=settings["alpha"], min_margin=margin),
        metrics=[KR(), HingeMargin(min_margin=margin), sign_accuracy],
        optimizer=tf.keras.optimizers.Adam(settings["learning_rate"]),
    )
    return model


def measure(measurement: Measurement, turns: Turns) -> None:
    """Turns of `fit`, which does not validate."""
    settings, pool = measurement.timed_settings(), measurement.load_pool()
    train, _ = split_indices(pool, settings["split"], settings["seed"])
    signs = np.where(pool.y[train] == 0, 1.0, -1.0).astype(np.float32)
    steps, turn_steps = measurement.training_steps(len(train)), measurement.turn_steps(len(train))

    def answer(training: float, validation: float) -> None:
        turns.answer(seconds=training_seconds(training / turn_steps, steps))

    rng = np.random.default_rng(settings["seed"])
    build_model(settings).fit(
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
