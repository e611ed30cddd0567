"""One run at a time in a folder."""

import errno
import fcntl
import os
import sys
import time
from pathlib import Path

from gradloss.support.errors import UserError

# Of file systems, often of other machines, that cannot lock.
WITHOUT_LOCKS = {errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP}

_held: list[int] = []  # descriptors, open as long as the process lives


def is_taken(folder: Path) -> bool:
    """Whether another process runs the workflow in a folder, where its file system can tell."""
    try:
        with (folder / ".snakemake/run.lock").open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # nobody ever ran here, or without locks
        return False
    return False


def take_folder(folder: Path) -> None:
    """Take the folder for this process, which the kernel gives back when the process ends.

    Snakemake's own lock, which the profiles switch off, is a file that stays when Snakemake is
    killed. Where the file system cannot lock, a warning takes the place of the lock.

    Args:
        folder: Snakemake's working directory.

    Raises:
        UserError: Another run has it.
        OSError: The folder is not writable.
    """
    state = folder / ".snakemake"
    state.mkdir(exist_ok=True)
    descriptor = os.open(state / "run.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    _held.append(descriptor)
    try:
        _lock(descriptor)
    except BlockingIOError as error:
        owner = os.read(descriptor, 20).decode().strip()
        raise UserError(
            f"process {owner} runs the workflow in {folder}; wait for its end, or stop it"
        ) from error
    except OSError as error:
        if error.errno not in WITHOUT_LOCKS:
            raise
        print(
            f"warning: the file system of {folder} cannot lock files; start no second run in this"
            " folder while this one runs",
            file=sys.stderr,
        )
    os.truncate(descriptor, 0)
    os.write(descriptor, f"{os.getpid()}\n".encode())


def _lock(descriptor: int) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        time.sleep(0.1)  # who only looks has it for a moment, see `is_taken`
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
