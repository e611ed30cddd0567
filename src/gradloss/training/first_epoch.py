"""What a run trains on in its first epoch, as arrays for a library that is not ours."""

import numpy as np

from gradloss.configuration.heads import head_of
from gradloss.data.pool import Pool
from gradloss.networks.architectures import encode_targets
from gradloss.networks.replicate import inputs_of, seed_for, split_of
from gradloss.training.orders import epoch_orders


def first_epoch(settings: dict, pool: Pool, replicates: list[int]) -> dict[str, np.ndarray]:
    """The examples of each replicate's first epoch, batch by batch.

    Args:
        settings: Of the run, as `configuration.run_settings` gives them.
        pool: Prepared data of the dataset.
        replicates: Numbers of the replicates.

    Returns:
        Inputs `x` float32 [R, n, ...], targets `y` float32 [R, n, outputs], and int64 [R]:
        `replicate`, and `seed`, that of its initial weights.
    """
    examples = [_examples(settings, pool, replicate) for replicate in replicates]
    x, y = map(np.stack, zip(*examples, strict=True))
    seeds = [seed_for(settings, replicate, "initial weights") for replicate in replicates]
    return {"x": x, "y": y, "replicate": np.array(replicates), "seed": np.array(seeds)}


def _examples(settings: dict, pool: Pool, replicate: int) -> tuple[np.ndarray, np.ndarray]:
    train, _ = split_of(settings, pool, replicate)

    def order_seed(_position: int, epoch: int) -> int:
        return seed_for(settings, replicate, f"order of epoch {epoch}")

    [order] = next(epoch_orders(settings, [train], pool.y, order_seed))
    targets = encode_targets(pool.y[order], head_of(settings), settings["classes"])
    return inputs_of(settings, pool, train)[order], targets
