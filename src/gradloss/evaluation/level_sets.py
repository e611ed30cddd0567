"""A function of two inputs on a grid over its data, for a figure of its level sets."""

import keras
import numpy as np

from gradloss.data.pool import Pool

GRID = 101  # points along each axis
SAMPLE = 1000  # points kept per class
MARGIN = 0.3  # around the data, in its units


def plane(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates [GRID, GRID] each of a grid over points x [N, 2] and a margin."""
    low, high = x.min(axis=0) - MARGIN, x.max(axis=0) + MARGIN
    return np.meshgrid(*(np.linspace(*ends, GRID) for ends in zip(low, high, strict=True)))


def values_on_grid(
    constrained: keras.Model, plain: keras.Model, x: np.ndarray
) -> dict[str, np.ndarray]:
    """What a 1-Lipschitz network gives before and after its export.

    Args:
        constrained: The network of 1-Lipschitz layers, with two inputs and one output.
        plain: Its export.
        x: Data [N, 2].

    Returns:
        float32 [GRID, GRID] each: the coordinates `first` and `second`, and the outputs `before`
        and `after` there.
    """
    first, second = plane(x)
    points = np.stack([first.ravel(), second.ravel()], axis=1).astype(np.float32)
    outputs = {
        name: model.predict(points, batch_size=4096, verbose=0).reshape(first.shape)
        for name, model in (("before", constrained), ("after", plain))
    }
    coordinates = {"first": first.astype(np.float32), "second": second.astype(np.float32)}
    return coordinates | outputs


def sample_of(pool: Pool) -> dict[str, np.ndarray]:
    """Points `x` float32 [n, 2] and classes `y` int64 [n] of some examples of each class."""
    rows = [np.flatnonzero(pool.y == label)[:SAMPLE] for label in np.unique(pool.y)]
    chosen = np.concatenate(rows)
    return {"x": pool.x[chosen], "y": pool.y[chosen]}
