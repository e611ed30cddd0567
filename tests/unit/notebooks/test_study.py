"""What notebooks see of a study: its configuration, its folders, its claims as tables."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from project import ROOT
from snakemake.utils import update_config

from gradloss.analysis.claims import CLAIMS, COLUMNS
from gradloss.configuration.runs import CONFIG_VARIABLE, overlay
from gradloss.notebooks.study import (
    Study,
    count_verdicts,
    in_series,
    number,
    open_study,
    printed_curve,
    verdict_table,
)
from gradloss.support.errors import UserError
from gradloss.support.results import metric_rows

CONFIG = {
    "results": "found",
    "seed": 7,
    "replicates_per_job": 20,
    "methods": {"gradient": {"label": "gradient loss", "rule": "gradient", "batch_size": 100}},
    "datasets": {
        "boston": {
            "label": "Boston housing",
            "task": "regression",
            "epochs": 3,
            "replicates": 5,
            "replicates_per_job": 2,
            "methods": {"gradient": {"epochs": 4}},
        }
    },
}


def claim_rows():
    """Judged claims with verdicts in turn."""
    verdicts = ["reproduced", "not reproduced", "inconclusive"]
    found = (0.5, 0.25, 0.75, 0.1, 1.0, False)
    rows = [
        (claim.document, claim.claim, claim.reported, *found, False, False, 5, verdicts[place % 3])
        for place, claim in enumerate(CLAIMS)
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A folder with a configuration and claims, in whose subfolder we are."""
    monkeypatch.delenv(CONFIG_VARIABLE, raising=False)
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(CONFIG))
    rows = claim_rows()
    for folder in ("notebooks", "found", "elsewhere"):
        (tmp_path / folder / "claims").mkdir(parents=True)
        file = tmp_path / folder / "claims/000.csv"
        rows[rows["document"] == "000"].to_csv(file, index=False)
    monkeypatch.chdir(tmp_path / "notebooks")
    return tmp_path


@pytest.fixture
def claims(repository):
    return open_study().claims("000")


def test_configuration_and_results_are_found_from_a_subfolder(repository):
    assert open_study() == Study(CONFIG, repository / "found")


def test_presets_are_laid_over_it_and_nulls_left_out(repository):
    preset = {"results": "elsewhere", "datasets": {"boston": {"methods": {"gradient": None}}}}
    (repository / "preset.yaml").write_text(yaml.safe_dump(preset))
    study = open_study("preset.yaml")
    assert study.results == repository / "elsewhere"
    assert study.config["datasets"]["boston"]["methods"] == {}
    assert study.config["datasets"]["boston"]["epochs"] == 3


def test_the_workflow_passes_the_configuration_on(repository, monkeypatch):
    given = {**CONFIG, "results": "../elsewhere"}
    monkeypatch.setenv(CONFIG_VARIABLE, json.dumps(given))
    study = open_study("ignored.yaml")
    assert study.config == given
    assert study.results.resolve() == repository / "elsewhere"


def test_missing_results_are_told_with_the_command_that_makes_them(repository):
    shutil.rmtree(repository / "found/claims")
    with pytest.raises(UserError) as error:
        open_study()
    assert str(error.value) == (
        f"{repository}/found holds no results yet; run `snakemake --cores all` in {repository}"
        " first"
    )


def test_missing_results_of_a_preset_are_told_with_its_option(repository):
    (repository / "preset.yaml").write_text("results: nowhere")
    with pytest.raises(UserError, match=r"all --configfile preset\.yaml` in"):
        open_study("preset.yaml")


def test_a_folder_outside_of_a_repository_is_told(tmp_path, monkeypatch):
    monkeypatch.delenv(CONFIG_VARIABLE, raising=False)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=f"no config.yaml in {tmp_path} or above; start Jupyter"):
        open_study()


@pytest.mark.parametrize("preset", sorted((ROOT / "workflow/presets").glob("*.yaml")), ids=str)
def test_overlay_merges_as_snakemake_does(preset):
    config, changes = (yaml.safe_load(path.read_text()) for path in (ROOT / "config.yaml", preset))
    # Without YAML's shared values, which Snakemake would change together.
    expected = json.loads(json.dumps(config))
    update_config(expected, json.loads(json.dumps(changes)))
    assert overlay(config, changes) == expected
    assert config == yaml.safe_load((ROOT / "config.yaml").read_text())


def test_folders_and_settings_of_a_run():
    study = Study(CONFIG, Path("found"))
    assert study.models("boston", "gradient") == Path("found/models/boston/gradient/0-1")
    assert study.pool_path("boston") == Path("found/data/boston.npz")
    assert study.settings("boston", "gradient")["epochs"] == 4
    assert study.labels("gradient") == {"gradient": "gradient loss"}


def test_ranges_are_no_longer_than_the_whole_study_has_them():
    study = Study({**CONFIG, "replicates_per_job": 1}, Path("found"))
    assert study.models("boston", "gradient").name == "0-0"


