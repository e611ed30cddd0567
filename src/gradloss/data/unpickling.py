"""Arrays from a pickle of Python 2 that nobody has to trust."""

import gzip
import pickle
import struct
import zlib
from pathlib import Path
from typing import IO, ClassVar

import numpy as np

from gradloss.support.errors import DataError, excerpt

# What a damaged file makes the unpickler raise.
UNREADABLE = (
    *(pickle.UnpicklingError, EOFError, gzip.BadGzipFile, zlib.error, MemoryError),
    *(AttributeError, ImportError, IndexError, KeyError, TypeError, ValueError),
    *(OverflowError, RecursionError, AssertionError, struct.error),
)


class PickledType:
    """What a pickle says of a dtype: ``numpy.dtype("f4", False, True)``, then its state."""

    def __init__(self, code: object, *_: object) -> None:
        self.code = code
        self.order: object = None

    def __setstate__(self, state: tuple) -> None:
        self.order = state[1]


class PickledArray:
    """What a pickle says of an array: made empty, then given its state."""

    def __init__(self, *_: object) -> None:
        self.state: object = None

    def __setstate__(self, state: tuple) -> None:
        self.state = state

    def decoded(self, dtype: np.dtype) -> np.ndarray | None:
        """The array, if it is a plain one of ``dtype`` in the order of C; else None."""
        _, shape, kind, by_columns, data = self.state
        if not isinstance(kind, PickledType) or by_columns:
            return None
        if (kind.order, kind.code) != ("<", f"{dtype.kind}{dtype.itemsize}"):
            return None
        return np.frombuffer(data.encode("latin1"), dtype).reshape(shape)


class _ArrayUnpickler(pickle._Unpickler):
    """Unpickler that knows what stands for NumPy's arrays and nothing else.

    NumPy's own objects crash on a damaged state. So does the unpickler in C, that makes room for
    whatever number a file names, tens of GB; this is the one in Python. It would do so for byte
    arrays, which no file needs.
    """

    dispatch: ClassVar = {
        code: load
        for code, load in pickle._Unpickler.dispatch.items()
        if code != pickle.BYTEARRAY8[0]
    }

    STANDINS: ClassVar = {
        ("numpy", "dtype"): PickledType,
        ("numpy", "ndarray"): object,
        ("numpy.core.multiarray", "_reconstruct"): PickledArray,
    }

    def find_class(self, module: str, name: str) -> type:
        if (module, name) not in self.STANDINS:
            raise DataError(f"the pickle asks for {excerpt(f'{module}.{name}')}, which is refused")
        return self.STANDINS[module, name]


class _BoundedReader:
    """Binary file that gives at most ``limit`` bytes in all."""

    def __init__(self, file: IO[bytes], limit: int) -> None:
        self._file = file
        self._limit = self._left = limit

    def _spend(self, data: bytes) -> bytes:
        self._left -= len(data)
        if self._left < 0:
            raise DataError(f"decompresses to more than {self._limit} bytes")
        return data

    def read(self, size: int) -> bytes:
        return self._spend(self._file.read(min(size, self._left + 1)))

    def readline(self) -> bytes:
        return self._spend(self._file.readline(self._left + 1))


def unpickled(path: Path, limit: int) -> object:
    """The object in a gzipped pickle, its arrays as `PickledArray`; no code of its choice runs.

    Raises:
        DataError: another global than those of arrays, or more than ``limit`` bytes.
        Exception: one of `UNREADABLE`, where the file is no such pickle.
    """
    with gzip.open(path, "rb") as file:
        return _ArrayUnpickler(_BoundedReader(file, limit), encoding="latin1").load()
