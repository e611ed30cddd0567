"""Writes what a peer of the engine trains on, and trains the first steps with the engine.

The answer to a turn are the losses of these steps, which a peer has to reach as well.
"""

import json
import sys
from itertools import islice

import numpy as np
from measurement import Measurement
from ours import loss_of
from turns import Turns

from gradloss.configuration.heads import head_of
from gradloss.networks.architectures import build_network, encode_targets
from gradloss.networks.replicate import split_of
from gradloss.support.command import run
from gradloss.support.device import configure_device
from gradloss.support.seeds import derive_seed
from gradloss.training.engine import Schedule, train
from gradloss.training.orders import epoch_orders

# Of each epoch. Convolutions multiply a difference by rounding about fourfold in every step.
CHECKED_EPOCHS = 2
CHECKED_STEPS = 3


def hand_over(measurement: Measurement, path: str) -> np.ndarray:
    """Write inputs, targets, initial weights and the orders of a turn to an .npz file.

    Its arrays are x [N, ...], y [N, n], weights_00, weights_01, ... [R, ...], and of int32 the
    orders [epochs, R, n] and the first of them, cut to a few steps, `checked`.

    Returns:
        The engine's losses on the checked orders, [epochs, steps, R].
    """
    settings, pool = measurement.settings, measurement.load_pool()
    head, outputs, root = head_of(settings), settings.get("classes", 1), settings["seed"]
    replicates = range(measurement.replicates)
    models = [
        build_network(settings["network"], pool.x.shape[1:], outputs, head, root + replicate)
        for replicate in replicates
    ]
    splits = [split_of(settings, pool, replicate) for replicate in replicates]
    rows = [measurement.timed_rows(train_rows) for train_rows, _ in splits]

    def seed_of(position: int, epoch: int) -> int:
        return derive_seed(root, settings["dataset"], position, f"order of epoch {epoch}")

    epochs = epoch_orders(settings, rows, pool.y, seed_of)
    orders = np.stack(list(islice(epochs, max(CHECKED_EPOCHS, measurement.epochs))))
    checked = orders[:CHECKED_EPOCHS, :, : CHECKED_STEPS * settings["batch_size"]]
    targets = encode_targets(pool.y, head, outputs)
    weights = zip(*(model.get_weights() for model in models), strict=True)
    np.savez(
        path,
        x=pool.x,
        y=targets,
        orders=orders[: measurement.epochs],
        checked=checked,
        **{f"weights_{place:02}": np.stack(arrays) for place, arrays in enumerate(weights)},
    )
    schedule = Schedule(CHECKED_EPOCHS, settings["batch_size"], settings["learning_rate"])
    return train(models, loss_of(settings), pool.x, targets, iter(checked), schedule).losses


def main() -> None:
    """Hand over the measurement of the first argument, to the file of the second."""
    turns, measurement = Turns(), Measurement(**json.loads(sys.argv[1]))
    configure_device(measurement.settings["threads"])
    losses = hand_over(measurement, sys.argv[2])
    for _ in turns:
        turns.answer(losses=losses.tolist())


if __name__ == "__main__":
    run(main)
