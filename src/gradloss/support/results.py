"""The tidy tables in which results travel between the stages."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from gradloss.support.files import atomic_write

METRIC_KEYS = ["dataset", "method", "replicate", "measure", "perturbation", "level", "draw"]


def metric_rows(
    dataset: str, method: str, rows: Iterable[tuple[int, str, str, float, int, float]]
) -> pd.DataFrame:
    """Tidy rows of one method on one dataset.

    Args:
        dataset: Name of the dataset.
        method: Name of the method.
        rows: (replicate, measure, perturbation, level, draw, value); the level is in units of
            the prepared inputs, and 0 with the perturbation "none".

    Returns:
        `METRIC_KEYS` and `value`, sorted by the keys.
    """
    frame = pd.DataFrame(rows, columns=[*METRIC_KEYS[2:], "value"])
    frame.insert(0, "method", method)
    frame.insert(0, "dataset", dataset)
    return frame.sort_values(METRIC_KEYS, ignore_index=True)


def join_tables(tables: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Join the tables of many jobs into one: sorted by all columns but `value`, and no row twice.

    Args:
        tables: One at least, with the same columns.
    """
    frame = pd.concat(tables).drop_duplicates()
    keys = [column for column in frame.columns if column != "value"]
    return frame.sort_values(keys, ignore_index=True)


def write_csv(frame: pd.DataFrame, path: Path) -> None:
    """Write a table atomically, with nine significant digits: enough to restore a float32."""
    with atomic_write(path) as temporary:
        frame.to_csv(temporary, index=False, float_format="%.9g")
