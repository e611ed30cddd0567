"""A run that is killed at any moment goes on, and ends with the same bytes."""

import fcntl
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from study import SNAKEMAKE, TWO_MOONS, Study, configuration

JOB = "results/models/two_moons/gradient/0-1"
CHECKPOINT = "results/checkpoints/two_moons/gradient/0-1.npz"
EPOCHS = 1500  # some seconds


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.suffix != ".npz"}


def wait_for(condition: Callable[[], bool], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


@pytest.fixture(scope="module")
def long_study(tmp_path_factory: pytest.TempPathFactory, path_without_tex: str) -> Study:
    """Two moons, one method that trains for some seconds; data prepared."""
    methods = {"gradient": {"loss": "gradient", "epochs": EPOCHS}}
    config = configuration(two_moons={**TWO_MOONS, "methods": methods})
    folder = tmp_path_factory.mktemp("long")
    study = Study.from_repository(folder, path_without_tex, config)
    assert study.snakemake("data").code == 0
    return study


@pytest.fixture(scope="module")
def whole(long_study: Study, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Files of the job when nothing interrupts it."""
    study = long_study.copy(tmp_path_factory.mktemp("whole") / "study")
    outcome = study.snakemake(JOB)
    assert outcome.code == 0, outcome.text
    return contents(study.folder / JOB)


def start_and_kill(study: Study, moment: Callable[[], bool]) -> None:
    """Kill Snakemake alone, as the kernel does when memory runs out; its jobs end with it."""
    process = study.start(*SNAKEMAKE, JOB)
    try:
        wait_for(moment)
        assert process.poll() is None, "the run ended before it was killed"
    finally:
        process.send_signal(signal.SIGKILL)
        # The pipe closes when the last job that holds it has ended.
        process.communicate(timeout=60)


def test_killed_runs_go_on_and_end_with_the_same_bytes(
    long_study: Study, whole: dict[str, bytes], tmp_path: Path
):
    study = long_study.copy(tmp_path / "study")
    checkpoint, seen = study.folder / CHECKPOINT, []

    def a_new_checkpoint() -> bool:
        if checkpoint.exists() and checkpoint.stat().st_mtime_ns not in seen:
            seen.append(checkpoint.stat().st_mtime_ns)
            return True
        return False

    for _ in range(2):
        start_and_kill(study, a_new_checkpoint)
        assert not (study.folder / JOB).exists()
    outcome = study.snakemake(JOB)
    assert outcome.code == 0, outcome.text
    log = (study.folder / "results/logs/train/two_moons/gradient/0-1.log").read_text()
    assert "going on after epoch" in log
    assert contents(study.folder / JOB) == whole
    assert not checkpoint.exists()


def test_a_job_killed_in_the_middle_of_a_checkpoint_goes_on(
    long_study: Study, whole: dict[str, bytes], tmp_path: Path
):
    """A file beside the checkpoint is one that is being written."""
    study = long_study.copy(tmp_path / "study")
    folder = (study.folder / CHECKPOINT).parent

    def being_written() -> bool:
        return folder.exists() and any(folder.glob(".*"))

    start_and_kill(study, being_written)
    outcome = study.snakemake(JOB)
    assert outcome.code == 0, outcome.text
    assert contents(study.folder / JOB) == whole


def test_a_second_run_in_the_folder_is_told_of_the_first(long_study: Study, tmp_path: Path):
    study = long_study.copy(tmp_path / "study")
    process = study.start(*SNAKEMAKE, JOB)
    try:
        log = study.folder / "results/logs/train/two_moons/gradient/0-1.log"
        wait_for(lambda: log.exists() or process.poll() is not None)
        second = study.snakemake(JOB)
    finally:
        text, _ = process.communicate()
    assert second.code == 1
    assert second.last_line == (
        f"error: process {process.pid} runs the workflow in {study.folder.resolve()}; "
        "wait for its end, or stop it"
    )
    assert process.returncode == 0, text


@pytest.mark.parametrize("options", [["-np", JOB], ["--dag=dot", "--", JOB]])
def test_who_only_looks_takes_no_lock_and_needs_none(long_study: Study, options: list[str]):
    lock = long_study.folder / ".snakemake/run.lock"
    before = lock.read_text()
    with lock.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        outcome = long_study.snakemake(*options)
    assert outcome.code == 0, outcome.text
    assert "train" in outcome.text
    assert lock.read_text() == before
