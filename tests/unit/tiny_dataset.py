"""A small data set that the tests of downloads get from everywhere."""

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
from local_server import NAME

from gradloss.data.manifest import Dataset, Source, content_hash
from gradloss.support.files import read_npz

GOOD = b"longitud,densidad_escamas\n1.5,2\n3,4.25\n"
TABLE = np.array([[1.5, 2.0], [3.0, 4.25]])


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


DEB_SOURCE = Source("deb", "usr/share/tiny", "trilotropicos", {NAME: sha256(GOOD)}, "tiny", "1")


def url(base: str, digest: str | None = None) -> Source:
    return Source(kind="url", base=base, reader="trilotropicos", files={NAME: digest})


def dataset(*places: Source, **changes) -> Dataset:
    """A small data set that the real reader of the trilotropicos decodes."""
    entry = Dataset(
        key="tiny",
        title="Tiny",
        version="1",
        licence="none",
        citation="none",
        shapes={"table": (2, 2)},
        content_sha256=content_hash({"table": TABLE}),
        sources=places,
    )
    return replace(entry, **changes)


def mirror_with(folder: Path, data: bytes = GOOD) -> Path:
    folder.mkdir(parents=True)
    (folder / NAME).write_bytes(data)
    return folder


def assert_good(output: Path, source: str) -> None:
    arrays = read_npz(output)
    assert list(arrays) == ["table", "source"]
    np.testing.assert_array_equal(arrays["table"], TABLE)
    assert arrays["source"].dtype.kind == "U"
    assert str(arrays["source"]) == source
    assert [path.name for path in output.parent.iterdir() if path.is_file()] == [output.name]
