"""How long a finished run would have taken on other numbers of cores, from its benchmark files.

Snakemake tells which job made what from what; a job starts as soon as its inputs are there and a
core is free, those with the longest path of jobs behind them first. That is a little better than
Snakemake's own order, and starts and ends of jobs cost nothing here.
"""

import argparse
import heapq
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pandas as pd

from gradloss.paper.plan import SNAKEMAKE, files_of_plan
from gradloss.paper.stages import benchmark_of
from gradloss.support.command import run
from gradloss.support.errors import UserError
from gradloss.support.progress import duration

ROOT = Path(__file__).resolve().parent.parent
CORES = (1, 2, 4, 8, 16)


@dataclass(frozen=True)
class Job:
    """A job of a run.

    Attributes:
        seconds: Wall time.
        needs: Names of the jobs that it waits for.
    """

    seconds: float
    needs: frozenset[str]


def read_jobs(files: Iterable[Mapping[str, str]], root: Path) -> dict[str, Job]:
    """Jobs by the path of their log.

    Args:
        files: As `plan.files_of_plan` gives them.
        root: The working copy.

    Raises:
        UserError: A job was not measured.
    """
    files = list(files)
    maker = {file["output_file"]: file["log-file(s)"] for file in files}
    needs: dict[str, set[str]] = {}
    for file in files:
        inputs = file["input-file(s)"].split(",")
        makers = {maker[name] for name in inputs if name in maker}
        needs.setdefault(file["log-file(s)"], set()).update(makers)
    return {
        log: Job(_seconds(root / benchmark_of(log)), frozenset(others - {log}))
        for log, others in needs.items()
    }


def _seconds(file: Path) -> float:
    if not file.exists():
        raise UserError(f"{file} is missing: the run is not finished; run make paper first")
    return float(pd.read_csv(file, sep="\t")["s"].iloc[-1])


def longest_paths(jobs: Mapping[str, Job]) -> dict[str, float]:
    """Seconds from the start of each job to the end of the last that waits for it."""
    waiting: dict[str, list[str]] = {name: [] for name in jobs}
    for name, job in jobs.items():
        for needed in job.needs:
            waiting[needed].append(name)

    @cache
    def path(name: str) -> float:
        return jobs[name].seconds + max(map(path, waiting[name]), default=0.0)

    return {name: path(name) for name in jobs}


def makespan(jobs: Mapping[str, Job], cores: int) -> float:
    """Seconds that the jobs take together, each on one core."""
    paths, now = longest_paths(jobs), 0.0
    done: set[str] = set()
    left, running = set(jobs), []
    while left or running:
        ready = (name for name in left if jobs[name].needs <= done)
        for name in _first(ready, paths, cores - len(running)):
            left.remove(name)
            heapq.heappush(running, (now + jobs[name].seconds, name))
        now, name = heapq.heappop(running)
        done.add(name)
    return now


def _first(ready: Iterable[str], paths: Mapping[str, float], count: int) -> list[str]:
    return sorted(ready, key=lambda name: (-paths[name], name))[:count]


def main() -> None:
    """Read the command line and print a line for each number of cores."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--configfile", type=Path, help="preset of the run, if it had one")
    preset = parser.parse_args().configfile
    command = [*SNAKEMAKE, *(["--configfile", str(preset)] if preset else [])]
    jobs = read_jobs(files_of_plan(ROOT, command), ROOT)
    for cores in CORES:
        print(f"{cores} core(s): {duration(makespan(jobs, cores))}")
    print(f"longest path of jobs: {duration(max(longest_paths(jobs).values()))}")


if __name__ == "__main__":
    run(main)
