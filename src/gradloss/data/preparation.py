"""From decoded arrays to pools of inputs and targets, one pure function per data set.

Every function takes the arrays of the downloaded file (empty for data that need none) and its
settings as keyword arguments, and gives the arrays of a pool: ``x`` float32 [N, ...features],
``y`` float32 [N] or int64 [N], ``n_train`` int64 scalar (see `gradloss.data.pool.Pool`), and
maybe ``names``, the features' names.
"""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from sklearn.datasets import load_diabetes, make_circles, make_moons

from gradloss.data.scaling import scale_features
from gradloss.errors import DataError, UserError

Arrays = dict[str, np.ndarray]

BOSTON_FEATURES = ["LSTAT", "INDUS", "NOX", "PTRATIO", "RM", "TAX", "DIS", "AGE"]
BOSTON_TARGET = "MEDV"
SCALINGS = ("all_rows", "training_part")
MAX_SEED = 2**32 - 1


def prepare(name: str, raw: Mapping[str, np.ndarray], settings: Mapping[str, Any]) -> Arrays:
    """Prepare one data set.

    Args:
        name: Key of `PREPARATIONS`.
        raw: Arrays of the downloaded file; empty for data that need none.
        settings: Keyword arguments of the data set's function. ``seed`` is accepted for every
            data set, and used by those that draw their points.

    Returns:
        The pool's arrays.

    Raises:
        UserError: An unknown data set, an unknown or missing setting, or a bad value.
        DataError: ``raw`` lacks an array.
    """
    if name not in PREPARATIONS:
        raise UserError(f"unknown data set {name!r}, choose among {sorted(PREPARATIONS)}")
    function = PREPARATIONS[name]
    parameters = dict(list(inspect.signature(function).parameters.items())[1:])
    unknown = settings.keys() - parameters.keys() - {"seed"}
    if unknown:
        raise UserError(
            f"{name}: unknown settings {sorted(unknown)}, it takes {sorted({*parameters, 'seed'})}"
        )
    required = {key for key, value in parameters.items() if value.default is value.empty}
    missing = required - settings.keys()
    if missing:
        raise UserError(f"{name}: the settings {sorted(missing)} are missing")
    try:
        return function(raw, **{key: settings[key] for key in settings.keys() & parameters.keys()})
    except KeyError as error:
        raise DataError(f"{name}: the input lacks the array {error}; download it anew") from error


def prepare_boston(raw: Mapping[str, np.ndarray], scaling: str = "all_rows") -> Arrays:
    """Boston housing, eight features and log1p(MEDV).

    As published the features are scaled with the range of **all** rows, test rows included, and the
    decision to transform a skewed feature sees all rows too: information leaks.

    Args:
        raw: The downloaded arrays.
        scaling: "all_rows" as published; "training_part" leaves the features as they are, for
            `scale_features` on each replicate's training part.
    """
    frame = pd.DataFrame(raw["table"], columns=raw["columns"].tolist())
    return _regression(frame[BOSTON_FEATURES], frame[BOSTON_TARGET], scaling)


def prepare_diabetes(raw: Mapping[str, np.ndarray], scaling: str = "all_rows") -> Arrays:
    """scikit-learn's diabetes data, unscaled, treated exactly as `prepare_boston` does."""
    del raw
    data = load_diabetes(scaled=False, as_frame=True)
    return _regression(data.data, data.target, scaling)


def _regression(features: pd.DataFrame, target: pd.Series, scaling: str) -> Arrays:
    if scaling not in SCALINGS:
        raise UserError(f"scaling is {scaling!r}, choose among {SCALINGS}")
    x = features.to_numpy(np.float64)
    return {
        "x": (scale_features(x, x) if scaling == "all_rows" else x).astype(np.float32),
        "y": np.log1p(target.to_numpy()).astype(np.float32),
        "n_train": np.int64(0),
        "names": np.array(features.columns, dtype=np.str_),
    }


