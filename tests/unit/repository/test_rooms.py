"""The rooms of the package: their layers, and the same names wherever a stage has a folder."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from project import ROOT

LINT = "import sys; from importlinter import cli; sys.exit(cli.lint_imports(no_cache=True))"


def rooms(folder: str) -> set[str]:
    """Names of the folders in a folder of the project."""
    return {path.name for path in (ROOT / folder).iterdir() if path.is_dir()} - {"__pycache__"}


def lint(folder: Path) -> subprocess.CompletedProcess:
    """Hold the package of a folder against the contracts of its pyproject.toml."""
    environment = {**os.environ, "PYTHONPATH": str(folder / "src")}
    command = [sys.executable, "-c", LINT]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


@pytest.fixture
def package(tmp_path):
    """A copy of the package, to be changed."""
    shutil.copytree(ROOT / "src", tmp_path / "src")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_rooms_keep_to_their_layers():
    finished = lint(ROOT)
    assert finished.returncode == 0, finished.stdout
    assert "0 broken" in finished.stdout


@pytest.mark.parametrize(
    ("module", "imported"),
    [
        ("support/seeds", "gradloss.data.pool"),
        ("evaluation/attacks", "gradloss.training.engine"),
        ("lipschitz/layers", "gradloss.losses.hkr"),
        ("analysis/claims", "tensorflow"),
        ("analysis/claims", "gradloss.networks.replicate"),
        ("tables/latex", "matplotlib.pyplot"),
    ],
)
def test_an_import_that_breaks_a_contract_is_found(package, module, imported):
    file = package / f"src/gradloss/{module}.py"
    file.write_text(file.read_text() + f"\nimport {imported}\n")
    finished = lint(package)
    assert finished.returncode == 1
    assert "1 broken" in finished.stdout or "2 broken" in finished.stdout


def test_a_new_room_needs_a_layer(package):
    (package / "src/gradloss/attic").mkdir()
    (package / "src/gradloss/attic/__init__.py").write_text("")
    assert lint(package).returncode == 1


def test_stages_have_the_same_names_everywhere():
    assert rooms("tests/unit") - {"repository"} == rooms("src/gradloss")
    assert rooms("scripts") <= rooms("src/gradloss")
    rules = {path.stem for path in (ROOT / "workflow").glob("*.smk")} - {"start", "common"}
    assert rules == rooms("scripts")


def test_nothing_lies_flat_beside_the_rooms():
    assert [path.name for path in (ROOT / "src/gradloss").glob("*.py")] == ["__init__.py"]
    assert list((ROOT / "scripts").glob("*.py")) == []
