"""Perturbations of test inputs, drawn alike for every method."""

from collections.abc import Callable, Iterator

import numpy as np

from gradloss.support.errors import UserError
from gradloss.support.seeds import derive_seed

Draw = Callable[[tuple[int, ...], int, str, int, int], np.ndarray]
Apply = Callable[[np.ndarray, np.ndarray, float], np.ndarray]


def gaussian_directions(
    shape: tuple[int, ...], root_seed: int, dataset: str, replicate: int, draw: int
) -> np.ndarray:
    """Standard normal noise, float32, of one draw; a sweep adds it scaled by each sigma.

    Every sigma and every method sees the same directions, so that their differences carry no
    noise of the draw (common random numbers).
    """
    seed = derive_seed(root_seed, dataset, replicate, f"gaussian noise {draw}")
    return np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)


def uniform_directions(
    shape: tuple[int, ...], root_seed: int, dataset: str, replicate: int, draw: int
) -> np.ndarray:
    """Uniform noise in [-1, 1), float32, of one draw; a sweep adds it scaled by each half width."""
    seed = derive_seed(root_seed, dataset, replicate, f"uniform noise {draw}")
    return 2 * np.random.default_rng(seed).random(shape, dtype=np.float32) - 1


def flip_ranks(
    shape: tuple[int, ...], root_seed: int, dataset: str, replicate: int, draw: int
) -> np.ndarray:
    """Uniform numbers in [0, 1), float32, of one draw; a pixel flips at levels above its own."""
    seed = derive_seed(root_seed, dataset, replicate, f"pixel flips {draw}")
    return np.random.default_rng(seed).random(shape, dtype=np.float32)


def add(x: np.ndarray, directions: np.ndarray, level: float) -> np.ndarray:
    """The inputs, moved by ``level`` times the directions."""
    return x + np.float32(level) * directions


def add_and_clip(x: np.ndarray, directions: np.ndarray, level: float) -> np.ndarray:
    """As `add`, and then clipped to the range of images, [0, 1]."""
    return np.clip(add(x, directions, level), 0, 1)


def flip(x: np.ndarray, ranks: np.ndarray, level: float) -> np.ndarray:
    """The inputs, with 1 - x wherever the rank is below ``level``, the probability of a flip."""
    return np.where(ranks < np.float32(level), 1 - x, x)


# What a perturbation draws, and how it applies a draw at a level. Perturbations of one draw
# function share their draws.
PERTURBATIONS: dict[str, tuple[Draw, Apply]] = {
    "gaussian": (gaussian_directions, add),
    "gaussian_clipped": (gaussian_directions, add_and_clip),
    "uniform": (uniform_directions, add),
    "pixel_flip": (flip_ranks, flip),
}


def perturbed_inputs(
    x: np.ndarray, noise: dict, root_seed: int, dataset: str, replicate: int
) -> Iterator[tuple[str, float, int, np.ndarray]]:
    """Inputs under every perturbation, level and draw of a noise block.

    Args:
        x: Inputs float32 [N, ...], which stay as they are; images in [0, 1] where clipped or
            flipped.
        noise: The number of `draws` and, by the name of a perturbation, its levels in units of
            the inputs (for pixel_flip probabilities).
        root_seed: Root of every random draw.
        dataset: Name of the dataset.
        replicate: Number of the replicate.

    Yields:
        (perturbation, level, draw, perturbed inputs float32 [N, ...]).

    Raises:
        UserError: If no perturbation has such a name.
    """
    levels = {name: grid for name, grid in noise.items() if name != "draws"}
    unknown = levels.keys() - PERTURBATIONS.keys()
    if unknown:
        raise UserError(
            f"noise: perturbation '{min(unknown)}' is unknown; known are {', '.join(PERTURBATIONS)}"
        )
    for number in range(noise["draws"]):
        drawn: dict[Draw, np.ndarray] = {}
        for name, grid in levels.items():
            draw, apply = PERTURBATIONS[name]
            if draw not in drawn:
                drawn[draw] = draw(x.shape, root_seed, dataset, replicate, number)
            for level in grid:
                yield name, level, number, apply(x, drawn[draw], level)
