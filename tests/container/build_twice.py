"""Perform the steps of Containerfile in two clean Debian roots, and compare their quick papers.

No container engine is needed, but root, mmdebstrap and an apt that knows the image's suite.
"""

import hashlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from clean_root import Root
from containerfile import read_containerfile

from gradloss.support.command import run
from gradloss.support.errors import UserError

CONTEXT = Path(__file__).resolve().parents[2]
PAPER = "results-quick/paper.pdf"
KEPT = "results-container"


def main() -> None:
    """Make two roots, one after the other, and keep and compare what they made."""
    if os.geteuid() != 0:
        raise UserError("only root can make clean roots; run make test-container as root")
    for ended in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ended, signal.default_int_handler)
    try:
        first, second = (paper_of_a_clean_root(CONTEXT / KEPT / f"{n}.pdf") for n in (1, 2))
    except KeyboardInterrupt:
        raise UserError("stopped; the clean root is removed") from None
    if first != second:
        raise UserError(f"two clean roots made different papers; compare those in {KEPT}/")
    print(f"Two clean roots made the same bytes, SHA-256 {first}")


def paper_of_a_clean_root(kept: Path) -> str:
    """Build a root, make the quick paper in it, keep that as a file, and give its SHA-256."""
    start = time.monotonic()
    with temporary_folder() as folder:
        root = Root(folder)
        for name, value in read_containerfile((CONTEXT / "Containerfile").read_text()):
            print(f"{name} {value}", flush=True)
            root.perform(name, value, CONTEXT)
        root.execute(["make", "quick"])
        kept.parent.mkdir(exist_ok=True)
        shutil.copy(root.inside(PAPER), kept)
    digest = hashlib.sha256(kept.read_bytes()).hexdigest()
    minutes = (time.monotonic() - start) / 60
    print(
        f"A clean root made {kept.relative_to(CONTEXT)} in {minutes:.0f} min: {digest}", flush=True
    )
    return digest


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """One that is removed at last, but nothing that is mounted in it."""
    folder = Path(tempfile.mkdtemp(prefix="gradloss-root-"))
    try:
        yield folder
    finally:
        subprocess.run(["rm", "-rf", "--one-file-system", folder], check=True)


if __name__ == "__main__":
    run(main)
