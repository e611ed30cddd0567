"""The hosted CI does what `.ci/run` does, and shows the paper that it made."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from project import ROOT

PATH = ROOT / ".github/workflows/ci.yml"


@pytest.fixture(scope="module")
def hosted() -> dict:
    read = yaml.safe_load(PATH.read_text(encoding="utf-8"))
    return read | {"on": read[True]}  # as YAML 1.1 takes that key


def test_it_runs_on_changes_and_weekly(hosted: dict):
    assert set(hosted["on"]) == {"pull_request", "push", "schedule"}
    assert hosted["on"]["push"]["branches"] == ["main"]
    minute, hour, day, month, weekday = hosted["on"]["schedule"][0]["cron"].split()
    assert minute.isdecimal() and hour.isdecimal() and weekday.isdecimal()
    assert day == month == "*"


def test_it_has_no_list_of_commands_of_its_own(hosted: dict):
    (job,) = hosted["jobs"].values()
    installed, *commands = [step["run"] for step in job["steps"] if "run" in step]
    assert installed.startswith("apt-get update && apt-get install ")
    assert commands == [".ci/run"]
    assert os.access(ROOT / commands[0], os.X_OK)


def test_it_keeps_the_paper_that_the_commands_make(hosted: dict):
    (job,) = hosted["jobs"].values()
    (kept,) = [step["with"]["path"] for step in job["steps"] if "upload" in step.get("uses", "")]
    assert kept in (ROOT / ".ci/run").read_text(encoding="utf-8")


def actionlint(path: Path) -> subprocess.CompletedProcess:
    command = [Path(sys.executable).parent / "actionlint", "-shellcheck=", "-pyflakes=", path]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_actionlint_accepts_it(hosted: dict):
    linted = actionlint(PATH)
    assert (linted.returncode, linted.stdout) == (0, "")


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (("actions/checkout@v7", "actions/checkout@v4"), 'runtime "node20" is deprecated'),
        (("ubuntu-latest", "ubuntu-newest"), 'label "ubuntu-newest" is unknown'),
        (("contents: read", "content: read"), '"content"'),
    ],
)
def test_actionlint_refuses_a_slip(tmp_path: Path, edit: tuple[str, str], said: str):
    text = PATH.read_text(encoding="utf-8")
    assert edit[0] in text
    (tmp_path / "ci.yml").write_text(text.replace(*edit), encoding="utf-8")
    linted = actionlint(tmp_path / "ci.yml")
    assert linted.returncode == 1
    assert said in linted.stdout
