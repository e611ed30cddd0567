"""Trilotropicos."""

from collections.abc import Mapping

import numpy as np

from gradloss.data.arrays import Arrays


def prepare(raw: Mapping[str, np.ndarray]) -> Arrays:
    """Scale density against length, all rows for training; ``source`` is passed on."""
    table = raw["table"].astype(np.float32)
    return {
        "x": table[:, :1],
        "y": table[:, 1],
        "n_train": np.int64(len(table)),
        "source": raw["source"],
    }
