"""Trilotropicos."""

from collections.abc import Mapping

import numpy as np

from gradloss.data.forms import Form
from gradloss.support.files import Arrays

FORM = Form(shape=(1,), fixed_split=True)


def prepare(raw: Mapping[str, np.ndarray]) -> Arrays:
    """Scale density against length, all rows for training; ``source`` is passed on."""
    table = raw["table"].astype(np.float32)
    return {
        "x": table[:, :1],
        "y": table[:, 1],
        "n_train": np.int64(len(table)),
        "source": raw["source"],
    }
