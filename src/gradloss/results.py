"""The tidy tables in which results travel between the stages."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from gradloss.files import atomic_write

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


def write_csv(frame: pd.DataFrame, path: Path) -> None:
    """Write a table atomically, with nine significant digits: enough to restore a float32."""
    with atomic_write(path) as temporary:
        frame.to_csv(temporary, index=False, float_format="%.9g")


def write_timing(
    path: Path, settings: dict, replicates: list[int], seconds: float, steps: int, device: str
) -> None:
    """Write what a training job cost: a table of one row.

    Args:
        path: The .csv file.
        settings: Of the run.
        replicates: Numbers of the replicates that were trained together.
        seconds: Wall time of training all of them.
        steps: Optimiser steps of one replicate.
        device: What it ran on.
    """
    row = {
        "dataset": settings["dataset"],
        "method": settings["method"],
        "replicates": f"{replicates[0]}-{replicates[-1]}",
        "seconds": seconds,
        "steps": steps,
        "stacked": len(replicates),
        "device": device,
    }
    write_csv(pd.DataFrame([row]), path)
