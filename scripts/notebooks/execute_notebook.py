"""Execute a notebook and write it, with its outputs, as .ipynb and .html."""

import argparse
import os
import tempfile
from pathlib import Path

import nbformat

from gradloss.configuration.runs import CONFIG_VARIABLE
from gradloss.notebooks.execution import CellError, execute, private_folders, read_notebook
from gradloss.notebooks.pictures import reduce_pictures
from gradloss.support.command import run
from gradloss.support.files import atomic_write


def main() -> None:
    """Read the command line, execute and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--notebook", type=Path, required=True, help=".py file, percent format")
    parser.add_argument("--config", required=True, help="configuration of the study, as JSON")
    parser.add_argument("--output", type=Path, required=True, help=".ipynb file to write")
    parser.add_argument("--page", type=Path, required=True, help=".html file to write")
    arguments = parser.parse_args()
    notebook = read_notebook(arguments.notebook)
    with tempfile.TemporaryDirectory(prefix="notebook-") as folder:
        os.environ.update(private_folders(Path(folder)))
        try:
            execute(notebook, {CONFIG_VARIABLE: arguments.config})
        except CellError as error:
            raise SystemExit(f"error: {arguments.notebook}: {error}") from error
        reduce_pictures(notebook)
        # Matplotlib looks for its folder when it is imported.
        from gradloss.notebooks.page import as_page

        page = as_page(notebook)
    with atomic_write(arguments.output) as temporary:
        nbformat.write(notebook, temporary)
    with atomic_write(arguments.page) as temporary:
        temporary.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    run(main)
