"""Strict decoders of the files in which the data sets travel.

None runs code found in a file, and none decompresses more than a fixed limit. Each takes the files
of one source by name and gives the arrays of the data set; each refuses with `DataError`.
"""

import csv
import gzip
import io
import math
import struct
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO

import numpy as np

from gradloss.data.unpickling import UNREADABLE, PickledArray, unpickled
from gradloss.support.errors import DataError, UserError, excerpt
from gradloss.support.files import Arrays, read_npz

MAX_DECODED_BYTES = 256 * 2**20
GZIP_MAGIC = b"\x1f\x8b"
IDX_UINT8 = 0x08

IMAGE_ARRAYS = ("x_train", "y_train", "x_test", "y_test")
IDX_FILES = {
    "x_train": "train-images-idx3-ubyte.gz",
    "y_train": "train-labels-idx1-ubyte.gz",
    "x_test": "t10k-images-idx3-ubyte.gz",
    "y_test": "t10k-labels-idx1-ubyte.gz",
}
BOSTON_COLUMNS = (
    *("CRIM", "ZN", "INDUS", "CHAS", "NOX", "RM", "AGE"),
    *("DIS", "RAD", "TAX", "PTRATIO", "B", "LSTAT", "MEDV"),
)
TRILOTROPICOS_COLUMNS = ("longitud", "densidad_escamas")


def read_idx(path: Path) -> np.ndarray:
    """Read an IDX file of unsigned bytes, gzipped or raw.

    Args:
        path: The file.

    Returns:
        uint8 array of the shape that the file's header states.

    Raises:
        DataError: Wrong magic number, more elements than `MAX_DECODED_BYTES`, or a body that is
            cut, damaged or too long.
    """
    with path.open("rb") as file:
        compressed = file.read(2) == GZIP_MAGIC
    opener = gzip.open if compressed else open
    try:
        with opener(path, "rb") as file:
            return _parse_idx(file, path.name)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError(f"{path.name}: damaged or cut gzip file ({error})") from error


def _parse_idx(file: IO[bytes], name: str) -> np.ndarray:
    magic = file.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] != IDX_UINT8 or not 1 <= magic[3] <= 4:
        raise DataError(f"{name}: not an IDX file of unsigned bytes (magic number {magic.hex()})")
    sizes = file.read(4 * magic[3])
    if len(sizes) < 4 * magic[3]:
        raise DataError(f"{name}: cut inside the IDX header")
    shape = struct.unpack(f">{magic[3]}I", sizes)
    expected = math.prod(shape)
    if expected > MAX_DECODED_BYTES:
        raise DataError(f"{name}: the header claims {expected} bytes, over {MAX_DECODED_BYTES}")
    body = file.read(expected + 1)
    if len(body) != expected:
        problem = "cut" if len(body) < expected else "too long"
        raise DataError(f"{name}: {problem}; the header {shape} asks for {expected} bytes")
    try:
        return np.frombuffer(body, np.uint8).reshape(shape)
    except ValueError as error:  # a product of zero has any factors
        raise DataError(f"{name}: the header claims an impossible shape {shape}") from error


def read_idx_images(paths: Mapping[str, Path]) -> Arrays:
    """Images and labels from the four IDX files of MNIST or Fashion-MNIST.

    Returns:
        ``x_train``, ``x_test`` uint8 [N, height, width]; ``y_train``, ``y_test`` uint8 [N].
    """
    arrays = {name: read_idx(paths[file]) for name, file in IDX_FILES.items()}
    _check_images(arrays, "the IDX files")
    return arrays


def read_keras_npz(paths: Mapping[str, Path]) -> Arrays:
    """Images and labels from one .npz file in Keras' layout; see `read_idx_images`."""
    path = _only(paths)
    arrays = read_npz(path)
    if sorted(arrays) != sorted(IMAGE_ARRAYS):
        raise DataError(
            f"{path.name}: holds {excerpt(sorted(arrays))}, expected {sorted(IMAGE_ARRAYS)}"
        )
    _check_images(arrays, path.name)
    return arrays


def _check_images(arrays: Arrays, where: str) -> None:
    for part in ("train", "test"):
        x, y = arrays[f"x_{part}"], arrays[f"y_{part}"]
        if x.dtype != np.uint8 or y.dtype != np.uint8:
            raise DataError(f"{where}: {part} has dtypes {x.dtype} and {y.dtype}, expected uint8")
        if x.ndim != 3 or y.shape != x.shape[:1]:
            raise DataError(f"{where}: {part} images {x.shape} do not match labels {y.shape}")
        if y.size and y.max() > 9:
            raise DataError(f"{where}: {part} label {y.max()} is above 9")


def read_mnist_pickle(paths: Mapping[str, Path]) -> Arrays:
    """MNIST from a gzipped pickle of three (images, labels) pairs: 50,000, 10,000 and 10,000.

    Images are float32 [N, 784] in [0, 1), pixel / 256. The first two pairs together are the
    canonical training set. Of all globals only ``numpy.dtype``, ``numpy.ndarray`` and
    ``numpy.core.multiarray._reconstruct`` may be named, and none is called.

    Returns:
        As `read_idx_images`.
    """
    path = _only(paths)
    try:
        pairs = unpickled(path, MAX_DECODED_BYTES)
        (x_train, y_train), (x_valid, y_valid), (x_test, y_test) = pairs
        arrays = {
            "x_train": np.concatenate([_pixels(x_train), _pixels(x_valid)]),
            "y_train": np.concatenate([_labels(y_train), _labels(y_valid)]),
            "x_test": _pixels(x_test),
            "y_test": _labels(y_test),
        }
    except DataError as error:
        raise DataError(f"{path.name}: {error}") from error
    except UNREADABLE as error:
        raise DataError(f"{path.name}: not three pairs of arrays ({excerpt(error)})") from error
    _check_images(arrays, path.name)
    return arrays


