"""A home for libraries that write into the user's when they are imported."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def temporary_home() -> Iterator[None]:
    """Let ``~`` be a folder that is removed after the body."""
    home = os.environ.get("HOME")
    with tempfile.TemporaryDirectory(prefix="gradloss-") as folder:
        os.environ["HOME"] = folder
        try:
            yield
        finally:
            if home is None:
                del os.environ["HOME"]
            else:
                os.environ["HOME"] = home
