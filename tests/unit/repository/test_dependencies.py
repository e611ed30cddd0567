"""Which files of the package a script depends on, against what Python really loads."""

import fcntl
import importlib.metadata
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from project import ROOT, module_at

SCRIPTS = sorted((ROOT / "scripts").rglob("*.py"))
LIPSCHITZ = {
    f"src/gradloss/lipschitz/{path.name}" for path in ROOT.glob("src/gradloss/lipschitz/*.py")
}

# What a script imports only when it needs it.
LATER = {
    "execute_notebook": {"src/gradloss/notebooks/page.py"},
    "fit_library": {f"src/gradloss/training/{name}.py" for name in ("__init__", "deel_lip")},
}

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
    return module_at("workflow/dependencies.py")


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
    found = set(dependencies.modules_of(ROOT / "scripts/training/train.py"))
    assert {"src/gradloss/losses/plain.py", "src/gradloss/training/engine.py"} <= found
    assert found >= LIPSCHITZ
    assert "src/gradloss/lipschitz/normalization.py" in LIPSCHITZ
    assert "src/gradloss/figures/style.py" not in found


def test_figures_of_results_do_not_depend_on_training(dependencies):
    found = set(dependencies.modules_of(ROOT / "scripts/figures/plot_noise.py"))
    assert "src/gradloss/figures/style.py" in found
    assert not found & {
        "src/gradloss/training/engine.py",
        "src/gradloss/losses/plain.py",
        *LIPSCHITZ,
    }


def test_data_files_come_with_their_modules(dependencies):
    claims = dependencies.modules_of(ROOT / "scripts/analysis/judge_claims.py")
    assert {"src/gradloss/analysis/claims.py", "src/gradloss/analysis/claims.yaml"} <= set(claims)
    download = dependencies.modules_of(ROOT / "scripts/data/download.py")
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
    """A function that edits a module and gives the digest of a script that imports it."""
    monkeypatch.chdir(tmp_path)
    script = script_with(tmp_path, "import gradloss.a\n")

    def edit(text):
        package({"__init__.py": "", "a.py": text, "support/errors.py": "class Error: ...\n"})
        for kept in (
            value for value in vars(dependencies).values() if hasattr(value, "cache_clear")
        ):
            kept.cache_clear()
        return Path(dependencies.digest_of_modules(script))

    return edit


def names_of(digest):
    return [line.split()[1] for line in digest.read_text().splitlines() if "/" in line]


def libraries_of(digest):
    return [line for line in digest.read_text().splitlines() if "/" not in line]


def test_a_digest_names_the_modules_and_is_as_old_as_the_youngest(one_module, tmp_path):
    digest = one_module("x = 1\n")
    assert names_of(digest) == ["src/gradloss/__init__.py", "src/gradloss/a.py"]
    assert all(len(line.split()[0]) == 64 for line in digest.read_text().splitlines()[:2])
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


def test_a_digest_stays_while_a_run_goes_on(one_module, tmp_path, capsys):
    """What the run's jobs make is recorded with it when they end, edited or not."""
    text = one_module("x = 1\n").read_text()
    with (tmp_path / ".snakemake/run.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert one_module("x = 2\n").read_text() == text
        told = capsys.readouterr().err
        assert told.startswith("warning: modules were edited since the run that goes on here began")
        assert told.count("\n") == 1
    assert one_module("x = 2\n").read_text() != text
    assert capsys.readouterr().err == ""


def test_what_failures_are_called_is_no_part_of_a_digest(one_module):
    digest = one_module("from gradloss.support.errors import Error\n")
    assert names_of(digest) == ["src/gradloss/__init__.py", "src/gradloss/a.py"]


def test_a_digest_holds_the_versions_of_the_libraries_that_are_imported(
    dependencies, one_module, monkeypatch
):
    monkeypatch.setattr(dependencies, "version", {"numpy": "9.9.9", "scikit-learn": "8"}.get)
    monkeypatch.setattr(dependencies.platform, "python_version_tuple", lambda: ("3", "99", "1"))
    digest = one_module(
        "import json, yaml\nimport sklearn.datasets\n\ndef f():\n    import numpy\n"
    )
    assert libraries_of(digest) == ["Python 3.99", "numpy 9.9.9", "scikit-learn 8"]
    assert libraries_of(one_module("import numpy.random\n")) == ["Python 3.99", "numpy 9.9.9"]
    assert libraries_of(one_module("x = 1\n")) == ["Python 3.99"]


def test_the_installed_versions_are_found_by_their_import_names(dependencies):
    for name, distribution in dependencies.LIBRARIES.items():
        assert distribution in importlib.metadata.packages_distributions()[name]
        assert dependencies.version(distribution)


def test_a_file_whose_name_is_given_is_part_of_the_digest(dependencies, one_module, tmp_path):
    plain = one_module("x = 1\n")
    chosen = tmp_path / "src/gradloss/chosen.py"
    chosen.write_text("import scipy\n", encoding="utf-8")
    script = str(tmp_path / "script.py")
    digest = Path(dependencies.digest_of_modules(script, "src/gradloss/chosen.py"))
    assert names_of(digest) == [*names_of(plain), "src/gradloss/chosen.py"]
    assert digest != plain
    assert libraries_of(digest)[1].startswith("scipy ")
