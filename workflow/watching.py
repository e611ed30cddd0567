"""A run that is watched: the bars of `snakemake --logger rich`, and what jobs say above them."""

import logging
import math
import os
import threading
from pathlib import Path

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text
from snakemake.logging import logger
from snakemake.shell import shell


def watch(handler: logging.Handler, folder: Path) -> None:
    """Let the bars of a run fit on a terminal, and nothing break them.

    Args:
        handler: Of the plugin snakemake-logger-plugin-rich, before it shows bars.
        folder: For files that are needed as long as this process lives.
    """
    handler.progress.columns = (
        _Spinner(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=None),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("left"),
    )
    handler.progress.speed_estimate_period = math.inf  # else slow jobs have no time left
    handler.live_display.update(_Bars(handler.progress), refresh=True)
    # What a job writes to a terminal would cut the bars into pieces that stay.
    pipe = folder / "jobs"
    os.mkfifo(pipe)
    os.environ["GRADLOSS_JOBS"] = str(pipe)
    shell.prefix('exec >"$GRADLOSS_JOBS" 2>&1; set -euo pipefail; ')
    # Open for writing too, so that it does not end with the first job.
    descriptor = os.open(pipe, os.O_RDWR)
    threading.Thread(target=_pass_on, args=(descriptor,), daemon=True).start()


def _pass_on(descriptor: int) -> None:
    """Log what jobs say but notes of their progress, which their own logs keep."""
    with os.fdopen(descriptor, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if " INFO " not in line:
                logger.warning(line.rstrip())


class _Bars:
    """The whole run and the rules that have begun, less those that are done: a terminal is short.

    Rules with jobs at work come first.
    """

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def __rich__(self) -> Table:
        shown = [
            task for task in self._progress.tasks if task.visible and task.completed < task.total
        ]
        return self._progress.make_tasks_table([*shown[:1], *sorted(shown[1:], key=_is_idle)])


class _Spinner(SpinnerColumn):
    def render(self, task: Task) -> Text:
        return Text(" ") if _is_idle(task) else super().render(task)


def _is_idle(task: Task) -> bool:
    return task.fields["active"] == 1  # the plugin counts from there
