"""Measures the engine, `gradloss.training.engine.train`, as a training job of the workflow runs it.

The steps are timed without the monitor. What the monitor does is timed apart, and counted as
often as a full training calls it.
"""

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

import keras
import numpy as np
from measurement import Measurement, from_command_line, training_seconds
from turns import Turns

from gradloss.configuration.heads import head_of
from gradloss.data.pool import Pool
from gradloss.evaluation.plain import operations_per_example
from gradloss.losses import hkr
from gradloss.losses import plain as losses
from gradloss.losses.binding import BatchLoss
from gradloss.networks.architectures import build_network, encode_targets
from gradloss.networks.prediction import Predictor
from gradloss.networks.replicate import evaluate_outputs, split_of
from gradloss.support.command import run
from gradloss.support.device import configure_device
from gradloss.support.seeds import derive_seed
from gradloss.training.engine import Schedule, train
from gradloss.training.orders import epoch_orders
from gradloss.training.stacked import StackedReplicates


@dataclass(frozen=True)
class Endless(Schedule):
    """A schedule of turns without end, whose calls of the graph end with the turns.

    Attributes:
        turn: Epochs of a turn.
    """

    turn: int = 1

    def is_monitored(self, epoch: int) -> bool:
        """Whether a turn ends with an epoch, counted from 1."""
        return epoch % self.turn == 0


def take_turns(
    orders: Iterator[np.ndarray], epochs: int, turns: Turns, answer: Callable[[float], None]
) -> Iterator[np.ndarray]:
    """Orders for `train`, which asks for the next one when the steps of the last are done.

    A turn of epochs to warm up, and then one for each request, with its seconds as the answer.
    """
    yield from islice(orders, epochs)
    for _ in turns:
        start = time.perf_counter()
        yield from islice(orders, epochs)
        answer(time.perf_counter() - start)


def loss_of(settings: dict) -> BatchLoss:
    """Training loss of a run of any kind."""
    return (hkr if settings["rule"] == "hkr" else losses).build_loss(settings)


def count_operations(settings: dict, model, examples: int) -> float:
    """Operations of a full training of one replicate; NaN where they are not counted."""
    if settings["rule"] == "hkr":
        return float("nan")
    outputs, batch = model.output_shape[-1], settings["batch_size"]
    per_example = operations_per_example(model, loss_of(settings), outputs, batch)
    return per_example * examples * settings["epochs"]


def measure(measurement: Measurement, pool: Pool, turns: Turns) -> None:
    """Turns of the engine with all replicates of the measurement stacked."""
    settings = measurement.timed_settings()
    head, outputs, root = head_of(settings), settings.get("classes", 1), settings["seed"]
    models = [
        build_network(settings["network"], pool.x.shape[1:], outputs, head, root + replicate)
        for replicate in range(measurement.replicates)
    ]
    splits = [split_of(settings, pool, replicate) for replicate in range(len(models))]
    examples = len(splits[0][0])
    rows = [measurement.timed_rows(train_rows) for train_rows, _ in splits]
    loss, targets = loss_of(settings), encode_targets(pool.y, head, outputs)
    full = Schedule(settings["epochs"], settings["batch_size"], settings["learning_rate"])
    optimizer = keras.optimizers.Adam(full.learning_rate)
    monitored, predictor = StackedReplicates(models, loss, optimizer), Predictor(models[0])
    operations = count_operations(settings, models[0], examples)
    steps = measurement.training_steps(examples)
    passes = sum(map(full.is_monitored, range(1, full.epochs + 1)))

    def monitor() -> float:
        start = time.perf_counter()
        for model, (_, test) in zip(monitored.write_back(), splits, strict=True):
            evaluate_outputs(predictor(model, pool.x[test]), pool.y[test], head)
        return time.perf_counter() - start

    def answer(seconds: float) -> None:
        step = seconds / measurement.turn_steps(examples)
        turns.answer(
            seconds=training_seconds(step, steps, monitor(), passes),
            step_seconds=step,
            operations=operations,
            step_operations=operations / steps,
            timed_share=measurement.turn_steps(examples) / steps,
        )

    def seed_of(position: int, epoch: int) -> int:
        return derive_seed(root, settings["dataset"], position, f"order of epoch {epoch}")

    monitor()
    orders = take_turns(
        epoch_orders(settings, rows, pool.y, seed_of), measurement.epochs, turns, answer
    )
    endless = Endless(sys.maxsize, full.batch_size, full.learning_rate, turn=measurement.epochs)
    train(models, loss, pool.x, targets, orders, endless)


def main() -> None:
    """Take the turns of each measurement on the command line; all of them are of one dataset."""
    turns, measurements = Turns(), from_command_line()
    configure_device(measurements[0].settings["threads"])
    pool = measurements[0].load_pool()
    for measurement in measurements:
        measure(measurement, pool, turns)


if __name__ == "__main__":
    run(main)
