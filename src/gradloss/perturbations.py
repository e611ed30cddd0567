"""Perturbations of test inputs, drawn alike for every method."""

import numpy as np

from gradloss.seeds import derive_seed


def gaussian_directions(
    shape: tuple[int, ...], root_seed: int, dataset: str, replicate: int, draw: int
) -> np.ndarray:
    """Standard normal noise, float32, of one draw; a sweep adds it scaled by each sigma.

    Every sigma and every method sees the same directions, so that their differences carry no
    noise of the draw (common random numbers).
    """
    seed = derive_seed(root_seed, dataset, replicate, f"gaussian noise {draw}")
    return np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)
