"""Prepared data and its split into training and test rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gradloss.support.errors import DataError, UserError
from gradloss.support.files import read_npz

SPLIT_SETTINGS = {"train_size", "test_size"}


@dataclass(frozen=True)
class Pool:
    """All prepared rows of a data set.

    Attributes:
        x: float32 [N, ...features].
        y: float32 [N] targets of a regression, or int64 [N] labels of a classification.
        n_train: Number of leading rows that are the fixed training set; 0 if each replicate draws
            its own split.
    """

    x: np.ndarray
    y: np.ndarray
    n_train: int


def load_pool(path: str | Path) -> Pool:
    """Read a prepared file.

    Args:
        path: The .npz file.

    Raises:
        DataError: The file is damaged or is not a pool.
        OSError: The file cannot be opened.
    """
    arrays = read_npz(path)
    missing = {"x", "y", "n_train"} - arrays.keys()
    if missing:
        raise DataError(f"{path}: not a prepared file, it lacks {sorted(missing)}; prepare it anew")
    x, y, n_train = arrays["x"], arrays["y"], int(arrays["n_train"])
    if x.dtype != np.float32 or y.dtype not in (np.float32, np.int64):
        raise DataError(f"{path}: x is {x.dtype} and y is {y.dtype}; prepare it anew")
    if y.shape != x.shape[:1] or not 0 <= n_train <= len(x):
        raise DataError(
            f"{path}: x {x.shape}, y {y.shape} and n_train {n_train} do not fit together; "
            "prepare it anew"
        )
    return Pool(x, y, n_train)


def split_indices(
    pool: Pool, split_settings: Mapping[str, float | int] | None, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Rows of the training and of the test part.

    Args:
        pool: The data. With a fixed training set the rest is the test part; if nothing rests, the
            test part is the training set itself.
        split_settings: ``train_size`` and ``test_size`` as for scikit-learn's
            `train_test_split`; empty or None for a pool with a fixed training set.
        seed: Of the random split, in 0 to 2³² − 1; not used by a fixed one.

    Returns:
        int64 [n] and int64 [m].

    Raises:
        UserError: Unknown settings, settings for a fixed split, or sizes that do not fit.
    """
    settings = dict(split_settings or {})
    rows = np.arange(len(pool.x), dtype=np.int64)
    if pool.n_train:
        if settings:
            raise UserError(f"split settings {settings} given, but the training set is fixed")
        train, rest = rows[: pool.n_train], rows[pool.n_train :]
        return train, rest if len(rest) else train
    unknown = settings.keys() - SPLIT_SETTINGS
    if unknown:
        raise UserError(f"unknown split settings {sorted(unknown)}, use {sorted(SPLIT_SETTINGS)}")
    # A second of every job, needed by those that draw a split only.
    from sklearn.model_selection import train_test_split

    try:
        train, test = train_test_split(rows, **settings, random_state=seed)
    except ValueError as error:
        raise UserError(f"cannot split {len(rows)} rows with {settings}: {error}") from error
    return train, test
