"""Compile the paper with latexmk."""

import argparse
import shutil
import tempfile
from pathlib import Path

from gradloss.paper.typesetting import typeset
from gradloss.support.command import run
from gradloss.support.files import atomic_write


def main() -> None:
    """Read the command line, compile and save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--main", type=Path, required=True, help="main .tex file")
    parser.add_argument("--results", type=Path, required=True, help="folder of the results")
    parser.add_argument("--output", type=Path, required=True, help=".pdf file to write")
    arguments = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="paper-") as work,
        atomic_write(arguments.output) as temporary,
    ):
        shutil.copyfile(typeset(arguments.main, arguments.results, Path(work)), temporary)


if __name__ == "__main__":
    run(main)
