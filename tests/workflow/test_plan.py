"""What Snakemake plans from the shipped configurations."""

import importlib
import json
import re
import sys
from collections import Counter
from pathlib import Path

import psutil
import pytest
import yaml
import yte
from study import ROOT, Study

sys.path.insert(0, str(ROOT / "benchmarks"))
scale = importlib.import_module("scale")

TRAINING = {
    "tune_method",
    "tune_hkr",
    "train_gradient",
    "train_baseline",
    "train_hkr",
    "train_linear",
}
PREPARATION = {"download_dataset", "prepare_dataset"}
EVALUATION = {
    "corrupt_dataset",
    "fit_library",
    "evaluate_run",
    "evaluate_hkr",
    "compute_level_sets",
    "evaluate_linear",
    "attack_run",
    "audit_attacks",
}
LEVELS = {"compute_level_sets"}
FIGURES = {
    "plot_headline",
    "plot_noise",
    "plot_ablation",
    "plot_length",
    "plot_perturbations",
    "plot_corruptions",
    "plot_attacks",
    "plot_frontier",
    "plot_training",
    "plot_level_sets",
    "plot_linear_fits",
    "plot_verdicts",
}
CLAIMS = {"judge_claims", "collect_claims"}
TABLES = {
    "tabulate",
    "tabulate_ablation",
    "tabulate_length",
    "preview_tables",
    "write_numbers",
    "collect_metrics",
    "compare_methods",
    "compare_on_images",
    "describe_design",
    "simulate_coverage",
    "collect_tuning",
    "describe_data",
    "describe_machine",
}
NOTEBOOKS = {"execute_notebook", "judge_claims"}
# What no notebook tells of.
UNTOLD = {
    "tune_method",
    "tune_hkr",
    "fit_library",
    "compute_level_sets",
    "attack_run",
    "audit_attacks",
}
QUICK = ["--configfile", "workflow/presets/quick.yaml", "--"]


@pytest.mark.parametrize(
    ("options", "results", "baselines"), [([], "results", 73), (QUICK, "results-quick", 9)]
)
def test_default_target_plans_every_stage(
    shipped: Study, options: list[str], results: str, baselines: int
):
    outcome = shipped.plan(*options)
    stages = PREPARATION | TRAINING | EVALUATION | CLAIMS | FIGURES | TABLES | NOTEBOOKS
    stages |= {"collect_timings", "write_provenance", "write_crate"}
    assert set(outcome.jobs) == stages | {"all"}
    assert outcome.jobs["train_baseline"] == baselines
    assert outcome.jobs["execute_notebook"] == 5
    assert f"{results}/claims.csv" in outcome.text
    assert not (shipped.folder / results).exists()


@pytest.mark.parametrize(
    ("target", "rules"),
    [
        ("data", PREPARATION | {"corrupt_dataset"}),
        ("models", PREPARATION | TRAINING),
        ("figures", PREPARATION | TRAINING | EVALUATION - {"audit_attacks"} | CLAIMS | FIGURES),
        ("tables", PREPARATION | TRAINING | EVALUATION - LEVELS | CLAIMS | TABLES),
        ("notebooks", PREPARATION | (TRAINING | EVALUATION) - UNTOLD | NOTEBOOKS),
    ],
)
def test_named_target_plans_its_stages_only(shipped: Study, target: str, rules: set[str]):
    assert set(shipped.plan(target).jobs) == rules | {target}


def test_single_figure_is_a_target(shipped: Study):
    jobs = shipped.plan("results/figures/noise_boston.pdf").jobs
    trained = {"train_gradient": 2, "train_baseline": 2, "evaluate_run": 4}
    assert jobs == dict.fromkeys(PREPARATION, 1) | trained | {"plot_noise": 1}


def test_curves_are_evaluated_where_a_claim_quotes_one(shipped: Study):
    commands = shipped.plan("--printshellcmds", "results/metrics.csv").text
    evaluations = re.findall(r"scripts/evaluation/evaluate.*", commands)
    with_curves = [command for command in evaluations if "--curves" in command]
    found = {re.search(r"results/models/(\w+/\w+)/", command)[1] for command in with_curves}
    assert found == {
        *("boston/gradient", "boston/baseline"),
        *("mnist/gradient", "fashion_mnist/gradient", "two_moons/hkr"),
    }
    assert len(evaluations) > len(with_curves)


def shipped_config() -> dict:
    """As config.yaml has it, what YAML shares being values of their own."""
    return json.loads(json.dumps(yaml.safe_load((ROOT / "config.yaml").read_text())))


