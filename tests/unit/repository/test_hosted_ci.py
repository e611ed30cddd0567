"""The hosted CI does what `.ci/run` does, and shows the paper that it made."""

import os

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
