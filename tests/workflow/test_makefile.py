"""The Makefile refuses a Python that is too old or too new, and lists its targets."""

import sys
from pathlib import Path

import pytest
from study import Study


def python_that_reports(folder: Path, minor: int) -> str:
    """A program that answers `-c` and `--version` as Python 3.`minor` would."""
    program = folder / f"python3.{minor}"
    program.write_text(
        f"#!{sys.executable}\n"
        "import sys\n"
        f"sys.version_info = (3, {minor}, 1, 'final', 0)\n"
        "if sys.argv[1] == '--version':\n"
        f"    print('Python 3.{minor}.1')\n"
        "elif sys.argv[1] == '-c':\n"
        "    exec(sys.argv[2])\n"
        "else:\n"
        "    sys.exit('asked for more than its version')\n"
    )
    program.chmod(0o755)
    return str(program)


@pytest.mark.parametrize("minor", [9, 10, 14])
def test_other_python_is_refused_at_once(fresh: Study, tmp_path: Path, minor: int):
    python = python_that_reports(tmp_path, minor)
    outcome = fresh.run("make", f"PYTHON={python}", "paper")
    assert outcome.code != 0
    assert outcome.text.splitlines()[0] == (
        f"error: Python 3.11, 3.12 or 3.13 is needed, and '{python}' is Python 3.{minor}.1;"
        " install one and run make PYTHON=/path/to/it"
    )
    assert "Setting up" not in outcome.text
    assert not (fresh.folder / ".venv").exists()
    assert not (fresh.folder / "results").exists()


@pytest.mark.parametrize("minor", [11, 12, 13])
def test_supported_python_is_accepted(fresh: Study, tmp_path: Path, minor: int):
    outcome = fresh.run("make", f"PYTHON={python_that_reports(tmp_path, minor)}", "python")
    assert outcome.code == 0, outcome.text


@pytest.mark.parametrize("goals", [[], ["help"]], ids=["default", "help"])
def test_help_lists_the_targets(fresh: Study, goals: list[str]):
    outcome = fresh.run("make", *goals)
    assert outcome.code == 0, outcome.text
    listed = dict(line.split(maxsplit=1) for line in outcome.text.splitlines())
    assert {"paper", "quick", "test"} <= listed.keys()
    assert "results/paper.pdf" in listed["paper"]
