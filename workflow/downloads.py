"""What lies among the downloads before a run, if nothing tells how it came there."""

from base64 import urlsafe_b64encode
from collections.abc import Iterable
from pathlib import Path

from gradloss.data.manifest import Dataset, content_hash
from gradloss.support.errors import DataError
from gradloss.support.files import read_npz


def check_downloads(folder: Path, records: Path, entries: Iterable[Dataset]) -> None:
    """Refuse data that are not those of the manifest and that no job of this folder wrote.

    What a job wrote was verified, and Snakemake's record of it tells whether the manifest has
    changed since. A file without a record was put there, or its record was removed.

    Args:
        folder: That of the downloads.
        records: Where Snakemake keeps its records.
        entries: The data sets that are downloaded.

    Raises:
        DataError: A file is neither what the manifest names nor, where it may be, a surrogate.
        OSError: A file cannot be read.
    """
    for entry in entries:
        path = folder / f"{entry.key}.npz"
        record = records / urlsafe_b64encode(str(path).encode()).decode()
        if record.exists() or not path.exists():
            continue
        arrays = read_npz(path)
        made_up = str(arrays.pop("source", "")) == "surrogate"
        if not (made_up and entry.surrogate) and content_hash(arrays) != entry.content_sha256:
            raise DataError(
                f"{path} holds other data than src/gradloss/data/manifest.yaml names for"
                f" {entry.title}; delete it, and it is downloaded again"
            )
