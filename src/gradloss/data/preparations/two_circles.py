"""Two circles."""

from collections.abc import Mapping

import numpy as np
from sklearn.datasets import make_circles

from gradloss.data.arrays import (
    MAX_SEED,
    number,
    points,
    whole,
)
from gradloss.data.forms import Form
from gradloss.support.errors import UserError
from gradloss.support.files import Arrays

FORM = Form(shape=(2,), classes=2)


def prepare(
    raw: Mapping[str, np.ndarray],
    pool_size: int,
    seed: int,
    noise: float = 0.05,
    factor: float = 0.4,
) -> Arrays:
    """Two concentric circles in the plane, labels 0 (outer) and 1 (inner), in random order.

    Args:
        raw: Nothing.
        pool_size: Number of points.
        seed: Of the points and their order.
        noise: Standard deviation of the Gaussian noise on the points.
        factor: Inner radius over outer radius, below 1.
    """
    del raw
    if number("factor", factor) >= 1:
        raise UserError(f"factor is {factor!r}, give a number in 0 to 1, below 1")
    x, y = make_circles(
        whole("pool_size", pool_size, 2),
        noise=number("noise", noise),
        factor=factor,
        random_state=whole("seed", seed, 0, MAX_SEED),
    )
    return points(x, y)
