"""MNIST."""

from collections.abc import Mapping

import numpy as np

from gradloss.data.arrays import image_rows
from gradloss.data.forms import Form
from gradloss.support.files import Arrays

FORM = Form(shape=(784,), classes=10, images=True, fixed_split=True)


def prepare(
    raw: Mapping[str, np.ndarray], limit_train: int | None = None, limit_test: int | None = None
) -> Arrays:
    """MNIST as vectors of 784; pixels cast to float32, then divided by 255 in float32.

    Args:
        raw: The downloaded arrays.
        limit_train: Keep the first so many training rows.
        limit_test: Keep the first so many test rows.
    """
    scale = np.arange(256, dtype=np.float32) / np.float32(255)
    x, y, n_train = image_rows(raw, limit_train, limit_test)
    return {"x": scale[x].reshape(len(x), -1), "y": y, "n_train": n_train}
