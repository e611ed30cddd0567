"""Measures the training loops of the documents, in Keras 3.

The gradient loss is trained by a `tf.function` of one step, called from Python loops over epochs
and over a `tf.data` dataset; the baseline by `compile` and `fit` with the test set as validation
data. Networks and losses are the engine's, so only the way of training differs.
"""

import sys
import time
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf
from measurement import Measurement, from_command_line, training_seconds
from turns import EpochClock, Turns

from gradloss.configuration.heads import head_of
from gradloss.data.pool import Pool
from gradloss.losses.plain import build_loss
from gradloss.networks.architectures import build_network, encode_targets
from gradloss.networks.replicate import split_of
from gradloss.support.command import run


class FitClock(EpochClock, keras.callbacks.Callback):
    """Turns within `fit` of Keras 3."""


def compile_arguments(dataset: str) -> dict:
    """Loss and metrics of the documents' baselines."""
    return {
        "boston": {"loss": "mse"},
        "mnist": {
            "loss": keras.losses.SparseCategoricalCrossentropy(),
            "metrics": ["accuracy"],
        },
        "fashion_mnist": {
            "loss": keras.losses.CategoricalCrossentropy(),
            "metrics": ["accuracy"],
        },
    }[dataset]


def build_model(settings: dict, pool: Pool) -> keras.Model:
    """The network of the documents, which is the engine's."""
    outputs = settings.get("classes", 1)
    inputs = pool.x.shape[1:]
    return build_network(settings["network"], inputs, outputs, head_of(settings), settings["seed"])


def measure_gradient(measurement: Measurement, turns: Turns) -> None:
    """Turns of the loop over `train_step`."""
    settings, pool = measurement.settings, measurement.load_pool()
    train, _ = split_of(settings, pool, 0)
    rows = measurement.timed_rows(train)
    targets = encode_targets(pool.y[rows], head_of(settings), settings.get("classes", 1))
    model, loss_of = build_model(settings, pool), build_loss(settings)
    optimizer = keras.optimizers.Adam(settings["learning_rate"])
    batches = tf.data.Dataset.from_tensor_slices((pool.x[rows], targets))
    batches = batches.batch(settings["batch_size"])

    @tf.function
    def train_step(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            loss = loss_of(model, x, y)
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        return loss

    def train_epochs() -> None:
        for _ in range(measurement.epochs):
            for x, y in batches:
                loss = train_step(x, y)
        loss.numpy()

    train_epochs()
    for _ in turns:
        start = time.perf_counter()
        train_epochs()
        step = (time.perf_counter() - start) / measurement.turn_steps(len(train))
        turns.answer(seconds=training_seconds(step, measurement.training_steps(len(train))))


def measure_fit(measurement: Measurement, turns: Turns) -> None:
    """Turns of `fit`, which validates after each epoch."""
    settings, pool = measurement.settings, measurement.load_pool()
    train, test = split_of(settings, pool, 0)
    y = pool.y.astype(np.float32)
    if settings["dataset"] == "fashion_mnist":
        y = encode_targets(pool.y, "softmax", settings["classes"])
    steps, turn_steps = measurement.training_steps(len(train)), measurement.turn_steps(len(train))

    def answer(training: float, validation: float) -> None:
        passed, passes = validation / measurement.epochs, settings["epochs"]
        turns.answer(seconds=training_seconds(training / turn_steps, steps, passed, passes))

    rows = measurement.timed_rows(train)
    model = build_model(settings, pool)
    model.compile(optimizer="adam", **compile_arguments(settings["dataset"]))
    model.fit(
        pool.x[rows],
        y[rows],
        batch_size=settings["batch_size"],
        epochs=sys.maxsize,
        validation_data=(pool.x[test], y[test]),
        verbose=2,
        callbacks=[FitClock(turns, measurement.epochs, answer)],
    )


LOOPS: dict[str, Callable[[Measurement, Turns], None]] = {
    "gradient": measure_gradient,
    "baseline": measure_fit,
}


def main() -> None:
    """Take the turns of each measurement on the command line."""
    turns = Turns()
    for measurement in from_command_line():
        LOOPS[measurement.settings["rule"]](measurement, turns)


if __name__ == "__main__":
    run(main)
