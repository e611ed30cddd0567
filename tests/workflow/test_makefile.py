"""The Makefile refuses a Python that is too old or too new, and lists its targets."""

import fcntl
import os
import re
import sys
from pathlib import Path

import pytest
from study import Study

PREREQUISITES = {"python", "tex", "browser"}  # of others


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
    makefile = (fresh.folder / "Makefile").read_text()
    targets = set(re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)[1].split())
    assert listed.keys() == targets - PREREQUISITES
    assert "results/paper.pdf" in listed["paper"]


def commands(study: Study, *arguments: str) -> str:
    """What make would run, with its continued lines joined."""
    outcome = study.run("make", "--dry-run", *arguments)
    assert outcome.code == 0, outcome.text
    return outcome.text


def test_profile_takes_the_place_of_cores(fresh: Study):
    assert "snakemake --cores 3\n" in commands(fresh, "paper", "CORES=3")
    on_cluster = commands(fresh, "paper", "PROFILE=slurm")
    assert "snakemake --workflow-profile workflow/profiles/slurm\n" in on_cluster
    preset = "--workflow-profile workflow/profiles/slurm --configfile workflow/presets/quick.yaml"
    assert preset in commands(fresh, "quick", "PROFILE=slurm")


def test_the_published_run_is_restored_before_the_paper_is_built(fresh: Study):
    told = commands(fresh, "paper", "FROM=published", "CORES=3")
    restore = ".venv/bin/python scripts/paper/restore.py paper/published.tar.xz"
    build = ".venv/bin/python -m snakemake --cores 3 paper"
    assert f"{restore}\n{build}\n" in told
    assert "restore" not in commands(fresh, "paper")


def test_archives_are_whole_unless_small_ones_are_asked_for(fresh: Study):
    pack = ".venv/bin/python scripts/paper/archive.py --output"
    assert f'{pack} "archive.tar.xz" \n' in commands(fresh, "archive")
    assert f'{pack} "a.tar.xz" --small\n' in commands(
        fresh, "archive", "SMALL=1", "ARCHIVE=a.tar.xz"
    )


@pytest.mark.parametrize("target", ["archive", "restore"])
def test_an_archive_may_lie_below_a_path_with_spaces(fresh: Study, target: str):
    assert '"/a b/c.tar.xz"' in commands(fresh, target, "ARCHIVE=/a b/c.tar.xz")


def test_what_a_run_computes_is_not_removed_under_it(fresh: Study):
    results = fresh.folder / "results/metrics.csv"
    for path in (results, fresh.folder / ".snakemake/run.lock"):
        path.parent.mkdir()
        path.touch()
    with (fresh.folder / ".snakemake/run.lock").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        outcome = fresh.run("make", "clean")
        assert outcome.code != 0
        assert "error: a run is at work in this folder; stop it" in outcome.text
        assert results.exists()
    outcome = fresh.run("make", "clean")
    assert outcome.code == 0, outcome.text
    assert not results.exists()
    assert fresh.run("make", "clean").code == 0


def test_libraries_for_gpus_are_installed_only_when_asked_for(fresh: Study):
    assert "requirements-gpu.lock" not in commands(fresh, "paper")
    assert "-r requirements-gpu.lock" in commands(fresh, "paper", "GPU=1")


@pytest.mark.parametrize("moved", [False, True])
def test_the_environment_of_a_folder_that_was_moved_is_set_up_anew(fresh: Study, moved: bool):
    stamp = fresh.folder / ".venv/installed"
    stamp.parent.mkdir()
    stamp.write_text(f"{fresh.folder.resolve()}{'/before' if moved else ''}\n")
    assert ("Setting up the environment" in commands(fresh, "lint")) == moved


# As apt-get does where another one works.
INSTALLS_ALONE = """#!/usr/bin/env bash
mkdir busy || exit 1
sleep 0.2
rmdir busy
"""


def test_packages_are_installed_one_after_the_other(fresh: Study):
    (fresh.folder / "workflow/install.sh").write_text(INSTALLS_ALONE)
    outcome = fresh.run("make", "--jobs=2", "tex", "browser", path=os.environ["PATH"])
    assert outcome.code == 0, outcome.text


def test_foreign_packages_are_out_of_sight(fresh: Study):
    with (fresh.folder / "Makefile").open("a") as makefile:
        makefile.write("told:\n\t@env\n")
    foreign = ["PYTHONPATH=/foreign", "PYTHONHOME=/foreign", "PIP_USER=1", "PIP_TARGET=/foreign"]
    path = os.environ["PATH"]
    outcome = fresh.run("env", "--unset=HOME", *foreign, "make", "told", path=path)
    told = outcome.text.splitlines()
    assert "HOME=/" in told
    assert not set(foreign) & set(told)


@pytest.mark.parametrize(
    ("variables", "is_watched"),
    [(["TERM=xterm"], True), (["TERM=dumb"], False), (["TERM=xterm", "CI=true"], False)],
)
def test_on_a_terminal_a_run_shows_bars(fresh: Study, variables: list[str], is_watched: bool):
    make = ("env", "--unset=CI", *variables, "make", "--dry-run", "quick", "CORES=3")
    on_terminal = fresh.run_on_terminal(*make, path=os.environ["PATH"])
    assert ("snakemake --logger rich --cores 3 --configfile" in on_terminal.text) == is_watched
    in_file = fresh.run(*make, path=os.environ["PATH"])
    assert "snakemake --cores 3 --configfile" in in_file.text
