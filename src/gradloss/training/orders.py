"""The order in which a replicate sees its training examples."""

import functools
import itertools
from collections.abc import Callable, Iterator

import numpy as np

from gradloss.support.errors import UserError


def balanced(
    rng: np.random.Generator,
    indices: np.ndarray,
    labels: np.ndarray,
    classes: int,
    batch_size: int,
    steps: int,
) -> np.ndarray:
    """Batches of equal parts of classes 0, 1, ..., in this order, each drawn without repeats.

    Raises:
        UserError: If a class has fewer examples than its part, or the parts are not equal.
    """
    part, rest = divmod(batch_size, classes)
    members = [indices[labels[indices] == label] for label in range(classes)]
    fewest = min(map(len, members))
    if rest or fewest < part:
        raise UserError(
            f"batch_size {batch_size} cannot be balanced over {classes} classes, the smallest of "
            f"{fewest} examples; choose a multiple of {classes}, at most {classes * fewest}"
        )
    parts = [rng.choice(own, part, replace=False) for _ in range(steps) for own in members]
    return np.concatenate(parts)


def epoch_orders(
    settings: dict,
    train_indices: list[np.ndarray],
    labels: np.ndarray,
    seed_of: Callable[[int, int], int],
) -> Iterator[np.ndarray]:
    """Orders of all replicates, epoch by epoch, without end.

    An epoch is a pass over the training examples, or, with `steps_per_epoch`, that many full
    batches: of passes that follow each other without a break, or balanced ones.

    Args:
        settings: Of the run: `order`, maybe `steps_per_epoch`, and then `batch_size`; `classes`
            where balanced.
        train_indices: For each replicate the pool indices [n] of its training examples.
        labels: Of the whole pool [N].
        seed_of: Seed of (position of the replicate, pass over the data).

    Yields:
        int32 [R, n], or [R, steps * batch].
    """
    replicates = [
        _replicate_orders(settings, indices, labels, functools.partial(seed_of, position))
        for position, indices in enumerate(train_indices)
    ]
    while True:
        yield np.stack([next(orders) for orders in replicates]).astype(np.int32)


def examples_per_epoch(settings: dict, train_indices: list[np.ndarray]) -> int:
    """Length of an order of `epoch_orders`."""
    if "steps_per_epoch" in settings:
        return settings["steps_per_epoch"] * settings["batch_size"]
    return len(train_indices[0])


def _replicate_orders(
    settings: dict, indices: np.ndarray, labels: np.ndarray, seed_of: Callable[[int], int]
) -> Iterator[np.ndarray]:
    generators = (np.random.default_rng(seed_of(number)) for number in itertools.count())
    match settings["order"]:
        case "file":
            passes = itertools.repeat(indices)
        case "shuffled":
            passes = (rng.permutation(indices) for rng in generators)
        case "balanced":
            sizes = settings["classes"], settings["batch_size"], settings["steps_per_epoch"]
            return (balanced(rng, indices, labels, *sizes) for rng in generators)
        case unknown:
            raise UserError(f"order '{unknown}' is unknown; use file, shuffled or balanced")
    if "steps_per_epoch" not in settings:
        return passes
    return _cut(passes, settings["steps_per_epoch"] * settings["batch_size"])


def _cut(passes: Iterator[np.ndarray], size: int) -> Iterator[np.ndarray]:
    """Pieces of one size from passes that follow each other."""
    rest = np.empty(0, dtype=np.int64)
    while True:
        while len(rest) < size:
            rest = np.concatenate([rest, next(passes)])
        yield rest[:size]
        rest = rest[size:]