def prepare_mnist(
    raw: Mapping[str, np.ndarray], limit_train: int | None = None, limit_test: int | None = None
) -> Arrays:
    """MNIST as vectors of 784; pixels cast to float32, then divided by 255 in float32.

    Args:
        raw: The downloaded arrays.
        limit_train: Keep the first so many training rows.
        limit_test: Keep the first so many test rows.
    """
    scale = np.arange(256, dtype=np.float32) / np.float32(255)
    x, y, n_train = _images(raw, limit_train, limit_test)
    return {"x": scale[x].reshape(len(x), -1), "y": y, "n_train": n_train}


def prepare_fashion_mnist(
    raw: Mapping[str, np.ndarray], limit_train: int | None = None, limit_test: int | None = None
) -> Arrays:
    """Fashion-MNIST as [28, 28, 1]; pixels divided by 255 in float64, then cast to float32.

    Args:
        raw: The downloaded arrays.
        limit_train: Keep the first so many training rows.
        limit_test: Keep the first so many test rows.
    """
    scale = (np.arange(256) / 255.0).astype(np.float32)
    x, y, n_train = _images(raw, limit_train, limit_test)
    return {"x": scale[x][..., np.newaxis], "y": y, "n_train": n_train}


def _images(
    raw: Mapping[str, np.ndarray], limit_train: int | None, limit_test: int | None
) -> tuple[np.ndarray, np.ndarray, np.int64]:
    """Training rows, then test rows: uint8 images, int64 labels, number of training rows."""
    train = slice(_limit("limit_train", limit_train, len(raw["x_train"])))
    test = slice(_limit("limit_test", limit_test, len(raw["x_test"])))
    x = np.concatenate([raw["x_train"][train], raw["x_test"][test]])
    y = np.concatenate([raw["y_train"][train], raw["y_test"][test]]).astype(np.int64)
    return x, y, np.int64(train.stop)


def _limit(name: str, value: int | None, available: int) -> int:
    return available if value is None else _whole(name, value, 1, available)


def prepare_two_moons(
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
        _whole("pool_size", pool_size, 2),
        noise=_number("noise", noise),
        random_state=_whole("seed", seed, 0, MAX_SEED),
    )
    return _points(x, y)


def prepare_two_circles(
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
    if _number("factor", factor) >= 1:
        raise UserError(f"factor is {factor!r}, give a number in 0 to 1, below 1")
    x, y = make_circles(
        _whole("pool_size", pool_size, 2),
        noise=_number("noise", noise),
        factor=factor,
        random_state=_whole("seed", seed, 0, MAX_SEED),
    )
    return _points(x, y)


def _points(x: np.ndarray, y: np.ndarray) -> Arrays:
    return {"x": x.astype(np.float32), "y": y.astype(np.int64), "n_train": np.int64(0)}


def prepare_trilotropicos(raw: Mapping[str, np.ndarray]) -> Arrays:
    """Scale density against length, all rows for training; ``source`` is passed on."""
    table = raw["table"].astype(np.float32)
    return {
        "x": table[:, :1],
        "y": table[:, 1],
        "n_train": np.int64(len(table)),
        "source": raw["source"],
    }


def _whole(name: str, value: int, low: int, high: int | None = None) -> int:
    if type(value) is not int or value < low or (high is not None and value > high):
        limits = f"from {low} to {high}" if high is not None else f"of at least {low}"
        raise UserError(f"{name} is {value!r}, give a whole number {limits}")
    return value


def _number(name: str, value: float) -> float:
    if type(value) not in (int, float) or not 0 <= value < np.inf:
        raise UserError(f"{name} is {value!r}, give a number of at least 0")
    return float(value)


PREPARATIONS: dict[str, Callable[..., Arrays]] = {
    "boston": prepare_boston,
    "diabetes": prepare_diabetes,
    "mnist": prepare_mnist,
    "fashion_mnist": prepare_fashion_mnist,
    "two_moons": prepare_two_moons,
    "two_circles": prepare_two_circles,
    "trilotropicos": prepare_trilotropicos,
}
