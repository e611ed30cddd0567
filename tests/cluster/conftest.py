"""The quick preset, or a part of it, through a cluster on which things break."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from slurm import Cluster, Job, wait_for

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow"))
from study import ROOT, Outcome, Study

RESULTS = "results-quick"
COMMAND = [
    *(sys.executable, "-m", "snakemake", "--workflow-profile", "workflow/profiles/slurm"),
    *("--configfile", "workflow/presets/quick.yaml"),
    # Short jobs are asked after more often than those of a real study.
    *("--slurm-init-seconds-before-status-checks", "1", "--max-status-checks-per-second", "1"),
]
# One job at least of every rule that is submitted.
PART = [
    f"{RESULTS}/evaluations/two_moons/gradient/0-1.csv",
    f"{RESULTS}/evaluations/two_moons/baseline/0-1.csv",
    f"{RESULTS}/evaluations/two_moons/hkr/0-1.csv",
    f"{RESULTS}/evaluations/trilotropicos/linear/0-1.csv",
    f"{RESULTS}/audits/mnist/gradient/0-1.csv",
    f"{RESULTS}/tuning/boston/jacobian_tuned.csv",
    f"{RESULTS}/tuning/mnist/hkr_dense.csv",
    f"{RESULTS}/library/two_moons/hkr/0-1.csv",
]


@dataclass(frozen=True)
class ClusterRun:
    """A run in whose middle a job was cancelled and a daemon was killed.

    Attributes:
        folder: Of the study.
        outcome: What Snakemake printed.
        jobs: Of SLURM, in the order of submission.
        cancelled: The job that was cancelled.
        environment: That a training job had.
    """

    folder: Path
    outcome: Outcome
    jobs: list[Job]
    cancelled: Job
    environment: dict[str, str]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--part", action="store_true", help="a job of each rule, not all jobs")


def pytest_configure() -> None:
    """Let a termination end the tests as an interrupt does, which stops the cluster."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


@pytest.fixture(scope="session")
def local() -> Path:
    """Results of the quick preset, computed without a cluster."""
    folder = ROOT / RESULTS
    assert folder.exists(), "there is nothing to compare with; run make quick first"
    return folder


@pytest.fixture(scope="session")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """The sources and the downloads, nothing computed."""
    study = Study.from_repository(tmp_path_factory.mktemp("cluster") / "study", os.environ["PATH"])
    shutil.copytree(ROOT / "data", study.folder / "data", copy_function=shutil.copy)
    return study


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with Cluster(tmp_path_factory.mktemp("slurm")) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def run(study: Study, cluster: Cluster, local: Path, request: pytest.FixtureRequest) -> ClusterRun:
    """A training job is cancelled and, while another one runs, the node's daemon is killed."""
    part = request.config.getoption("--part")
    with study.start(*COMMAND, *(["--", *PART] if part else [])) as process:
        try:
            cancelled, script = running_training(cluster, process)
            environment = script.environ()
            subprocess.run(["scancel", str(cancelled.number)], check=True)
            wait_for(lambda: has_ended(script), 60)
            running_training(cluster, process)
            cluster.kill("slurmd")
            cluster.start("slurmd")
            text, _ = process.communicate()
        finally:
            process.kill()
    outcome = Outcome(process.returncode, text)
    return ClusterRun(study.folder, outcome, cluster.jobs(), cancelled, environment)


def running_training(cluster: Cluster, run: subprocess.Popen) -> tuple[Job, psutil.Process]:
    """A job that trains, and the process of its script."""
    found: list[tuple[Job, psutil.Process]] = []

    def trains() -> bool:
        assert run.poll() is None, run.communicate()[0]
        running = {job.number: job for job in cluster.jobs() if job.state == "RUNNING"}
        for process in psutil.Process().children(recursive=True):
            try:
                if process.cmdline()[1:2] != ["scripts/training/train.py"]:
                    continue
                number = int(process.environ()["SLURM_JOB_ID"])
            except psutil.NoSuchProcess:
                continue
            if number in running:
                found.append((running[number], process))
        return bool(found)

    wait_for(trains, 300)
    return found[0]


def has_ended(process: psutil.Process) -> bool:
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
