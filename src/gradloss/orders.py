"""The order in which a replicate sees its training examples."""

from collections.abc import Callable, Iterator

import numpy as np

from gradloss.errors import UserError


def balanced(
    rng: np.random.Generator,
    indices: np.ndarray,
    labels: np.ndarray,
    batch_size: int,
    steps: int,
) -> np.ndarray:
    """Batches whose first half is class 0 and second half class 1, each drawn without repeats.

    Raises:
        UserError: If a class has fewer examples than half a batch, or the batch size is odd.
    """
    half = batch_size // 2
    classes = [indices[labels[indices] == label] for label in (0, 1)]
    if batch_size % 2 or min(map(len, classes)) < half:
        raise UserError(
            f"batch_size {batch_size} cannot be balanced over classes of {len(classes[0])} and "
            f"{len(classes[1])} examples; choose an even batch_size of at most twice the smaller"
        )
    halves = [rng.choice(members, half, replace=False) for _ in range(steps) for members in classes]
    return np.concatenate(halves)


def epoch_orders(
    settings: dict,
    train_indices: list[np.ndarray],
    labels: np.ndarray,
    seed_of: Callable[[int, int], int],
) -> Iterator[np.ndarray]:
    """Orders of all replicates, epoch by epoch, without end.

    Args:
        settings: Of the run: `order`, and for "balanced" also `batch_size`, `steps_per_epoch`.
        train_indices: For each replicate the pool indices [n] of its training examples.
        labels: Of the whole pool [N].
        seed_of: Seed of (position of the replicate, epoch).

    Yields:
        int32 [R, n], or [R, steps * batch] for balanced batches.
    """
    epoch = 0
    while True:
        rows = []
        for position, indices in enumerate(train_indices):
            rng = np.random.default_rng(seed_of(position, epoch))
            rows.append(_epoch_order(settings, rng, indices, labels))
        yield np.stack(rows).astype(np.int32)
        epoch += 1


def _epoch_order(
    settings: dict, rng: np.random.Generator, indices: np.ndarray, labels: np.ndarray
) -> np.ndarray:
    match settings["order"]:
        case "file":
            return indices
        case "shuffled":
            return rng.permutation(indices)
        case "balanced":
            batch_size, steps = settings["batch_size"], settings["steps_per_epoch"]
            return balanced(rng, indices, labels, batch_size, steps)
        case unknown:
            raise UserError(f"order '{unknown}' is unknown; use file, shuffled or balanced")
