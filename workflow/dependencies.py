"""Which files of the package a script depends on, read from its imports."""

import ast
import hashlib
import os
from functools import cache
from pathlib import Path

from gradloss.files import atomic_write

SOURCE = Path(__file__).resolve().parent.parent / "src"
PACKAGE = "gradloss"
FOLDER = Path(".snakemake/modules")


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
def digest_of_modules(script: str | Path) -> str:
    """A file that stands for all modules of a script, for rules with a job per replicate.

    Snakemake looks at every input of every job, and with some thirty modules each the plan of
    ten thousands of jobs would take minutes.

    Args:
        script: A Python file.

    Returns:
        Path of the file; it is written if a module has changed. A new one is as old as the
        youngest module, so that it reruns what the modules themselves would rerun.
    """
    modules = [SOURCE.parent / name for name in modules_of(script)]
    text = "".join(f"{_digest(file)}  {file.relative_to(SOURCE.parent)}\n" for file in modules)
    path = FOLDER / f"{Path(script).stem}.sha256"
    is_new = not path.exists()
    if is_new or path.read_text(encoding="utf-8") != text:
        with atomic_write(path) as temporary:
            temporary.write_text(text, encoding="utf-8")
            if is_new:
                youngest = max(file.stat().st_mtime_ns for file in modules)
                os.utime(temporary, ns=(youngest, youngest))
    return str(path)


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


@cache
def _imported_files(file: Path) -> set[Path]:
    return {
        source
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        for name in _imported_names(node, file)
        for source in _files_of(name)
    }


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
