"""Which files of the package a script depends on, against what Python really loads."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPTS = sorted((ROOT / "scripts").glob("*.py"))
LIPSCHITZ = {
    f"src/gradloss/lipschitz/{path.name}" for path in ROOT.glob("src/gradloss/lipschitz/*.py")
}

# What a script imports only when it needs it.
LATER = {"execute_notebook": {"src/gradloss/notebook_page.py"}}

# Imports every script in turn and prints, for each, the files of the package that it loaded.
LOAD_ALL = """
import json, runpy, sys

loaded = {}
for script in sys.argv[1:]:
    for name in [name for name in sys.modules if name.split(".")[0] == "gradloss"]:
        del sys.modules[name]
    runpy.run_path(script, run_name="imported")
    modules = [module for name, module in sys.modules.items() if name.split(".")[0] == "gradloss"]
    loaded[script] = sorted(module.__file__ for module in modules)
print(json.dumps(loaded))
"""


@pytest.fixture(scope="module")
def dependencies():
    place = ROOT / "workflow" / "dependencies.py"
    spec = importlib.util.spec_from_file_location("dependencies", place)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def package(dependencies, tmp_path, monkeypatch):
    """A function that writes files into a package of their own."""
    source = tmp_path / "src"
    monkeypatch.setattr(dependencies, "SOURCE", source)

    def write(files):
        for name, text in files.items():
            path = source / "gradloss" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    return write


def script_with(folder, text):
    path = folder / "script.py"
    path.write_text(text, encoding="utf-8")
    return path


def test_scripts_depend_on_exactly_what_they_load(dependencies):
    command = [sys.executable, "-c", LOAD_ALL, *map(str, SCRIPTS)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    for script, files in json.loads(output.splitlines()[-1]).items():
        loaded = {str(Path(file).relative_to(ROOT)) for file in files}
        derived = {name for name in dependencies.modules_of(script) if name.endswith(".py")}
        assert derived == loaded | LATER.get(Path(script).stem, set()), script


def test_training_depends_on_losses_and_networks_but_not_on_figures(dependencies):
    found = set(dependencies.modules_of(ROOT / "scripts" / "train.py"))
    assert {"src/gradloss/losses.py", "src/gradloss/training.py"} <= found
    assert found >= LIPSCHITZ
    assert "src/gradloss/lipschitz/normalization.py" in LIPSCHITZ
    assert "src/gradloss/style.py" not in found


def test_figures_of_results_do_not_depend_on_training(dependencies):
    found = set(dependencies.modules_of(ROOT / "scripts" / "plot_noise.py"))
    assert "src/gradloss/style.py" in found
    assert not found & {"src/gradloss/training.py", "src/gradloss/losses.py", *LIPSCHITZ}


def test_data_files_come_with_their_modules(dependencies):
    claims = dependencies.modules_of(ROOT / "scripts" / "judge_claims.py")
    assert {"src/gradloss/claims.py", "src/gradloss/claims.yaml"} <= set(claims)
    download = dependencies.modules_of(ROOT / "scripts" / "download.py")
    assert "src/gradloss/data/manifest.yaml" in download


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_paths_are_sorted_and_exist_below_the_root(dependencies, script):
    found = dependencies.modules_of(script)
    assert found == sorted(set(found))
    assert "src/gradloss/__init__.py" in found
    assert all((ROOT / name).is_file() and not Path(name).is_absolute() for name in found)


def test_relative_imports(dependencies, package, tmp_path):
    package(
        {
            "__init__.py": "",
            "errors.py": "",
            "other.py": "",
            "unused.py": "",
            "part/__init__.py": "from .first import name\n",
            "part/first.py": "from . import second\nfrom ..errors import name\n",
            "part/second.py": "from .. import other\n",
            "part/third.py": "",
        }
    )
    script = script_with(tmp_path, "from gradloss.part import name\n")
    assert dependencies.modules_of(script) == [
        "src/gradloss/__init__.py",
        "src/gradloss/errors.py",
        "src/gradloss/other.py",
        "src/gradloss/part/__init__.py",
        "src/gradloss/part/first.py",
        "src/gradloss/part/second.py",
    ]


def test_imports_of_every_form_and_in_circles(dependencies, package, tmp_path):
    package(
        {
            "__init__.py": "",
            "a.py": "import gradloss.b as b\n",
            "b.py": "def late():\n    from gradloss import a\n",
            "c.py": "",
            "c.yaml": "",
            "d.py": "",
            "d.txt": "",
        }
    )
    text = "import numpy, gradloss.a\nfrom gradloss import c, d\nimport gradloss_other\n"
    assert dependencies.modules_of(str(script_with(tmp_path, text))) == [
        "src/gradloss/__init__.py",
        "src/gradloss/a.py",
        "src/gradloss/b.py",
        "src/gradloss/c.py",
        "src/gradloss/c.yaml",
        "src/gradloss/d.py",
    ]


def test_a_script_without_the_package_depends_on_nothing(dependencies, tmp_path):
    assert dependencies.modules_of(script_with(tmp_path, "import json\n")) == []


@pytest.fixture
def one_module(dependencies, package, tmp_path, monkeypatch):
    """A script that imports one module; its digest, and a function that edits the module."""
    monkeypatch.chdir(tmp_path)
    script = script_with(tmp_path, "import gradloss.a\n")

    def edit(text):
        package({"__init__.py": "", "a.py": text})
        dependencies._imported_files.cache_clear()
        dependencies.digest_of_modules.cache_clear()
        return Path(dependencies.digest_of_modules(script))

    return edit


def test_a_digest_names_the_modules_and_is_as_old_as_the_youngest(one_module, tmp_path):
    digest = one_module("x = 1\n")
    lines = [line.split() for line in digest.read_text().splitlines()]
    assert [name for _, name in lines] == ["src/gradloss/__init__.py", "src/gradloss/a.py"]
    assert all(len(checksum) == 64 for checksum, _ in lines)
    module = tmp_path / "src/gradloss/a.py"
    assert digest.stat().st_mtime_ns == module.stat().st_mtime_ns


def test_a_digest_changes_with_a_module_and_with_nothing_else(one_module):
    digest = one_module("x = 1\n")
    os.utime(digest, (1, 1))
    text = digest.read_text()
    assert one_module("x = 1\n").stat().st_mtime == 1
    assert one_module("x = 2\n").read_text() != text
    assert digest.stat().st_mtime > 1
    assert one_module("x = 1\n").read_text() == text
