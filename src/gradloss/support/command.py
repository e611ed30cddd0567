"""What every script shares: logging to stderr, and one line for an error that a user can mend."""

import errno
import logging
import os
import sys
import threading
import time
from collections.abc import Callable
from typing import NoReturn

import psutil

from gradloss.support.errors import UserError


def run(main: Callable[[], None]) -> NoReturn:
    """Run a script's main function with logging set up and expected errors made readable.

    It ends the process, without Python's teardown: that of TensorFlow takes a second.

    If the environment variable GRADLOSS_RUN holds the number of a process, the script ends when
    that process has ended.

    Args:
        main: Takes no arguments; reads the command line itself.

    Raises:
        SystemExit: With status 1, after one line ``error: ...`` on stderr, if ``main`` raises
            `UserError` or `OSError`. Every other exception keeps its traceback.
    """
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr
    )
    if owner := os.environ.get("GRADLOSS_RUN"):
        threading.Thread(target=_end_with, args=(int(owner),), daemon=True).start()
    try:
        main()
    except UserError as error:
        _fail(str(error))
    except OSError as error:
        _fail(describe(error))
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _end_with(owner: int) -> None:
    """A killed run must not leave jobs behind that write while the next run works."""
    while _lives(owner):
        time.sleep(0.5)
    os._exit(1)


def _lives(process: int) -> bool:
    try:
        return psutil.Process(process).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def describe(error: OSError) -> str:
    """One sentence on what the system refused, and what helps."""
    if error.errno is None:
        return str(error)
    where = error.filename or "a file"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"{where}: no space left on the disk; free some space and run again"
    return f"{where}: {error.strerror}; check the path and its permissions"


def _fail(message: str) -> NoReturn:
    print(f"error: {' '.join(message.split())}", file=sys.stderr)
    raise SystemExit(1)
