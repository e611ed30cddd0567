"""What a training job cost."""

from pathlib import Path

import pandas as pd

from gradloss.support.machine import describe_machine
from gradloss.support.results import write_csv


def write_timing(
    path: Path, settings: dict, replicates: list[int], seconds: float, steps: int, device: str
) -> None:
    """Write what a training job cost, and the machine that runs this: a table of one row.

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
        "machine": describe_machine(),
    }
    write_csv(pd.DataFrame([row]), path)
