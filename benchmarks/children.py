"""The parent's side: processes that measure the same thing at the same time."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from turns import END

from gradloss.support.errors import UserError

FOLDER = Path(__file__).resolve().parent
LAST_LINES = 5


class Children:
    """Equal processes that start together and take each turn together.

    Args:
        name: For messages.
        script: File of this folder.
        arguments: Of the script.
        processes: How many.
        environment: Variables beside the present ones.
        python: Program that runs the script.
    """

    def __init__(
        self,
        name: str,
        script: str,
        arguments: Iterable[str],
        processes: int = 1,
        environment: Mapping[str, str] | None = None,
        python: str = sys.executable,
    ) -> None:
        self.name = name
        self._stack = ExitStack()
        folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory()))
        self._children: list[tuple[subprocess.Popen, Path]] = []
        for number in range(processes):
            log = folder / f"{number}.log"
            with log.open("w") as errors:
                process = subprocess.Popen(
                    [python, str(FOLDER / script), *arguments],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=errors,
                    text=True,
                    env={"TF_CPP_MIN_LOG_LEVEL": "3", **os.environ, **(environment or {})},
                )
            self._stack.callback(_end, process)
            self._children.append((process, log))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def wait_until_ready(self) -> None:
        """Wait until every process has warmed up its next measurement.

        Raises:
            UserError: If one fails; the same holds for `turn`.
        """
        self._answers()

    def turn(self) -> list[dict[str, float]]:
        """Measure once: the answers of all processes."""
        self._ask("turn")
        return self._answers()

    def next_measurement(self) -> None:
        """Leave the present measurement for the next one."""
        self._ask(END)

    def _ask(self, request: str) -> None:
        for process, log in self._children:
            try:
                process.stdin.write(f"{request}\n")
                process.stdin.flush()
            except BrokenPipeError:
                raise self._failure(process, log) from None

    def _answers(self) -> list[dict[str, float]]:
        answers = []
        for process, log in self._children:
            line = process.stdout.readline()
            if not line:
                raise self._failure(process, log)
            answers.append(json.loads(line))
        return answers

    def _failure(self, process: subprocess.Popen, log: Path) -> UserError:
        status = process.wait()
        lines = log.read_text(errors="replace").splitlines()
        said = " | ".join([line.strip() for line in lines if line.strip()][-LAST_LINES:])
        return UserError(f"{self.name} stopped with status {status}: {said or 'it said nothing'}")


def _end(process: subprocess.Popen) -> None:
    process.kill()
    process.communicate()
