"""Parts that the preparations of several data sets share."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from gradloss.data.scaling import scale_features
from gradloss.support.errors import UserError
from gradloss.support.files import Arrays

SCALINGS = ("all_rows", "training_part")
MAX_SEED = 2**32 - 1


def regression(features: pd.DataFrame, target: pd.Series, scaling: str) -> Arrays:
    """Pool of a table: features as they are or scaled on all rows, target log1p.

    Args:
        features: Numbers [N, m].
        target: Numbers [N] above -1.
        scaling: "all_rows", or "training_part" to leave the features as they are.

    Raises:
        UserError: Another scaling.
    """
    if scaling not in SCALINGS:
        raise UserError(f"scaling is {scaling!r}, choose among {SCALINGS}")
    x = features.to_numpy(np.float64)
    return {
        "x": (scale_features(x, x) if scaling == "all_rows" else x).astype(np.float32),
        "y": np.log1p(target.to_numpy()).astype(np.float32),
        "n_train": np.int64(0),
        "names": np.array(features.columns, dtype=np.str_),
    }


def image_rows(
    raw: Mapping[str, np.ndarray], limit_train: int | None, limit_test: int | None
) -> tuple[np.ndarray, np.ndarray, np.int64]:
    """Training rows, then test rows: uint8 images, int64 labels, number of training rows."""
    train = slice(_limit("limit_train", limit_train, len(raw["x_train"])))
    test = slice(_limit("limit_test", limit_test, len(raw["x_test"])))
    x = np.concatenate([raw["x_train"][train], raw["x_test"][test]])
    y = np.concatenate([raw["y_train"][train], raw["y_test"][test]]).astype(np.int64)
    return x, y, np.int64(train.stop)


def _limit(name: str, value: int | None, available: int) -> int:
    return available if value is None else whole(name, value, 1, available)


def points(x: np.ndarray, y: np.ndarray) -> Arrays:
    """Pool of points [N, m] with labels [N], of which each replicate draws its parts."""
    return {"x": x.astype(np.float32), "y": y.astype(np.int64), "n_train": np.int64(0)}


def whole(name: str, value: int, low: int, high: int | None = None) -> int:
    """The value of a setting, which must be a whole number in a range.

    Raises:
        UserError: It is not.
    """
    if type(value) is not int or value < low or (high is not None and value > high):
        limits = f"from {low} to {high}" if high is not None else f"of at least {low}"
        raise UserError(f"{name} is {value!r}, give a whole number {limits}")
    return value


def number(name: str, value: float) -> float:
    """The value of a setting, which must be a finite number of at least 0.

    Raises:
        UserError: It is not.
    """
    if type(value) not in (int, float) or not 0 <= value < np.inf:
        raise UserError(f"{name} is {value!r}, give a number of at least 0")
    return float(value)
