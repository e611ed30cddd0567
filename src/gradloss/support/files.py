"""Atomic writing, hashes, and .npz files of plain arrays."""

import errno
import hashlib
import lzma
import os
import shutil
import struct
import tokenize
import uuid
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np

from gradloss.support.errors import DataError, excerpt

Arrays = dict[str, np.ndarray]

MAX_ARRAY_BYTES = 2**30


@contextmanager
def atomic_write(path: str | Path) -> Iterator[Path]:
    """Write a file so that it is there whole or not at all.

    Args:
        path: The target; missing parent folders are created.

    Yields:
        A path in the target's folder, with the target's suffix, for the body to write. After the
        body it is flushed to the disk and renamed to ``path``; if the body raises, it is removed
        and an existing target stays as it was.

    Raises:
        OSError: The disk is full (then ``filename`` is the target) or the folder is not writable.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.stem}-{uuid.uuid4().hex[:12]}{path.suffix}")
    try:
        with _full_disk_names(path):
            yield temporary
            with temporary.open("rb+") as file:
                os.fsync(file.fileno())
            temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def _full_disk_names(path: Path) -> Iterator[None]:
    """A failed write carries no file name, and the temporary one would mislead."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            error.filename = str(path)
        raise


def write_npz(path: str | Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Write arrays, compressed and atomically; equal arrays give equal bytes.

    Args:
        path: The target, usually with the suffix ``.npz``.
        arrays: Name to array; none of dtype object.

    Raises:
        OSError: The file cannot be written.
    """
    with atomic_write(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)


def read_npz(path: str | Path) -> Arrays:
    """Read every array of an .npz file without ever unpickling.

    Args:
        path: The file.

    Returns:
        Name to array, in the file's order.

    Raises:
        DataError: The file is damaged, holds Python objects, or would decompress to more than
            `MAX_ARRAY_BYTES`.
        OSError: The file cannot be opened.
    """
    path = Path(path)
    with path.open("rb") as file:
        try:
            return _read_archive(path, file)
        except DataError:
            raise
        except (
            *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, struct.error),
            *(KeyError, TypeError, ValueError, MemoryError, OverflowError, RuntimeError),
            *(SyntaxError, tokenize.TokenError),
        ) as error:
            raise DataError(
                f"{path}: not a readable .npz file of plain arrays ({excerpt(error)})"
            ) from error


def _read_archive(path: Path, file: IO[bytes]) -> Arrays:
    with zipfile.ZipFile(file) as archive:
        size = sum(member.file_size for member in archive.infolist())
    if size > MAX_ARRAY_BYTES:
        raise DataError(f"{path}: decompresses to {size} bytes, more than {MAX_ARRAY_BYTES}")
    file.seek(0)
    with np.load(file, allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in archive.files}
    strange = [name for name, array in arrays.items() if not isinstance(array, np.ndarray)]
    if strange:
        raise DataError(f"{path}: the member {excerpt(strange[0])} is no array")
    return arrays


@contextmanager
def atomic_folder(path: str | Path) -> Iterator[Path]:
    """Write a folder so that it is there whole or not at all.

    Args:
        path: The target; an existing one is replaced when the new one is complete.

    Yields:
        A new folder beside the target for the body to fill.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}-{uuid.uuid4().hex[:12]}")
    temporary.mkdir()
    try:
        with _full_disk_names(path):
            yield temporary
            if path.exists():
                shutil.rmtree(path)
            temporary.replace(path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def list_contents(folder: Path) -> str:
    """A line per file of a folder, sorted, in the format of sha256sum: hash and name."""
    files = sorted(file for file in folder.iterdir() if file.is_file())
    return "".join(f"{sha256_of(file)}  {folder.name}/{file.name}\n" for file in files)


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
