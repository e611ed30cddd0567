"""One run at a time in a folder, and no lock that outlives its run."""

import fcntl
import os
import shutil
from pathlib import Path

from gradloss.errors import UserError

LOOKING = {
    *("-n", "--dry-run", "--dryrun", "--lint", "-l", "--list-rules", "--list", "--report"),
    *("-S", "--summary", "-D", "--detailed-summary", "--dag", "--rulegraph", "--filegraph"),
    *("--d3dag", "--unlock", "--archive", "--delete-all-output", "--cleanup-metadata"),
}

_held: list[int] = []  # descriptors, open as long as the process lives


def looks_only(arguments: list[str]) -> bool:
    """Whether Snakemake's arguments hold one of `LOOKING`, with which it computes nothing."""
    return bool(LOOKING & set(arguments))


def take_folder(arguments: list[str], folder: Path) -> None:
    """Take the folder for this process, which the kernel gives back when the process ends.

    Snakemake's own lock is a file that stays when Snakemake is killed. Whoever takes the folder
    knows that no other run lives, so such a file is removed.

    Args:
        arguments: Of Snakemake; who only looks needs no folder.
        folder: Snakemake's working directory.

    Raises:
        UserError: Another run has it.
        OSError: The folder is not writable.
    """
    state = folder / ".snakemake"
    state.mkdir(exist_ok=True)
    descriptor = os.open(state / "run.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        owner = os.read(descriptor, 20).decode().strip()
        os.close(descriptor)
        if looks_only(arguments):
            return
        raise UserError(
            f"process {owner} runs the workflow in {folder}; wait for its end, or stop it"
        ) from error
    os.truncate(descriptor, 0)
    os.write(descriptor, f"{os.getpid()}\n".encode())
    _held.append(descriptor)
    if not looks_only(arguments):
        shutil.rmtree(state / "locks", ignore_errors=True)
