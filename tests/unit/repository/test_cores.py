"""What a run takes on other numbers of cores, from the jobs of a small made-up one."""

import importlib
import sys
from pathlib import Path

import pytest
from project import ROOT

from gradloss.support.errors import UserError

sys.path.insert(0, str(ROOT / "benchmarks"))
cores = importlib.import_module("cores")

# Two trainings of 10 and 6 s, an evaluation of the first of 4 s, and a paper of 1 s after all.
SECONDS = {"train/a": 10, "train/b": 6, "evaluate/a": 4, "paper": 1}
FILES = [
    ("models/a", "train/a", ["config.yaml"]),
    ("histories/a.csv", "train/a", ["config.yaml"]),
    ("models/b", "train/b", ["config.yaml"]),
    ("evaluations/a.csv", "evaluate/a", ["models/a"]),
    ("paper.pdf", "paper", ["evaluations/a.csv", "models/b", "paper/main.tex"]),
]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, seconds in SECONDS.items():
        file = tmp_path / "results/benchmarks" / f"{name}.tsv"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"s\tmax_rss\n{seconds}\t100\n")
    return tmp_path


def files() -> list[dict[str, str]]:
    return [
        {
            "output_file": f"results/{output}",
            "log-file(s)": f"results/logs/{log}.log",
            "input-file(s)": ",".join(n if "config" in n else f"results/{n}" for n in inputs),
        }
        for output, log, inputs in FILES
    ]


def test_jobs_wait_for_those_that_make_their_inputs(root: Path):
    jobs = cores.read_jobs(files(), root)
    assert {name: job.seconds for name, job in jobs.items()} == {
        f"results/logs/{name}.log": seconds for name, seconds in SECONDS.items()
    }
    paper = jobs["results/logs/paper.log"].needs
    assert paper == {"results/logs/evaluate/a.log", "results/logs/train/b.log"}
    assert jobs["results/logs/train/a.log"].needs == set()


@pytest.mark.parametrize(("count", "seconds"), [(1, 21), (2, 15), (16, 15)])
def test_a_run_takes_its_work_or_its_longest_path(root: Path, count: int, seconds: float):
    jobs = cores.read_jobs(files(), root)
    assert cores.makespan(jobs, count) == seconds
    assert max(cores.longest_paths(jobs).values()) == 15


def test_the_longest_path_starts_first(root: Path):
    """Two short jobs before it would take 18 s."""
    (root / "results/benchmarks/train/b.tsv").write_text("s\tmax_rss\n10\t100\n")
    jobs = cores.read_jobs(files(), root)
    jobs |= {name: cores.Job(3.0, frozenset()) for name in ("a short job", "another")}
    assert cores.makespan(jobs, 2) == 16


def test_a_run_that_is_not_finished_is_told(root: Path):
    (root / "results/benchmarks/evaluate/a.tsv").unlink()
    reason = r"benchmarks/evaluate/a\.tsv is missing: the run is not finished; run make paper"
    with pytest.raises(UserError, match=reason):
        cores.read_jobs(files(), root)
