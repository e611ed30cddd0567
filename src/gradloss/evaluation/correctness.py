"""Which test examples a job's models classify correctly, as files of bits."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from gradloss.support.errors import DataError
from gradloss.support.files import read_npz, write_npz

COUNTS = "examples"  # name of the numbers of examples, which packed bits do not tell


def write_correct(path: Path, correct: Mapping[str, np.ndarray]) -> None:
    """Write which examples are right, compressed and atomically; equal arrays give equal bytes.

    Args:
        path: The .npz file to write.
        correct: By condition (as "none", "gaussian@0.1", "pgd_l2@1"), bool [R, N]: of replicate
            and example. R is the same for all conditions, N need not be.

    Raises:
        ValueError: If an array is no such one.
    """
    replicates = {array.shape[0] for array in correct.values() if array.ndim == 2}
    strange = [
        name
        for name, array in correct.items()
        if array.dtype != bool or array.ndim != 2 or name == COUNTS
    ]
    if strange or len(replicates) > 1:
        raise ValueError(f"{path}: needs bool [R, N] of one R, not {strange} {replicates}")
    counts = np.array([array.shape[1] for array in correct.values()], dtype=np.int64)
    bits = {name: np.packbits(array, axis=1) for name, array in correct.items()}
    write_npz(path, {COUNTS: counts, **bits})


def read_correct(path: Path) -> dict[str, np.ndarray]:
    """Which examples are right, bool [R, N] by condition, as `write_correct` wrote it.

    Raises:
        DataError: If the file is damaged or another one.
        OSError: If it cannot be opened.
    """
    arrays = read_npz(path)
    counts = arrays.pop(COUNTS, np.empty(0))
    if len(counts) != len(arrays) or any(array.dtype != np.uint8 for array in arrays.values()):
        raise DataError(f"{path}: holds no bits of correct examples")
    return {
        name: np.unpackbits(bits, axis=1, count=count).astype(bool)
        for (name, bits), count in zip(arrays.items(), counts, strict=True)
    }
