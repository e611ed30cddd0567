"""What the jobs of a run took, stage by stage, from the benchmark files that Snakemake writes."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd

FILE = "published_stages.csv"
# By the folder of the benchmark files. Those of jobs that are not made per method have none.
STAGES = {
    "train": "training",
    "tune": "tuning",
    "evaluate": "evaluation",
    "attack": "attacks",
    "audit": "audits of attacks",
}
REST = "the rest"
COLUMNS = ["stage", "jobs", "measured", "seconds", "cpu_seconds", "peak_mb"]


def benchmark_of(log: str, results: Path) -> Path:
    """The benchmark file of a job, which is called as its log.

    Args:
        log: Path of the log, below `results`.
        results: Folder of the results.
    """
    place = Path(log).relative_to(results / "logs")
    return results / "benchmarks" / place.with_suffix(".tsv")


def measure_stages(plan: Iterable[Mapping[str, str]], root: Path, results: Path) -> pd.DataFrame:
    """A row per stage, the longest first.

    Args:
        plan: Files of a run, as `plan.files_of_plan` gives them.
        root: The working copy.
        results: Folder of its results, relative.

    Returns:
        Columns `COLUMNS`: jobs, and of those that were measured their number, wall and CPU seconds
        together, and memory of the largest. Not measured are jobs whose results were restored from
        an archive without their benchmark files.
    """
    logs = {row["log-file(s)"] for row in plan} - {"-"}
    places = sorted(benchmark_of(log, results) for log in logs)
    jobs = pd.DataFrame([_measure(root / place, results) for place in places])
    stages = jobs.groupby("stage", as_index=False).agg(
        jobs=("stage", "size"),
        measured=("s", "count"),
        seconds=("s", "sum"),
        cpu_seconds=("cpu_time", "sum"),
        peak_mb=("max_rss", "max"),
    )
    return stages.sort_values("seconds", ascending=False).round(0)[COLUMNS]


def _measure(file: Path, results: Path) -> dict[str, object]:
    parts = file.parts[file.parts.index("benchmarks") + 1 : -1]
    measured = {name: float("nan") for name in ("s", "cpu_time", "max_rss")}
    if file.exists():  # with "-" for what a job was too short for
        last = pd.read_csv(file, sep="\t", na_values="-").iloc[-1]
        measured |= last[list(measured)].to_dict()
    return {"stage": STAGES.get(parts[0], REST) if parts else REST, **measured}
