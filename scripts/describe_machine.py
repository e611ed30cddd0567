"""Describe the machine that the study runs on: a table of one row."""

import os
import platform
from pathlib import Path

import pandas as pd
import psutil

from gradloss.command import run
from gradloss.options import parse_options
from gradloss.results import write_csv

CPUINFO = Path("/proc/cpuinfo")  # of Linux


def processor(cpuinfo: Path) -> str:
    """Name of the processor: that of /proc/cpuinfo where there is one, else of its kind."""
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def describe() -> dict[str, str]:
    """Facts by the names under which the paper quotes them."""
    return {
        "processor": processor(CPUINFO),
        "cores": str(os.cpu_count()),
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f}",  # GiB
        "system": f"{platform.system()} {platform.machine()}",
    }


def main() -> None:
    """Read the command line, describe and save."""
    arguments = parse_options(__doc__, "output")
    write_csv(pd.DataFrame([describe()]), arguments.output)


if __name__ == "__main__":
    run(main)
