"""Long jobs tell how far they are: lines in a log, a bar on a terminal."""

import logging
import os
import pty
import re
import subprocess
import sys
import termios

import pytest

from gradloss.support import progress
from gradloss.support.progress import duration

SCRIPT = """
import logging
from gradloss.support.progress import progress

logging.basicConfig(level=logging.INFO, format="%(message)s")
with progress(3, "epoch") as tell:
    for epoch in range(1, 4):
        tell(epoch, f"mean loss 0.{epoch}")
    logging.info("a line")
"""


class Clock:
    """Stands for time.monotonic."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(progress.time, "monotonic", clock)
    return clock


def lines(caplog, clock: Clock, total: int, seconds: float, before: int = 0) -> list[str]:
    """What a log holds of units that take some seconds each."""
    with caplog.at_level(logging.INFO), progress.progress(total, "epoch", before) as tell:
        for done in range(before + 1, total + 1):
            clock.now += seconds
            tell(done, f"mean loss {1 / done:.3g}")
    return caplog.messages


def test_a_log_has_the_first_unit_then_a_line_every_half_minute_and_the_last(caplog, clock):
    assert lines(caplog, clock, 1000, 0.125) == [
        "epoch 1 of 1000, mean loss 1, 2 min 5 s left",
        "epoch 241 of 1000, mean loss 0.00415, 1 min 35 s left",
        "epoch 481 of 1000, mean loss 0.00208, 1 min 5 s left",
        "epoch 721 of 1000, mean loss 0.00139, 35 s left",
        "epoch 961 of 1000, mean loss 0.00104, 5 s left",
        "epoch 1000 of 1000, mean loss 0.001",
    ]


def test_slow_units_have_a_line_each(caplog, clock):
    assert lines(caplog, clock, 2, 2000) == [
        "epoch 1 of 2, mean loss 1, 33 min 20 s left",
        "epoch 2 of 2, mean loss 0.5",
    ]


def test_units_of_before_say_nothing_of_the_speed(caplog, clock):
    assert lines(caplog, clock, 4, 60, before=2) == [
        "epoch 3 of 4, mean loss 0.333, 1 min 0 s left",
        "epoch 4 of 4, mean loss 0.25",
    ]


def test_a_pipe_gets_lines_and_no_bar():
    command = [sys.executable, "-c", SCRIPT]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    assert "\r" not in text
    assert text.splitlines()[0].startswith("epoch 1 of 3, mean loss 0.1, ")
    assert text.splitlines()[1:] == ["epoch 3 of 3, mean loss 0.3", "a line"]


def test_a_terminal_gets_a_bar_with_the_time_left_and_lines_above_it():
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 100))
    with subprocess.Popen([sys.executable, "-c", SCRIPT], stderr=theirs) as process:
        os.close(theirs)
        text = b""
        while chunk := read(ours):
            text += chunk
    os.close(ours)
    assert process.returncode == 0, text
    frames = text.decode().replace("\n", "\r").split("\r")
    bars = [frame for frame in frames if "/3 [" in frame]
    assert "0/3 [00:00<?" in bars[0]
    assert re.search(r"3/3 \[\d\d:\d\d<00:00, .*mean loss 0\.3", bars[-1])
    assert "a line" in frames
    assert "epoch 1 of 3" not in text.decode()


def read(descriptor: int) -> bytes:
    """What a terminal shows next; nothing when its last program has ended."""
    try:
        return os.read(descriptor, 4096)
    except OSError:
        return b""


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (59.4, "59 s"),
        (59.6, "1 min 0 s"),
        (3130, "52 min 10 s"),
        (3599.7, "1 h 0 min"),
        (3900, "1 h 5 min"),
        (90061, "25 h 1 min"),
    ],
)
def test_durations_are_in_words(seconds: float, words: str):
    assert duration(seconds) == words
