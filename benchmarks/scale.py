"""What a study with more or fewer replicates needs, from the benchmark files of a finished run.

A job of more replicates than the measured one takes more time in proportion. One of fewer takes
the time of the fastest job of its kind, for its start, and a share of the rest. Jobs that are not
made per replicate count as they were, but for the memory of those that read all collected numbers.
"""

import argparse
import copy
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import yaml
from snakemake.utils import update_config

from gradloss.configuration.runs import (
    Settings,
    leave_out_nulls,
    replicate_ranges,
    runs,
)
from gradloss.support.command import run
from gradloss.support.errors import UserError

ROOT = Path(__file__).resolve().parent.parent
REPLICATES = (1, 10, 100, 1000)
# Stage to the folder of what it makes, and the suffix of what a job leaves there.
PRODUCTS = {
    "train": ("models", ""),
    "evaluate": ("evaluations", ".csv"),
    "attack": ("attacks", ".csv"),
}
# Memory of `judge_claims` and `compare_methods` over the size of the table that they read, measured
# with 0.2, 18 and 55 MB; a process without a table takes 140 MB.
READING = 5
IDLE_MB = 140


@dataclass(frozen=True)
class Need:
    """What a study needs.

    Attributes:
        replicates: Of every method on every dataset.
        jobs: Number of jobs.
        hours: Of one core.
        memory_mb: Of the largest job.
        disk_mb: Of the results.
    """

    replicates: int
    jobs: int
    hours: float
    memory_mb: float
    disk_mb: float


def with_replicates(config: Settings, replicates: int) -> Settings:
    """The same study with this many replicates of everything, arms and attacks too."""
    changed = copy.deepcopy(config)
    for entry in changed["datasets"].values():
        entry["replicates"] = replicates
        if "arm_replicates" in entry:
            entry["arm_replicates"] = replicates
        if "attacks" in entry:
            entry["attacks"]["replicates"] = replicates
    own = [changed["methods"], *(entry["methods"] for entry in changed["datasets"].values())]
    for recipe in (recipe for recipes in own for recipe in recipes.values()):
        if "replicates" in recipe:
            recipe["replicates"] = replicates
    return changed


def replicate_jobs(config: Settings) -> Iterator[tuple[str, str, str, int]]:
    """Stage, dataset, method and replicates of each job that is made per range of replicates."""
    for dataset, method in runs(config):
        attacks = config["datasets"][dataset].get("attacks", {"methods": [], "replicates": 0})
        for text in replicate_ranges(config, dataset, method):
            first, last = map(int, text.split("-"))
            yield "train", dataset, method, last - first + 1
            yield "evaluate", dataset, method, last - first + 1
            if method in attacks["methods"] and first < attacks["replicates"]:
                yield "attack", dataset, method, last - first + 1


def read_benchmarks(results: Path) -> pd.DataFrame:
    """What each job took: stage, dataset, method, replicates, seconds, mb, bytes.

    Jobs that are not made per range of replicates have the stage "other" and no replicates.

    Raises:
        UserError: There are none.
    """
    folder, rows = results / "benchmarks", []
    for file in sorted(folder.rglob("*.tsv")):
        measured = pd.read_csv(file, sep="\t", na_values="-").iloc[-1]
        row = {"seconds": measured["s"], "mb": measured["max_rss"]}
        stage, *names = file.relative_to(folder).with_suffix("").parts
        if stage in PRODUCTS:
            dataset, method, text = names
            first, last = map(int, text.split("-"))
            product = results.joinpath(PRODUCTS[stage][0], *names).with_suffix(PRODUCTS[stage][1])
            row |= {"dataset": dataset, "method": method, "replicates": last - first + 1}
            row |= {"stage": stage, "bytes": size_of(product)}
        rows.append({"stage": "other"} | row)
    if not rows:
        raise UserError(f"{folder} holds no measurement; run the study first")
    return pd.DataFrame(rows)


def size_of(path: Path) -> int:
    """Bytes of a file, or of all files in a folder."""
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())


def need(config: Settings, replicates: int, measured: pd.DataFrame, other_bytes: int) -> Need:
    """Scale what was measured.

    Args:
        config: Of the study.
        replicates: Of everything.
        measured: Of a finished run of it, see `read_benchmarks`.
        other_bytes: Of results that do not grow with replicates.

    Raises:
        UserError: A job of the configuration was not measured.
    """
    other = measured[measured["stage"] == "other"]
    start = measured.groupby("stage")["seconds"].min()
    of_run = measured.groupby(["stage", "dataset", "method"])[["seconds", "replicates", "bytes"]]
    means = of_run.mean().to_dict("index")
    jobs, seconds, models, tables = len(other), other["seconds"].sum(), 0.0, 0.0
    for stage, dataset, method, count in replicate_jobs(with_replicates(config, replicates)):
        if (stage, dataset, method) not in means:
            raise UserError(f"the {stage} job of {method} on {dataset} was not measured")
        mean = means[stage, dataset, method]
        share = count / mean["replicates"]
        jobs += 1
        fixed = start[stage] if share < 1 else 0
        seconds += fixed + share * (mean["seconds"] - fixed)
        if stage == "train":
            models += share * mean["bytes"]
        else:
            tables += share * mean["bytes"]
    hours = seconds * config["threads"] / 3600
    memory_mb = max(measured["mb"].max(), IDLE_MB + READING * tables / 1e6)
    # Each table of numbers is there twice: from its job and collected.
    return Need(replicates, jobs, hours, memory_mb, (other_bytes + models + 2 * tables) / 1e6)


def markdown(needs: list[Need]) -> str:
    """The table for a README."""
    lines = [
        "| replicates of everything | jobs | core-hours | memory of the largest job | disk |",
        "| ---: | ---: | ---: | ---: | ---: |",
    ]
    for entry in needs:
        lines.append(
            f"| {entry.replicates:,} | {entry.jobs:,} | {_rounded(entry.hours)} "
            f"| {entry.memory_mb / 1000:.1f} GB | {_rounded(entry.disk_mb / 1000)} GB |"
        )
    return "\n".join(lines) + "\n"


def _rounded(value: float) -> str:
    """Two significant digits, and never an exponent."""
    digits = 1 - math.floor(math.log10(value))
    return f"{round(value, digits):,.{max(0, digits)}f}"


def main() -> None:
    """Read the command line and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--configfile", type=Path, help="preset of the run, if it had one")
    arguments = parser.parse_args()
    config = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    if arguments.configfile:
        update_config(config, yaml.safe_load(arguments.configfile.read_text(encoding="utf-8")))
    leave_out_nulls(config)
    results = Path(config["results"])
    measured = read_benchmarks(results)
    growing = [*(folder for folder, _ in PRODUCTS.values()), "metrics.csv", "checkpoints"]
    other_bytes = size_of(results) - sum(size_of(results / name) for name in growing)
    print(markdown([need(config, count, measured, other_bytes) for count in REPLICATES]), end="")


if __name__ == "__main__":
    run(main)
