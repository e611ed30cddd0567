"""The data manifest: where each data set comes from, and what its arrays must be."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

import numpy as np
import yaml

from gradloss.support.errors import DataError


@dataclass(frozen=True)
class Source:
    """One place that serves a data set's files.

    Attributes:
        kind: ``url``, ``wheel`` (a Python package), ``deb`` (a Debian package) or ``mirror``.
        base: What stands before ``/name``: a URL, a folder inside the package, or a local folder.
        reader: Key of `gradloss.data.readers.READERS`.
        files: File name to SHA-256 of the file as transported, or None where it is not known.
        package: Name of the package, for ``wheel`` and ``deb``.
        version: Version of the package; a wheel's exactly, a Debian package's when last checked.
        package_sha256: SHA-256 of the package itself.
    """

    kind: str
    base: str
    reader: str
    files: Mapping[str, str | None]
    package: str | None = None
    version: str | None = None
    package_sha256: str | None = None

    @property
    def label(self) -> str:
        """The place in words, as stored in the array ``source`` of the downloaded file."""
        match self.kind:
            case "mirror":
                return "mirror"
            case "url":
                return f"url {self.base}"
            case "deb":  # apt gives its release's version, so the manifest's may be another
                return f"package {self.package}"
            case _:
                return f"package {self.package} {self.version}"


@dataclass(frozen=True)
class Dataset:
    """One entry of the manifest.

    Attributes:
        key: Name on the command line, and of the folder in a mirror.
        title: Name in words.
        version: Which edition of the data.
        licence: Terms of use.
        citation: Reference to cite.
        shapes: Array name to shape.
        content_sha256: `content_hash` of the decoded arrays, whatever the source.
        sources: In the order in which they are tried.
        mirror_flat: Whether the files may also lie directly in the mirror folder, as their names
            belong to this data set alone.
        surrogate: Whether made-up data may stand in when no source serves.
    """

    key: str
    title: str
    version: str
    licence: str
    citation: str
    shapes: Mapping[str, tuple[int, ...]]
    content_sha256: str
    sources: tuple[Source, ...]
    mirror_flat: bool = False
    surrogate: bool = False

    def check(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Refuse arrays that are not this data set's.

        Raises:
            DataError: A name, a shape or a value differs.
        """
        shapes = {name: array.shape for name, array in arrays.items()}
        if shapes != dict(self.shapes):
            raise DataError(f"the arrays have shapes {shapes}, expected {dict(self.shapes)}")
        found = content_hash(arrays)
        if found != self.content_sha256:
            raise DataError(
                f"the decoded arrays have SHA-256 {found}, expected {self.content_sha256}"
            )


def content_hash(arrays: Mapping[str, np.ndarray]) -> str:
    """SHA-256 of decoded arrays, independent of the files that carried them.

    Args:
        arrays: Name to array.

    Returns:
        Hexadecimal digest over, for each array by sorted name: a line ``name dtype shape`` (the
        dtype in NumPy's little-endian notation) and the elements' bytes in C order.
    """
    digest = hashlib.sha256()
    for name in sorted(arrays):
        array = arrays[name]
        array = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
        digest.update(f"{name} {array.dtype.str} {arrays[name].shape}\n".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def load_manifest() -> dict[str, Dataset]:
    """The manifest that ships with the package, by data set key."""
    text = (resources.files("gradloss.data") / "manifest.yaml").read_text(encoding="utf-8")
    return {key: _dataset(key, entry) for key, entry in yaml.safe_load(text).items()}


def _dataset(key: str, entry: dict[str, Any]) -> Dataset:
    shapes = {name: tuple(shape) for name, shape in entry.pop("shapes").items()}
    sources = tuple(Source(**source) for source in entry.pop("sources"))
    return Dataset(key=key, shapes=shapes, sources=sources, **entry)
