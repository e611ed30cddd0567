"""A replicate of a run: its seeds, data, outputs and files, for whatever trains or evaluates it."""

from pathlib import Path

import numpy as np

from gradloss.data.pool import Pool, split_indices
from gradloss.data.scaling import scale_features
from gradloss.networks.architectures import decode_classes
from gradloss.support.seeds import derive_seed


def seed_for(settings: dict, replicate: int, purpose: str) -> int:
    """Seed of a draw; datasets that are prepared from one source share their draws."""
    source = settings.get("source", settings["dataset"])
    return derive_seed(settings["seed"], source, replicate, purpose)


def split_of(settings: dict, pool: Pool, replicate: int) -> tuple[np.ndarray, np.ndarray]:
    """Training and test indices of a replicate, the same for every method.

    With `validation`, a share, this part of the training indices takes the place of the test
    indices, which are left out; the others keep their order.
    """
    seed = seed_for(settings, replicate, "split")
    train, test = split_indices(pool, settings.get("split", {}), seed)
    if "validation" not in settings:
        return train, test
    generator = np.random.default_rng(seed_for(settings, replicate, "validation part"))
    held_out = np.zeros(len(train), dtype=bool)
    held_out[generator.choice(len(train), round(settings["validation"] * len(train)), False)] = True
    return train[~held_out], train[held_out]


def inputs_of(settings: dict, pool: Pool, train: np.ndarray) -> np.ndarray:
    """Inputs [N, ...] of all examples as a replicate sees them.

    Args:
        settings: Of the run; with `scaling: training_part` the inputs are scaled here, by the
            replicate's training part only, and not when they were prepared.
        pool: Prepared data of the dataset.
        train: Training indices of the replicate.
    """
    if settings.get("scaling") == "training_part":
        return scale_features(pool.x, fitted_on=pool.x[train])
    return pool.x


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
