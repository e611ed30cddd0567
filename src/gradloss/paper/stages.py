"""What the jobs of a run took, stage by stage, from the benchmark files that Snakemake writes.

Their CPU times are not used: Snakemake looks at a job every half minute, and what the job computes
after the last look is missing, of a job of a minute about a third.
"""

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
COLUMNS = ["stage", "jobs", "measured", "seconds", "peak_mb"]


def benchmark_of(log: str) -> Path:
    """The benchmark file of a job, which is called as its log.

    Args:
        log: Path of the log, relative: ``RESULTS/logs/PLACE.log``. A download may have that of
            another configuration, with other results, which needed it first.
    """
    results, _, *place = Path(log).parts
    return Path(results, "benchmarks", *place).with_suffix(".tsv")


def measure_stages(plan: Iterable[Mapping[str, str]], root: Path) -> pd.DataFrame:
    """A row per stage, the longest first.

    Args:
        plan: Files of a run, as `plan.files_of_plan` gives them.
        root: The working copy.

    Returns:
        Columns `COLUMNS`: jobs, and of those that were measured their number, wall seconds
        together, and memory of the largest. Not measured are jobs whose results were restored from
        an archive without their benchmark files.
    """
    logs = {row["log-file(s)"] for row in plan} - {"-"}
    jobs = pd.DataFrame([_measure(root, place) for place in sorted(map(benchmark_of, logs))])
    stages = jobs.groupby("stage", as_index=False).agg(
        jobs=("stage", "size"),
        measured=("s", "count"),
        seconds=("s", "sum"),
        peak_mb=("max_rss", "max"),
    )
    return stages.sort_values("seconds", ascending=False).round(0)[COLUMNS]


def _measure(root: Path, place: Path) -> dict[str, object]:
    _, _, kind, *_ = place.parts
    measured = {name: float("nan") for name in ("s", "max_rss")}
    if (root / place).exists():  # with "-" for what a job was too short for
        last = pd.read_csv(root / place, sep="\t", na_values="-").iloc[-1]
        measured |= last[list(measured)].to_dict()
    return {"stage": STAGES.get(kind, REST), **measured}
