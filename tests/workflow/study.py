"""Temporary copies of the repository in which the tests run the real workflow."""

import os
import pty
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
LOCKS = ["requirements.lock", "requirements-gpu.lock"]
SOURCE_FILES = ["Snakefile", "Makefile", "config.yaml", "pyproject.toml", "CITATION.cff", *LOCKS]
SOURCE_FOLDERS = ["profiles", "workflow", "src", "scripts", "notebooks", "paper"]

SNAKEMAKE = [sys.executable, "-m", "snakemake", "--cores=2"]

TEX_PROGRAMS = ["latexmk", "pdflatex", "bibtex", "kpsewhich"]

METHODS = {
    "gradient": {"batch_size": 100, "order": "file", "learning_rate": 0.001},
    "baseline": {"batch_size": 32, "order": "shuffled", "learning_rate": 0.001},
    "hkr": {
        "loss": "hkr",
        "network": {"name": "lipschitz_perceptron", "hidden": [256, 128, 64]},
        "margin": 0.29,
        "alpha": 10.0,
        "batch_size": 32,
        "order": "balanced",
        "steps_per_epoch": 3,
        "learning_rate": 0.01,
    },
}
TWO_MOONS = {
    "label": "Two moons",
    "task": "classification",
    "classes": 2,
    "preparation": {"pool_size": 400, "noise": 0.05},
    "network": {"name": "multilayer_perceptron", "hidden": [256, 128, 64]},
    "split": {"train_size": 100, "test_size": 100},
    "replicates": 2,
    "replicates_per_job": 2,
    "noise": {"draws": 2, "gaussian": [0.1, 0.4], "uniform": [0.2]},
    "certified": [0.1],
    "methods": {
        "gradient": {"loss": "gradient", "epochs": 2},
        "baseline": {"loss": "cross_entropy", "epochs": 2},
        "hkr": {"epochs": 1},
    },
}
DIABETES = {
    "label": "Diabetes",
    "task": "regression",
    "network": {"name": "multilayer_perceptron", "hidden": [128, 128]},
    "split": {"test_size": 0.25},
    "replicates": 2,
    "replicates_per_job": 2,
    "noise": {"draws": 2, "gaussian": [0.1]},
    "methods": {
        "gradient": {"loss": "gradient_of_batch_mean", "epochs": 2},
        "baseline": {"loss": "mean_squared_error", "epochs": 2},
    },
}


def configuration(**datasets: dict) -> dict:
    """A whole configuration: a small one, as an overlay cannot take datasets away.

    It has all recipes, as the paper's text quotes them.
    """
    shipped = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))["methods"]
    own = {n: {"rule": n, "label": n, **method} for n, method in METHODS.items()}
    return {
        "results": "results",
        "downloads": "data",
        "data_mirror": "",
        "repository": "",
        "notice": "",
        "seed": 7,
        "threads": 1,
        "simulations": 20,
        "replicates_per_job": 20,
        "methods": own | {n: recipe for n, recipe in shipped.items() if n not in own},
        "datasets": datasets,
    }


def add_programs(folder: Path, path: str, names: list[str], status: int = 0) -> str:
    """The PATH with programs in front that do nothing; kpsewhich exits with a status."""
    folder.mkdir()
    for name in names:
        program = folder / name
        program.write_text(f"#!/bin/sh\nexit {status if name == 'kpsewhich' else 0}\n")
        program.chmod(0o755)
    return f"{folder}:{path}"


def _read_to_end(terminal: int) -> Iterator[bytes]:
    """What is written to a terminal; on Linux its end is an error."""
    with suppress(OSError):
        while data := os.read(terminal, 2**16):
            yield data


@dataclass(frozen=True)
class Outcome:
    """What a command printed, both streams in one, and its exit code."""

    code: int
    text: str

    @cached_property
    def jobs(self) -> dict[str, int]:
        """Number of jobs per rule in Snakemake's plan; empty if nothing is to be done."""
        table = re.search(r"^Job stats:\n.*\n-.*\n((?:\w+ +\d+\n)+)", self.text, re.MULTILINE)
        if table is None:
            assert "Nothing to be done" in self.text, self.text
            return {}
        counts = {name: int(count) for name, count in map(str.split, table[1].splitlines())}
        assert counts.pop("total") == sum(counts.values())
        return counts

    def replicates(self, verb: str) -> set[tuple[str, str, str]]:
        """(method, dataset, FIRST-LAST) of the jobs that say "Training" or "Evaluating"."""
        pattern = rf"^Job \d+: {verb} (\w+) on (\w+), replicates (\S+)$"
        return set(re.findall(pattern, self.text, re.MULTILINE))

    @property
    def last_line(self) -> str:
        return self.text.strip().splitlines()[-1]


@dataclass(frozen=True)
class Study:
    """A copy of the repository.

    Attributes:
        folder: Where it is.
        path: The PATH that its commands see.
    """

    folder: Path
    path: str

    @classmethod
    def from_repository(cls, folder: Path, path: str, config: dict | None = None) -> "Study":
        """Copy the sources; `config` replaces config.yaml."""
        folder.mkdir(exist_ok=True)
        for name in SOURCE_FILES:
            shutil.copy2(ROOT / name, folder)
        for name in SOURCE_FOLDERS:
            ignore = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, folder / name, ignore=ignore)
        study = cls(folder, path)
        if config is not None:
            study._write_config(config)
        return study

    def copy(self, folder: Path) -> "Study":
        """A copy with everything that was computed, times of files kept."""
        shutil.copytree(self.folder, folder)
        return Study(folder, self.path)

    def run(self, *command: str, path: str | None = None) -> Outcome:
        """Run a command in the folder."""
        with self.start(*command, path=path) as process:
            text, _ = process.communicate()
        return Outcome(process.returncode, text)

    def run_on_terminal(self, *command: str, path: str | None = None) -> Outcome:
        """Run a command in the folder, on a terminal of its own."""
        ours, its = pty.openpty()
        with self.start(*command, path=path, output=its) as process:
            os.close(its)
            text = b"".join(_read_to_end(ours)).decode()
        os.close(ours)
        return Outcome(process.returncode, text.replace("\r\n", "\n"))

    def start(
        self, *command: str, path: str | None = None, output: int = subprocess.PIPE
    ) -> subprocess.Popen[str]:
        """Start a command in the folder, both of its streams in one pipe or `output`."""
        foreign = ("GRADLOSS_", "SNAKEMAKE_", "PYTHON", "MAKE")
        environment = {k: v for k, v in os.environ.items() if not k.startswith(foreign)}
        return subprocess.Popen(
            command,
            cwd=self.folder,
            env=environment | {"PATH": path or self.path, "TF_CPP_MIN_LOG_LEVEL": "3"},
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def snakemake(self, *arguments: str, path: str | None = None) -> Outcome:
        return self.run(*SNAKEMAKE, *arguments, path=path)

    def plan(self, *arguments: str, path: str | None = None) -> Outcome:
        """A dry run, which must succeed."""
        outcome = self.snakemake("--dry-run", *arguments, path=path)
        assert outcome.code == 0, outcome.text
        return outcome

    def change_config(self, change: Callable[[dict[str, Any]], object]) -> None:
        config = yaml.safe_load((self.folder / "config.yaml").read_text())
        change(config)
        self._write_config(config)

    def append(self, file: str, line: str) -> None:
        with (self.folder / file).open("a") as opened:
            opened.write(f"\n{line}\n")

    def _write_config(self, config: dict) -> None:
        (self.folder / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))


@dataclass(frozen=True)
class Finished:
    """A study that has run to its end, and what the run printed."""

    study: Study
    outcome: Outcome
