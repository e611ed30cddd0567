"""What a script computes with, read from its imports: files of the package, and libraries."""

import ast
import hashlib
import os
import platform
import sys
from functools import cache
from importlib.metadata import version
from pathlib import Path

from exclusive import is_taken

from gradloss.support.files import atomic_write

SOURCE = Path(__file__).resolve().parent.parent / "src"
PACKAGE = "gradloss"
FOLDER = Path(".snakemake/modules")
# Nearly every module can fail, and no result depends on what failures are called.
LEFT_OUT = {"src/gradloss/support/errors.py"}
# Whose numbers, or drawings, may differ from version to version: import name and distribution.
LIBRARIES = {
    "PIL": "pillow",
    "art": "adversarial-robustness-toolbox",
    "deel": "deel-lip",
    "keras": "keras",
    "matplotlib": "matplotlib",
    "nbconvert": "nbconvert",
    "numpy": "numpy",
    "ot": "POT",
    "pandas": "pandas",
    "scipy": "scipy",
    "seaborn": "seaborn",
    "sklearn": "scikit-learn",
    "tensorflow": "tensorflow",
    "tf_keras": "tf_keras",
}


def modules_of(script: str | Path) -> list[str]:
    """Files of the package that a script imports, directly or not.

    A data file beside a module that shares its stem, such as claims.yaml, belongs to the module.

    Args:
        script: A Python file.

    Returns:
        Sorted paths relative to the repository.
    """
    found: set[Path] = set()
    pending = set(_imported_files(Path(script)))
    while pending:
        file = pending.pop()
        if file not in found:
            found.add(file)
            pending |= _imported_files(file)
    found |= {file.with_suffix(".yaml") for file in found if file.with_suffix(".yaml").exists()}
    return sorted(str(file.relative_to(SOURCE.parent)) for file in found)


@cache
def digest_of_modules(script: str, *chosen: str) -> str:
    """A file that stands for all that a script computes with; call it before jobs are planned.

    Snakemake looks at every input of every job, and with some thirty modules each the plan of
    ten thousands of jobs would take minutes. Of each folder it knows the files that it found first.

    Args:
        script: A Python file, relative to the repository.
        chosen: Files that it runs because their names are given.

    Returns:
        Path of the file: a line per module, then the versions of Python and of the libraries that
        the script or a module imports. It is written if one has changed. A new one is as old as
        the youngest module, so that it reruns what the modules themselves would rerun. While a run
        goes on it stays as that run found it: what its jobs make is recorded with it as they end.
    """
    names = {name for file in (script, *chosen) for name in modules_of(file)} | set(chosen)
    modules = [SOURCE.parent / name for name in sorted(names - LEFT_OUT)]
    lines = [f"{_digest(file)}  {file.relative_to(SOURCE.parent)}" for file in modules]
    lines += _versions([Path(script), *(file for file in modules if file.suffix == ".py")])
    text = "".join(f"{line}\n" for line in lines)
    path = FOLDER / ("-".join(_label(Path(file)) for file in (script, *chosen)) + ".txt")
    is_new = not path.exists()
    if not is_new and path.read_text(encoding="utf-8") != text and is_taken(Path.cwd()):
        _warn_of_edits()
    elif is_new or path.read_text(encoding="utf-8") != text:
        with atomic_write(path) as temporary:
            temporary.write_text(text, encoding="utf-8")
            if is_new:
                youngest = max(file.stat().st_mtime_ns for file in modules)
                os.utime(temporary, ns=(youngest, youngest))
    return str(path)


@cache
def _warn_of_edits() -> None:
    print(
        "warning: modules were edited since the run that goes on here began; what the edits touch"
        " is planned when it has ended",
        file=sys.stderr,
    )


def _label(file: Path) -> str:
    """Name of a file that those of the same name in other folders do not have."""
    return f"{file.parent.name}.{file.stem}"


@cache
def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _versions(files: list[Path]) -> list[str]:
    imported = {name.partition(".")[0] for file in files for name in _imports(file)}
    libraries = [LIBRARIES[name] for name in sorted(imported & LIBRARIES.keys())]
    python = ".".join(platform.python_version_tuple()[:2])
    return [f"Python {python}", *(f"{library} {_version(library)}" for library in libraries)]


@cache
def _version(library: str) -> str:
    return version(library)


@cache
def _imported_files(file: Path) -> frozenset[Path]:
    return frozenset(source for name in _imports(file) for source in _files_of(name))


@cache
def _imports(file: Path) -> frozenset[str]:
    """Dotted names that a file imports, anywhere in it."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return frozenset(name for node in ast.walk(tree) for name in _imported_names(node, file))


def _imported_names(node: ast.AST, file: Path) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        base = node.module or ""
        if node.level:
            folder = file.resolve().parents[node.level - 1].relative_to(SOURCE)
            base = ".".join([*folder.parts, *filter(None, [base])])
        return [base, *(f"{base}.{alias.name}" for alias in node.names)]
    return []


def _files_of(name: str) -> list[Path]:
    """Files that importing a dotted name executes: its module and every parent package."""
    parts = name.split(".")
    if parts[0] != PACKAGE:
        return []
    folders = [SOURCE.joinpath(*parts[:count]) for count in range(1, len(parts) + 1)]
    candidates = [folder / "__init__.py" for folder in folders]
    candidates.append(SOURCE.joinpath(*parts).with_suffix(".py"))
    return [file for file in candidates if file.is_file()]
