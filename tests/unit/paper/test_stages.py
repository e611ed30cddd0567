"""What the jobs of a run took by stage, wherever the working copy lies."""

from pathlib import Path

import pytest

from gradloss.paper.stages import REST, benchmark_of, measure_stages

MEASURED = "s\tmax_rss\n{}\t100\n"


def write(root: Path, log: str, seconds: int) -> dict[str, str]:
    file = root / benchmark_of(log)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(MEASURED.format(seconds))
    return {"log-file(s)": log}


@pytest.fixture(params=["copy", "benchmarks/copy"])
def root(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return tmp_path / request.param


def test_jobs_are_counted_by_stage_wherever_the_copy_lies(root: Path):
    plan = [
        write(root, "results/logs/train/mnist/gradient/0-4.log", 30),
        write(root, "results/logs/train/mnist/baseline/0-4.log", 10),
        write(root, "results/logs/attack/mnist/gradient/0-4.log", 20),
        write(root, "results/logs/collect_metrics.log", 1),
        {"log-file(s)": "-"},
    ]
    stages = measure_stages(plan, root).set_index("stage")
    assert stages["seconds"].to_dict() == {"training": 40, "attacks": 20, REST: 1}
    assert stages["jobs"].to_dict() == {"training": 2, "attacks": 1, REST: 1}


def test_a_download_that_another_configuration_made_counts_as_measured_there(root: Path):
    """Downloads are shared, and Snakemake keeps the log of the run that made them."""
    plan = [
        write(root, "results-quick/logs/download_boston.log", 3),
        write(root, "results/logs/train/mnist/gradient/0-4.log", 30),
    ]
    stages = measure_stages(plan, root).set_index("stage")
    assert stages["seconds"].to_dict() == {"training": 30, REST: 3}


def test_jobs_that_were_not_measured_are_counted(root: Path):
    plan = [
        write(root, "results/logs/tune/mnist/noise_tuned.log", 30),
        {"log-file(s)": "results/logs/tune/mnist/weight_decay.log"},
    ]
    (stage,) = measure_stages(plan, root).itertuples()
    assert (stage.stage, stage.jobs, stage.measured) == ("tuning", 2, 1)
