"""From decoded arrays to pools of inputs and targets."""

import importlib
import inspect
from collections.abc import Mapping
from typing import Any

import numpy as np

from gradloss import preparations
from gradloss.data.arrays import Arrays
from gradloss.errors import DataError, UserError


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
        DataError: ``raw`` lacks an array.
    """
    if name not in preparations.NAMES:
        raise UserError(f"unknown data set {name!r}, choose among {preparations.NAMES}")
    function = importlib.import_module(f"{preparations.__name__}.{name}").prepare
    parameters = dict(list(inspect.signature(function).parameters.items())[1:])
    unknown = settings.keys() - parameters.keys() - {"seed"}
    if unknown:
        raise UserError(
            f"{name}: unknown settings {sorted(unknown)}, it takes {sorted({*parameters, 'seed'})}"
        )
    required = {key for key, value in parameters.items() if value.default is value.empty}
    missing = required - settings.keys()
    if missing:
        raise UserError(f"{name}: the settings {sorted(missing)} are missing")
    try:
        return function(raw, **{key: settings[key] for key in settings.keys() & parameters.keys()})
    except KeyError as error:
        raise DataError(f"{name}: the input lacks the array {error}; download it anew") from error