@pytest.mark.parametrize(
    ("kept", "absent"),
    [
        (["boston", "mnist", "two_moons", "trilotropicos"], set()),
        (
            ["boston_leak_free", "diabetes", "fashion_mnist", "two_circles"],
            {"plot_linear_fits", "plot_frontier", "plot_length", "train_linear", "fit_library"},
        ),
        (["trilotropicos"], {"plot_noise", "collect_timings", "compare_on_images"}),
    ],
    ids=["half", "other half", "lines"],
)
def test_datasets_can_be_left_out(shipped: Study, kept: list[str], absent: set[str]):
    left_out = {name: None for name in shipped_config()["datasets"] if name not in kept}
    preset = shipped.folder / "preset.yaml"
    preset.write_text(yaml.safe_dump({"datasets": left_out}))
    outcome = shipped.plan("--configfile", preset.name)
    assert {"write_numbers", "tabulate", "collect_claims"} <= outcome.jobs.keys()
    assert outcome.jobs.keys() & absent == set()
    planned = set(re.findall(r"results/(?:data|evaluations)/(\w+)", outcome.text))
    assert set(kept) <= planned
    assert planned & left_out.keys() == set()


def test_datasets_can_be_there_twice(shipped: Study):
    config = shipped_config()
    copies = {
        f"{name}_again": entry
        | {"source": entry.get("source", name), "label": f"{entry['label']} again"}
        for name, entry in config["datasets"].items()
    }
    once = shipped.plan("figures").jobs
    shipped.change_config(lambda old: old["datasets"].update(copies))
    try:
        twice = shipped.plan("figures").jobs
    finally:
        shipped.change_config(lambda old: old.update(config))
    alone = {"plot_headline", "plot_verdicts"}
    for rule in FIGURES - alone:
        assert twice[rule] == 2 * once[rule], rule
    assert {twice[rule] for rule in alone} == {1}


def test_study_without_linear_regression_has_tables(fresh: Study):
    assert fresh.plan("tables").jobs["tabulate"] == 14


def test_hundreds_of_replicates_are_planned_as_their_cost_is_estimated(
    shipped: Study, tmp_path: Path
):
    config = yaml.safe_load((ROOT / "config.yaml").read_text())
    preset = tmp_path / "preset.yaml"
    preset.write_text(yaml.safe_dump(scale.with_replicates(config, 100)))
    jobs = shipped.plan("--configfile", str(preset)).jobs
    expected = Counter(
        stage for stage, *_ in scale.replicate_jobs(yaml.safe_load(preset.read_text()))
    )
    assert sum(expected.values()) > 3500
    planned = Counter()
    for rule, count in jobs.items():
        planned[rule.partition("_")[0]] += count
    assert {stage: planned[stage] for stage in expected} == expected


def test_the_profile_of_a_cluster_plans_the_same_jobs(shipped: Study):
    options = ["--workflow-profile", "workflow/profiles/slurm", *QUICK]
    assert shipped.plan(*options).jobs == shipped.plan(*QUICK).jobs


def profile_limits() -> dict[str, int]:
    """What all jobs together may take on this machine, by the default profile."""
    with (ROOT / "profiles/default/config.yaml").open() as profile:
        return yte.process_yaml(profile, require_use_yte=True)["resources"]


@pytest.mark.parametrize(("gpus", "limit"), [(0, None), (1, 1), (3, 3)])
def test_as_many_jobs_use_a_gpu_as_there_are_gpus(
    monkeypatch: pytest.MonkeyPatch, gpus: int, limit: int | None
):
    devices = {"/dev/nvidia[0-9]*": [f"/dev/nvidia{index}" for index in range(gpus)]}
    monkeypatch.setattr("glob.glob", devices.get)
    assert profile_limits().get("gpu") == limit


@pytest.mark.parametrize("allowed", ["max\n", f"{2**33}\n", f"{2**50}\n"])
def test_jobs_take_no_more_memory_than_the_machine_or_its_container_has(
    monkeypatch: pytest.MonkeyPatch, allowed: str
):
    memory = psutil.virtual_memory()._replace(total=2**34, available=2**20)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: memory)
    monkeypatch.setattr(Path, "exists", lambda _: True)
    monkeypatch.setattr(Path, "read_text", lambda _: allowed)
    assert profile_limits()["mem_mb"] == (8192 if allowed == f"{2**33}\n" else 16384)
