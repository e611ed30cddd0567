"""What Snakemake plans from the shipped configurations."""

import importlib
import sys
from collections import Counter
from pathlib import Path

import pytest
import yaml
import yte
from study import ROOT, Study

sys.path.insert(0, str(ROOT / "benchmarks"))
scale = importlib.import_module("scale")

TRAINING = {"train_gradient", "train_baseline", "train_hkr", "train_linear"}
PREPARATION = {"download_dataset", "prepare_dataset"}
EVALUATION = {"evaluate_run", "evaluate_hkr", "attack_run", "evaluate_linear", "collect_metrics"}
FIGURES = {
    "plot_headline",
    "plot_noise",
    "plot_ablation",
    "plot_perturbations",
    "plot_attacks",
    "plot_training",
    "plot_level_sets",
    "plot_linear_fits",
}
TABLES = {
    "tabulate",
    "tabulate_ablation",
    "preview_tables",
    "write_numbers",
    "judge_claims",
    "compare_methods",
    "collect_timings",
    "describe_data",
    "describe_machine",
}
NOTEBOOKS = {"execute_notebook", "judge_claims"}
QUICK = ["--configfile", "workflow/presets/quick.yaml", "--"]


@pytest.mark.parametrize(
    ("options", "results", "baselines"), [([], "results", 43), (QUICK, "results-quick", 19)]
)
def test_default_target_plans_every_stage(
    shipped: Study, options: list[str], results: str, baselines: int
):
    outcome = shipped.plan(*options)
    stages = TRAINING | PREPARATION | EVALUATION | FIGURES | TABLES | NOTEBOOKS
    stages |= {"write_provenance"}
    assert set(outcome.jobs) == stages | {"all"}
    assert outcome.jobs["train_baseline"] == baselines
    assert outcome.jobs["execute_notebook"] == 5
    assert f"{results}/claims.csv" in outcome.text
    assert not (shipped.folder / results).exists()


@pytest.mark.parametrize(
    ("target", "rules"),
    [
        ("data", PREPARATION),
        ("models", PREPARATION | TRAINING),
        ("figures", PREPARATION | TRAINING | EVALUATION | FIGURES),
        ("tables", PREPARATION | TRAINING | EVALUATION | TABLES - {"collect_timings"}),
        ("notebooks", PREPARATION | TRAINING | EVALUATION | NOTEBOOKS),
    ],
)
def test_named_target_plans_its_stages_only(shipped: Study, target: str, rules: set[str]):
    assert set(shipped.plan(target).jobs) == rules | {target}


def test_single_figure_is_a_target(shipped: Study):
    rules = PREPARATION | TRAINING | EVALUATION | {"plot_noise"}
    jobs = shipped.plan("results/figures/noise_boston.pdf").jobs
    assert set(jobs) == rules
    assert jobs["plot_noise"] == 1


def test_study_without_linear_regression_has_tables_or_one_sentence_why_not(fresh: Study):
    outcome = fresh.snakemake("--dry-run", "tables")
    assert "IndexError" not in outcome.text
    assert "Traceback" not in outcome.text


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


@pytest.mark.parametrize(("gpus", "limit"), [(0, None), (1, {"gpu": 1}), (3, {"gpu": 3})])
def test_as_many_jobs_use_a_gpu_as_there_are_gpus(
    monkeypatch: pytest.MonkeyPatch, gpus: int, limit: dict | None
):
    devices = {"/dev/nvidia[0-9]*": [f"/dev/nvidia{index}" for index in range(gpus)]}
    monkeypatch.setattr("glob.glob", devices.get)
    with (ROOT / "profiles/default/config.yaml").open() as profile:
        assert yte.process_yaml(profile, require_use_yte=True).get("resources") == limit
