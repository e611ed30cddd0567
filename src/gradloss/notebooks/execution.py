"""Executes a notebook so that equal inputs give equal bytes."""

import os
import sys
import tempfile
import uuid
from pathlib import Path

import jupytext
import nbformat
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError
from nbformat import NotebookNode
from traitlets import default

PRIVATE = ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")
CACHES = ("KERAS_HOME", "MPLCONFIGDIR")  # a workflow can give them a place that lasts
KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}
FIRST_LINES = 12


class CellError(Exception):
    """A cell failed; the message is a block of its source and the exception."""


class _Kernel(AsyncKernelManager):
    """A kernel of the running interpreter, whatever kernels the machine has registered."""

    transport = "ipc"  # no ports, for which parallel jobs would compete

    @default("ip")
    def _own(self) -> str:
        # Otherwise the sockets are kernel-ipc-1 ... in the current folder, where two notebooks that
        # start together take each other's. Linux needs no file, whose path could be too long.
        folder = "@" if sys.platform == "linux" else f"{tempfile.gettempdir()}/"
        return folder + uuid.uuid4().hex

    @default("kernel_spec_manager")
    def _native_only(self) -> KernelSpecManager:
        return KernelSpecManager(kernel_dirs=[], parent=self)


def private_folders(folder: Path) -> dict[str, str]:
    """Environment in which Jupyter, Matplotlib and Keras read and write in a folder, not at home.

    So nobody's start-up files, settings and kernels take part.
    """
    folders = {name: str(folder / name.lower()) for name in (*PRIVATE, *CACHES)}
    return folders | {name: os.environ[name] for name in CACHES if name in os.environ}


def read_notebook(path: Path) -> NotebookNode:
    """A notebook in percent format, its cells numbered."""
    notebook = jupytext.reads(path.read_text(encoding="utf-8"), fmt="py:percent")
    notebook.metadata = nbformat.from_dict({"kernelspec": KERNEL})
    for number, cell in enumerate(notebook.cells, 1):
        cell.id = f"cell-{number}"
    return notebook


def execute(notebook: NotebookNode, environment: dict[str, str]) -> None:
    """Execute all cells, in place, in the current folder.

    Args:
        notebook: As `read_notebook` gives it.
        environment: Variables that the kernel has besides those of this process.

    Raises:
        CellError: If a cell raises an exception or the kernel dies.
    """
    started = 0

    def remember(cell: NotebookNode, cell_index: int) -> None:
        nonlocal started
        started = cell_index

    client = NotebookClient(
        notebook,
        kernel_manager_class=_Kernel,
        resources={"metadata": {"path": str(Path.cwd())}},
        # What TensorFlow's libraries write carries the time; it goes to the log.
        extra_arguments=["--IPKernelApp.capture_fd_output=False"],
        on_cell_execute=remember,
        record_timing=False,
        coalesce_streams=True,
    )
    try:
        client.execute(env=os.environ | environment)
    except CellExecutionError as error:
        raise CellError(_describe(notebook, started, f"{error.ename}: {error.evalue}")) from error
    except DeadKernelError as error:
        reason = "the process of the notebook ended; perhaps the memory was not enough"
        raise CellError(_describe(notebook, started, reason)) from error


def _describe(notebook: NotebookNode, index: int, reason: str) -> str:
    lines = notebook.cells[index].source.splitlines()
    shown = [f"    {line}".rstrip() for line in lines[:FIRST_LINES]]
    if len(lines) > FIRST_LINES:
        shown.append(f"    ... {len(lines) - FIRST_LINES} more line(s)")
    heading = f"cell {index + 1} of {len(notebook.cells)} failed:"
    return "\n".join([heading, *shown, reason])
