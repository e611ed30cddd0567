"""What is shown of a run that is watched."""

import subprocess
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
from project import module_at
from rich.console import Console
from rich.live import Live
from rich.progress import Progress
from snakemake.shell import shell

watching = module_at("workflow/watching.py")


@pytest.fixture
def watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A handler as the plugin makes it, with a terminal of 60 columns."""
    monkeypatch.setattr(shell, "_process_prefix", None)
    monkeypatch.setenv("GRADLOSS_JOBS", "")
    console = Console(width=60)
    progress = Progress(console=console)
    handler = SimpleNamespace(progress=progress, live_display=Live(console=console))
    watching.watch(handler, tmp_path)
    return handler


def lines(handler: SimpleNamespace) -> list[str]:
    console = handler.progress.console
    with console.capture() as shown:
        console.print(handler.live_display.renderable)
    return shown.get().splitlines()


def test_rules_at_work_come_before_waiting_ones_and_finished_or_new_ones_are_hidden(
    watched: SimpleNamespace,
):
    progress = watched.progress
    for name, completed, total, active, visible in [
        ("Total Progress", 6, 9, 3, True),
        ("waiting", 1, 2, 1, True),
        ("finished", 4, 4, "[dim]-[/]", True),
        ("at work", 1, 3, 2, True),
        ("new", 0, 1, 1, False),
    ]:
        progress.add_task(name, completed=completed, total=total, active=active, visible=visible)
    whole, first, second = lines(watched)
    assert "Total Progress" in whole and "6/9" in whole
    assert "at work" in first and "1/3" in first and not first.startswith(" ")
    assert second.startswith("  waiting")


def test_slow_jobs_have_a_time_left(watched: SimpleNamespace, monkeypatch: pytest.MonkeyPatch):
    now = 0
    monkeypatch.setattr(watched.progress, "get_time", lambda: now)
    task = watched.progress.add_task("train", total=4, active=2)
    for done in (1, 2):
        now += 3600
        watched.progress.update(task, completed=done)
    assert lines(watched)[0].endswith("2/4 2:00:00 left")


def test_jobs_speak_by_the_logger_but_not_of_their_progress(
    watched: SimpleNamespace,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture,
):
    said, last = [], threading.Event()

    def warn(line: str) -> None:
        said.append(line)
        if line == "last":
            last.set()

    monkeypatch.setattr(watching.logger, "warning", warn)
    shell("echo '2026-01-01 INFO half'; echo '2026-01-01 WARNING surrogate' | tee /dev/null")
    with pytest.raises(subprocess.CalledProcessError):
        shell("false | echo error: broken >&2; echo not reached")
    shell("echo last")
    assert last.wait(60)
    assert said == ["2026-01-01 WARNING surrogate", "error: broken", "last"]
    assert capfd.readouterr() == ("", "")
