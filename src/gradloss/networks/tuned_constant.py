"""The free constant of a method that is chosen by validation: the rule, and how a run gets it."""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from gradloss.support.errors import UserError


def criterion(table: pd.DataFrame) -> pd.Series:
    """What a constant is judged by: one number for every value that was tried.

    The mean over clean inputs and all levels of Gaussian noise, so that no level is preferred,
    and over replicates: of the accuracy, or, where errors differ by orders of magnitude from
    level to level, of the logarithm of the mean squared error.

    Args:
        table: Of one method and one measure, as `tuning_job.tune` gives it.

    Returns:
        Mean accuracy or geometric mean of the error, by `candidate` in ascending order.
    """
    if _measure(table) == "accuracy":
        return table.groupby("candidate")["value"].mean()
    return np.exp(np.log(table["value"]).groupby(table["candidate"]).mean())


def chosen_value(table: pd.DataFrame) -> float:
    """The value that is best by the `criterion`; of equal ones the smallest.

    Args:
        table: As for `criterion`.
    """
    values = criterion(table)
    return float(values.idxmax() if _measure(table) == "accuracy" else values.idxmin())


def _measure(table: pd.DataFrame) -> str:
    [measure] = table["measure"].unique()
    return measure


def add_tuning_option(parser: argparse.ArgumentParser) -> None:
    """Add ``--tuning`` for `bind_chosen`; without a file it says that nothing was tuned."""
    parser.add_argument(
        "--tuning", type=Path, nargs="?", help=".csv file that chose the method's free constant"
    )


def bind_chosen(settings: dict, file: Path | None) -> dict:
    """Settings of a run with the chosen constant in place of `tune`.

    Args:
        settings: Of the run.
        file: The table of the method's tuning.

    Raises:
        UserError: If the constant is to be chosen and there is no table.
        OSError: The file cannot be read.
    """
    if "tune" not in settings:
        return settings
    if file is None:
        raise UserError(f"{settings['method']} is tuned; name its table with --tuning")
    rest = {key: value for key, value in settings.items() if key != "tune"}
    [constant] = settings["tune"]
    return {**rest, constant: chosen_value(read_tuning(file))}


def read_tuning(file: Path) -> pd.DataFrame:
    """Read a table of `tuning_job.tune`, the values that were tried to the last bit.

    Raises:
        OSError: The file cannot be read.
    """
    return pd.read_csv(file, converters={"candidate": float})
