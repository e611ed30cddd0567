"""Where the project lies, and its files that are no part of the package as modules."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parents[2]


def module_at(path: str) -> ModuleType:
    """A Python file of the project, named by its path from `ROOT`, as a module."""
    name = Path(path).stem
    specification = importlib.util.spec_from_file_location(name, ROOT / path)
    module = importlib.util.module_from_spec(specification)
    sys.modules[name] = module
    specification.loader.exec_module(module)
    return module
