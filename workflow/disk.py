"""Whether a run can write: before it starts, and when it has ended."""

import shutil
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

PROBE_BYTES = 2**20
FULL_BYTES = 2**16  # too little for the logs that would say so


def check_writable(folder: Path) -> None:
    """Write a file without a name into a folder, or into the one that will hold it.

    Args:
        folder: It need not exist.

    Raises:
        OSError: The disk is full or read-only, or the folder is not the user's to write; its
            `filename` is the folder.
    """
    whole = folder.absolute()  # as Snakemake names its own files
    place = next(path for path in (whole, *whole.parents) if path.exists())
    try:
        with tempfile.TemporaryFile(dir=place) as file:
            file.write(bytes(PROBE_BYTES))
            file.flush()
    except OSError as error:
        error.filename = str(folder)
        raise


def warn_if_full(folders: Iterable[Path]) -> None:
    """Say which folders lie on a full disk, where the logs may have had no room to say it."""
    for folder in folders:
        if folder.exists() and shutil.disk_usage(folder).free < FULL_BYTES:
            print(
                f"error: {folder}: no space left on the disk; free some space and run again",
                file=sys.stderr,
            )
            return
