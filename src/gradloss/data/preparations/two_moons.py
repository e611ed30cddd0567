"""Two moons."""

from collections.abc import Mapping

import numpy as np
from sklearn.datasets import make_moons

from gradloss.data.arrays import (
    MAX_SEED,
    number,
    points,
    whole,
)
from gradloss.data.forms import Form
from gradloss.support.files import Arrays

FORM = Form(shape=(2,), classes=2)


def prepare(
    raw: Mapping[str, np.ndarray], pool_size: int, seed: int, noise: float = 0.05
) -> Arrays:
    """Two half circles in the plane, labels 0 and 1, in random order.

    Args:
        raw: Nothing.
        pool_size: Number of points.
        seed: Of the points and their order.
        noise: Standard deviation of the Gaussian noise on the points.
    """
    del raw
    x, y = make_moons(
        whole("pool_size", pool_size, 2),
        noise=number("noise", noise),
        random_state=whole("seed", seed, 0, MAX_SEED),
    )
    return points(x, y)
