"""From decoded arrays to pools of inputs and targets."""

import importlib
import inspect
from collections.abc import Mapping
from typing import Any

import numpy as np

from gradloss.data import preparations
from gradloss.support.errors import DataError, UserError
from gradloss.support.files import Arrays


def prepare(name: str, raw: Mapping[str, np.ndarray], settings: Mapping[str, Any]) -> Arrays:
    """Prepare one data set.

    Args:
        name: One of `preparations.NAMES`.
        raw: Arrays of the downloaded file; empty for data that need none.
        settings: Keyword arguments of the data set's function. ``seed`` is accepted for every
            data set, and used by those that draw their points.

    Returns:
        The pool's arrays.

    Raises:
        UserError: An unknown data set, an unknown or missing setting, or a bad value.
        DataError: ``raw`` lacks an array, or the pool is not of the module's `FORM`.
    """
    if name not in preparations.NAMES:
        raise UserError(f"unknown data set {name!r}, choose among {preparations.NAMES}")
    module = importlib.import_module(f"{preparations.__name__}.{name}")
    parameters = dict(list(inspect.signature(module.prepare).parameters.items())[1:])
    unknown = settings.keys() - parameters.keys() - {"seed"}
    if unknown:
        raise UserError(
            f"{name}: unknown settings {sorted(unknown)}, it takes {sorted({*parameters, 'seed'})}"
        )
    required = {key for key, value in parameters.items() if value.default is value.empty}
    missing = required - settings.keys()
    if missing:
        raise UserError(f"{name}: the settings {sorted(missing)} are missing")
    chosen = {key: settings[key] for key in settings.keys() & parameters.keys()}
    arrays = module.prepare(_Downloaded(name, raw), **chosen)
    module.FORM.check(name, arrays)
    return arrays


class _Downloaded(dict[str, np.ndarray]):
    """Arrays of a downloaded file, of which none may be missed."""

    def __init__(self, name: str, arrays: Mapping[str, np.ndarray]) -> None:
        super().__init__(arrays)
        self._name = name

    def __missing__(self, key: str) -> np.ndarray:
        raise DataError(f"{self._name}: the input lacks the array {key!r}; download it anew")
