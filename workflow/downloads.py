"""What lies among the downloads before a run, if nothing tells how it came there."""

from base64 import urlsafe_b64encode
from collections.abc import Iterable
from pathlib import Path

from gradloss.data.manifest import Dataset, content_hash
from gradloss.support.errors import DataError
from gradloss.support.files import read_npz

SURROGATE = "surrogate"


def check_downloads(folder: Path, records: Path, entries: Iterable[Dataset]) -> list[str]:
    """Refuse data that are not those of the manifest and that no job of this folder wrote.

    What a job wrote was verified, and Snakemake's record of it tells whether the manifest has
    changed since. A file without a record was put there, or its record was removed.

    Args:
        folder: That of the downloads.
        records: Where Snakemake keeps its records.
        entries: The data sets that are downloaded.

    Returns:
        A sentence on each file with made-up data, of those for which these may stand in.

    Raises:
        DataError: A file is not what the manifest names.
        OSError: A file cannot be read.
    """
    made_up = []
    for entry in entries:
        path = folder / f"{entry.key}.npz"
        recorded = (records / urlsafe_b64encode(str(path).encode()).decode()).exists()
        if not path.exists() or (recorded and not entry.surrogate):
            continue
        arrays = read_npz(path)
        source = str(arrays.pop("source", ""))
        if entry.surrogate and source == SURROGATE:
            made_up.append(
                f"{path} is a surrogate, as no source served {entry.title}; delete it to try again"
            )
        elif not recorded and content_hash(arrays) != entry.content_sha256:
            raise DataError(
                f"{path} holds other data than src/gradloss/data/manifest.yaml names for"
                f" {entry.title}; delete it, and it is downloaded again"
            )
    return made_up
