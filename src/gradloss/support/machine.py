"""What the machine is called."""

import os
import platform
from pathlib import Path

import psutil

CPUINFO = Path("/proc/cpuinfo")  # of Linux


def processor(cpuinfo: Path = CPUINFO) -> str:
    """Name of the processor: that of /proc/cpuinfo where there is one, else of its kind."""
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def describe_machine() -> str:
    """Processor, cores, memory and system of the machine that runs this, in words."""
    memory = psutil.virtual_memory().total / 2**30
    system = f"{platform.system()} {platform.machine()}"
    return f"{processor()}, {os.cpu_count()} core(s), {memory:.0f} GiB of memory, {system}"
