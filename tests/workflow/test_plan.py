"""What Snakemake plans from the shipped configurations."""

import pytest
from study import Study

TRAINING = {"train_gradient", "train_baseline", "train_hkr", "train_linear"}
PREPARATION = {"download_dataset", "prepare_dataset"}
EVALUATION = {"evaluate_run", "evaluate_hkr", "attack_run", "evaluate_linear", "collect_metrics"}
FIGURES = {
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
    "write_numbers",
    "judge_claims",
    "compare_methods",
    "collect_timings",
    "describe_data",
}
QUICK = ["--configfile", "workflow/presets/quick.yaml", "--"]


@pytest.mark.parametrize(
    ("options", "results", "baselines"), [([], "results", 43), (QUICK, "results-quick", 19)]
)
def test_default_target_plans_every_stage(
    shipped: Study, options: list[str], results: str, baselines: int
):
    outcome = shipped.plan(*options)
    stages = TRAINING | PREPARATION | EVALUATION | FIGURES | TABLES
    assert set(outcome.jobs) == stages | {"all"}
    assert outcome.jobs["train_baseline"] == baselines
    assert f"{results}/claims.csv" in outcome.text
    assert not (shipped.folder / results).exists()


@pytest.mark.parametrize(
    ("target", "rules"),
    [
        ("data", PREPARATION),
        ("models", PREPARATION | TRAINING),
        ("figures", PREPARATION | TRAINING | EVALUATION | FIGURES),
        ("tables", PREPARATION | TRAINING | EVALUATION | TABLES),
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