def test_curves_are_those_of_all_replicates(tmp_path):
    study = Study(CONFIG, tmp_path)
    folder = tmp_path / "histories/boston/gradient"
    folder.mkdir(parents=True)
    for replicates in [(0, 1), (2, 3), (4,)]:
        rows = [(r, 1, name, r + 0.5) for r in replicates for name in ("test_mse", "mean_loss")]
        columns = ["replicate", "epoch", "measure", "value"]
        file = folder / f"{replicates[0]}-{replicates[-1]}.csv"
        pd.DataFrame(rows, columns=columns).to_csv(file, index=False)
    curves = study.curves("boston", "gradient", "mean_loss")
    assert set(curves["measure"]) == {"mean_loss"}
    assert curves["replicate"].to_list() == [0, 1, 2, 3, 4]
    assert curves["value"].to_list() == [0.5, 1.5, 2.5, 3.5, 4.5]


def test_metrics_are_those_of_the_jobs_of_the_methods_that_are_named(tmp_path):
    study = Study(CONFIG, tmp_path)
    for first, replicates in enumerate(["0-1", "2-3", "4-4", "5-6"]):
        file = tmp_path / f"evaluations/boston/gradient/{replicates}.csv"
        file.parent.mkdir(parents=True, exist_ok=True)
        rows = metric_rows("boston", "gradient", [(first, "mse", "none", 0.0, 0, 0.5)])
        rows.to_csv(file, index=False)
    metrics = study.metrics("boston", "gradient")
    assert metrics["replicate"].to_list() == [0, 1, 2]


def test_recipes_are_what_tells_trainings_apart():
    config = yaml.safe_load((ROOT / "config.yaml").read_text())
    recipes = Study(config, Path("found")).recipes("mnist", ["gradient", "baseline"])
    assert list(recipes.index) == ["loss", "batch_size", "order", "epochs", "learning_rate"]
    assert recipes.loc["loss"].to_list() == ["gradient", "cross_entropy"]
    assert set(recipes.loc["epochs"]) == {config["datasets"]["mnist"]["epochs"]}


def test_claims_are_those_of_a_document_by_name(claims):
    expected = [claim.id for claim in CLAIMS if claim.document == "000"]
    assert list(claims.index) == expected
    assert claims.loc["boston-gradient-clean", "claim"] == "Gradient loss, clean MSE"


def test_claims_of_another_version_are_refused(repository):
    file = repository / "found/claims/000.csv"
    pd.read_csv(file).iloc[1:].to_csv(file, index=False)
    with pytest.raises(UserError, match=r"csv: not the claims of claims\.yaml; run"):
        open_study().claims("000")


def test_series_are_told_apart_from_single_claims(claims):
    series = claims[in_series(claims)]
    assert set(series.index.str.replace(r"\d+$", "", regex=True)) == {
        "boston-gradient-loss-",
        "boston-baseline-loss-",
        "boston-gradient-test-",
        "boston-baseline-test-",
    }


def test_printed_curve_has_the_numbers_of_claims_yaml_by_epoch(claims):
    curve = printed_curve(claims, "boston-gradient-test")
    assert curve.loc[[1, 901]].to_dict() == {1: 8.772951, 901: 0.026641201}
    assert len(curve) == 10


def test_verdict_table_states_both_numbers_the_interval_and_the_verdict(claims):
    table = verdict_table(claims.head(2))
    assert list(table.index) == ["Gradient loss, clean MSE", "Baseline, clean MSE"]
    first = ["0.02665", "0.5000", "[0.2500, 0.7500]", "[0.1000, 1]", 5, "reproduced"]
    assert table.iloc[0].to_list() == first
    assert table.iloc[1]["verdict"] == "not reproduced"


def test_verdict_table_has_no_interval_where_there_is_none(claims):
    unknown = claims.head(1).assign(replicated=np.nan, ci_low=np.nan, ci_high=np.nan)
    assert verdict_table(unknown).iloc[0].to_list()[1:3] == ["–", ""]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        *((0.026652, "0.02665"), (-0.8296, "−0.8296"), (2.92e-5, "2.920e−05"), (41985.0, "41985")),
        (-np.inf, "−∞"),
    ],
)
def test_numbers_have_four_significant_digits_or_are_whole(value, text):
    assert number(value) == text


def test_verdicts_of_a_series_are_counted(claims):
    counts = count_verdicts(claims)
    assert list(counts.index) == [
        "Gradient loss of the last batch, epoch …",
        "Baseline, mean training loss, epoch …",
        "Gradient loss, clean MSE after epoch …",
        "Baseline, clean MSE after epoch …",
    ]
    assert counts.sum(axis=1).to_list() == [10, 12, 10, 12]
    own = claims[claims.index.str.startswith("boston-gradient-loss-")]
    assert counts.iloc[0].to_dict() == own["verdict"].value_counts().to_dict()
