"""What a study of more replicates needs, from the benchmark files of a small made-up one."""

import importlib
import sys
from pathlib import Path

import pytest
from project import ROOT

from gradloss.support.errors import UserError

sys.path.insert(0, str(ROOT / "benchmarks"))
scale = importlib.import_module("scale")

CONFIG = {
    "threads": 2,
    "replicates_per_job": 4,
    "methods": {"plain": {}, "arm": {"changes": "something"}},
    "datasets": {
        "points": {
            "replicates": 4,
            "arm_replicates": 2,
            "replicates_per_job": 10,
            "attacks": {"methods": ["plain"], "replicates": 1},
            "methods": {"plain": {}, "arm": {"replicates": 2}},
        }
    },
}


def measure(results: Path, place: str, seconds: float, mb: float) -> None:
    file = results / "benchmarks" / f"{place}.tsv"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"s\th:m:s\tmax_rss\n{seconds}\t0:00:00\t{mb}\n")


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """A training takes 5 s and 5 s for each replicate, and leaves 1000 bytes for each."""
    for method, replicates in (("plain", 4), ("arm", 2)):
        job = f"points/{method}/0-{replicates - 1}"
        measure(tmp_path, f"train/{job}", 5 + 5 * replicates, 900)
        measure(tmp_path, f"evaluate/{job}", 4, 800)
        (tmp_path / "models" / job).mkdir(parents=True)
        (tmp_path / "models" / job / "model.keras").write_bytes(bytes(1000 * replicates))
        table = tmp_path / "evaluations" / f"{job}.csv"
        table.parent.mkdir(parents=True)
        table.write_bytes(bytes(100 * replicates))
    measure(tmp_path, "attack/points/plain/0-3", 8, 850)
    table = tmp_path / "attacks/points/plain/0-3.csv"
    table.parent.mkdir(parents=True)
    table.write_bytes(bytes(40))
    measure(tmp_path, "collect_metrics", 1, "-")
    return tmp_path


def needed(results: Path, replicates: int):
    return scale.need(CONFIG, replicates, scale.read_benchmarks(results), 5000)


def test_replicates_that_a_method_states_are_changed_too():
    own = {"points": {**CONFIG["datasets"]["points"], "methods": {"arm": {"replicates": 2}}}}
    changed = scale.with_replicates({**CONFIG, "datasets": own}, 9)
    assert changed["datasets"]["points"]["methods"] == {"arm": {"replicates": 9}}


def test_what_was_measured_comes_back(results: Path):
    need = needed(results, 4)
    # The arm has twice the replicates that were measured.
    assert need.jobs == 6
    assert need.hours == pytest.approx(2 * (25 + 30 + 4 + 8 + 8 + 1) / 3600)
    assert need.memory_mb == 900
    assert need.disk_mb == pytest.approx((5000 + 8 * 1000 + 2 * (8 * 100 + 40)) / 1e6)


def test_more_replicates_are_more_jobs_of_the_same_size(results: Path):
    need = needed(results, 400)
    assert need.jobs == 1 + 100 * 5
    assert need.hours == pytest.approx(2 * (1 + 100 * (25 + 30 + 4 + 8 + 8)) / 3600)
    assert need.disk_mb == pytest.approx((5000 + 100 * (8000 + 2 * 840)) / 1e6)


def test_a_job_of_fewer_replicates_keeps_its_start(results: Path):
    fastest = 15
    assert needed(results, 1).hours == pytest.approx(
        2 * (1 + fastest + 10 / 4 + fastest + 4 + 4 + 8) / 3600
    )


def test_memory_grows_with_the_collected_table(results: Path):
    replicates = 40_000_000
    table_mb = (2 * 100 + 10) * replicates / 1e6
    expected = scale.IDLE_MB + scale.READING * table_mb
    measured = scale.read_benchmarks(results)
    measured["mb"] = 1.0
    few = {**CONFIG, "replicates_per_job": 10_000_000}
    few["datasets"] = {"points": {**CONFIG["datasets"]["points"], "replicates_per_job": 10**7}}
    assert scale.need(few, replicates, measured, 0).memory_mb == pytest.approx(expected)


def test_a_job_that_was_not_measured_is_named(results: Path):
    (results / "benchmarks/attack/points/plain/0-3.tsv").unlink()
    with pytest.raises(UserError, match=r"^the attack job of plain on points was not measured$"):
        needed(results, 10)


def test_a_run_without_measurements_is_refused(tmp_path: Path):
    with pytest.raises(UserError, match=r"holds no measurement; run the study first$"):
        scale.read_benchmarks(tmp_path)


def test_the_table_has_two_digits_and_no_exponent():
    rows = scale.markdown([scale.Need(1000, 38559, 1234.5, 10600, 170_400)]).splitlines()
    assert rows[2] == "| 1,000 | 38,559 | 1,200 | 10.6 GB | 170 GB |"