def _plain_array(pickled: object, dtype: type, what: str) -> np.ndarray:
    array = pickled.decoded(np.dtype(dtype)) if isinstance(pickled, PickledArray) else None
    if array is None:
        raise DataError(f"{what} are no array of {np.dtype(dtype)}")
    return array


def _pixels(pickled: object) -> np.ndarray:
    scaled = _plain_array(pickled, np.float32, "a part's images") * np.float32(256)
    if not np.all((scaled >= 0) & (scaled <= 255) & (scaled == np.rint(scaled))):
        raise DataError("the images × 256 are not whole numbers in 0 to 255")
    return scaled.astype(np.uint8).reshape(-1, 28, 28)


def _labels(pickled: object) -> np.ndarray:
    labels = _plain_array(pickled, np.int64, "a part's labels")
    if not np.all((labels >= 0) & (labels <= 9)):
        raise DataError("the labels are not digits")
    return labels.astype(np.uint8)


def read_boston(paths: Mapping[str, Path]) -> Arrays:
    """Boston housing, from ``housing.data`` (blanks, no header) or a CSV file with a header.

    scikit-learn's CSV puts a line with the numbers of rows and features before the header; that
    line is skipped.

    Returns:
        ``table`` float64 [N, 14] in the column order of ``housing.data``; ``columns`` their names.
    """
    path = _only(paths)
    lines = _lines(path)
    if "," in lines[0]:
        rows = _csv_rows(lines, path.name)
        if rows[0][0].isdigit():
            rows = rows[1:]
        rows = _without_header(rows, BOSTON_COLUMNS, path.name)
    else:
        rows = [line.split() for line in lines]
    table = _table(rows, len(BOSTON_COLUMNS), path.name)
    return {"table": table, "columns": np.array(BOSTON_COLUMNS)}


def read_trilotropicos(paths: Mapping[str, Path]) -> Arrays:
    """Length and scale density of the trilotropicos.

    Returns:
        ``table`` float64 [N, 2], columns longitud and densidad_escamas.
    """
    path = _only(paths)
    rows = _csv_rows(_lines(path), path.name)
    rows = _without_header(rows, TRILOTROPICOS_COLUMNS, path.name)
    return {"table": _table(rows, len(TRILOTROPICOS_COLUMNS), path.name)}


def read_csv(paths: Mapping[str, Path]) -> Arrays:
    """Numbers with a line of column names above them.

    Returns:
        ``table`` float64 [N, m]; ``columns`` the names [m].
    """
    path = _only(paths)
    header, *rows = _csv_rows(_lines(path), path.name)
    if len({name for name in header if not _is_number(name)}) < len(header):
        raise DataError(
            f"{path.name}: its first line is {excerpt(','.join(header))}; it must name the columns,"
            " each once"
        )
    return {"table": _table(rows, len(header), path.name), "columns": np.array(header)}


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _only(paths: Mapping[str, Path]) -> Path:
    if len(paths) != 1:
        raise UserError(
            f"manifest.yaml names {', '.join(paths)} for a reader that takes one file; name one"
        )
    return next(iter(paths.values()))


def _lines(path: Path) -> list[str]:
    if path.stat().st_size > MAX_DECODED_BYTES:
        raise DataError(f"{path.name}: larger than {MAX_DECODED_BYTES} bytes")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{path.name}: not a text file ({error})") from error
    lines = [line for line in io.StringIO(text) if line.strip()]
    if not lines:
        raise DataError(f"{path.name}: empty")
    return lines


def _csv_rows(lines: list[str], name: str) -> list[list[str]]:
    try:
        return list(csv.reader(lines))
    except csv.Error as error:
        raise DataError(f"{name}: not a CSV file ({error})") from error


def _without_header(rows: list[list[str]], columns: tuple[str, ...], name: str) -> list[list[str]]:
    if not rows or tuple(rows[0]) != columns:
        found = ",".join(rows[0]) if rows else "nothing"
        raise DataError(f"{name}: the header is {excerpt(found)}, expected {','.join(columns)}")
    return rows[1:]


def _table(rows: list[list[str]], width: int, name: str) -> np.ndarray:
    for number, row in enumerate(rows, start=1):
        if len(row) != width:
            raise DataError(f"{name}: data row {number} has {len(row)} columns, expected {width}")
    try:
        table = np.array([[float(cell) for cell in row] for row in rows]).reshape(-1, width)
    except ValueError as error:
        raise DataError(f"{name}: a cell is not a number ({excerpt(error)})") from error
    if not np.isfinite(table).all():
        row = int(np.flatnonzero(~np.isfinite(table).all(axis=1))[0]) + 1
        raise DataError(f"{name}: data row {row} holds a missing or infinite number")
    return table


READERS: dict[str, Callable[[Mapping[str, Path]], Arrays]] = {
    "idx": read_idx_images,
    "keras_npz": read_keras_npz,
    "mnist_pickle": read_mnist_pickle,
    "boston": read_boston,
    "trilotropicos": read_trilotropicos,
    "csv": read_csv,
}
