"""The workflow on a real SLURM cluster of one node, without an accounting database."""

from collections import Counter
from pathlib import Path

from conftest import RESULTS, ClusterRun
from slurm import GPUS, Job

GPU_RULES = {
    "tune_method",
    "tune_hkr",
    "train_gradient",
    "train_baseline",
    "train_hkr",
    "evaluate_run",
    "evaluate_hkr",
    "attack_run",
    "audit_attacks",
}
CPU_RULES = {"train_linear", "evaluate_linear", "fit_library"}
# What tells of the machine and of the commit, and the paper, which quotes both.
HOST = {"logs", "benchmarks", "timings", "timings.csv", "paper.pdf"}
HOST |= {"provenance.json", "provenance.tex"}


def rule_of(job: Job) -> str:
    return job.comment.removeprefix("rule_").partition("_wildcards_")[0]


def files(results: Path) -> dict[str, bytes]:
    """Bytes of every other file."""
    found = {file.relative_to(results): file for file in results.rglob("*") if file.is_file()}
    return {
        str(name): file.read_bytes()
        for name, file in found.items()
        if not HOST & set(name.parts) and not name.name.startswith(".")
    }


def test_the_run_is_completed(run: ClusterRun):
    assert run.outcome.code == 0, run.outcome.text
    states = Counter(job.state for job in run.jobs)
    assert states == {"COMPLETED": len(run.jobs) - 1, "CANCELLED": 1}


def test_what_was_cancelled_runs_again_with_more_memory(run: ClusterRun):
    first, second = (job for job in run.jobs if job.comment == run.cancelled.comment)
    assert (first.number, first.state) == (run.cancelled.number, "CANCELLED")
    assert second.state == "COMPLETED"
    assert second.memory == 2 * first.memory


def test_every_file_is_that_of_a_local_run(run: ClusterRun, local: Path):
    computed, expected = files(run.folder / RESULTS), files(local)
    kinds = {Path(name).suffix for name in computed}
    assert {".csv", ".npz", ".keras"} <= kinds
    assert computed.keys() <= expected.keys()
    assert [name for name in computed if computed[name] != expected[name]] == []


def test_jobs_of_replicates_are_submitted_and_nothing_else(run: ClusterRun):
    assert {rule_of(job) for job in run.jobs} == GPU_RULES | CPU_RULES


def test_rules_that_use_a_gpu_queue_for_the_gpus(run: ClusterRun):
    assert {rule_of(job) for job in run.jobs if job.gpus == 1} == GPU_RULES
    assert {rule_of(job) for job in run.jobs if job.gpus == 0} == CPU_RULES
    on_gpu = [job for job in run.jobs if job.gpus]
    at_once = [sum(other.start <= job.start < other.end for other in on_gpu) for job in on_gpu]
    assert max(at_once) == GPUS
    assert run.environment["CUDA_VISIBLE_DEVICES"] in {"0", "1"}


def test_a_job_does_not_watch_a_run_on_another_machine(run: ClusterRun):
    assert "GRADLOSS_RUN" not in run.environment
