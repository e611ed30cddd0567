"""Fashion-MNIST."""

from collections.abc import Mapping

import numpy as np

from gradloss.data.arrays import image_rows
from gradloss.data.forms import Form
from gradloss.support.files import Arrays

FORM = Form(shape=(28, 28, 1), classes=10, images=True, fixed_split=True)


def prepare(
    raw: Mapping[str, np.ndarray], limit_train: int | None = None, limit_test: int | None = None
) -> Arrays:
    """Fashion-MNIST as [28, 28, 1]; pixels divided by 255 in float64, then cast to float32.

    Args:
        raw: The downloaded arrays.
        limit_train: Keep the first so many training rows.
        limit_test: Keep the first so many test rows.
    """
    scale = (np.arange(256) / 255.0).astype(np.float32)
    x, y, n_train = image_rows(raw, limit_train, limit_test)
    return {"x": scale[x][..., np.newaxis], "y": y, "n_train": n_train}
