"""What of a configuration one run is made of: its settings, its replicates, its jobs."""

import copy
import json

import pytest
import yaml
from project import ROOT

from gradloss.configuration.runs import (
    canonical_json,
    doses_of,
    is_main,
    leave_out_nulls,
    overlay,
    replicate_ranges,
    replicates_of,
    run_settings,
    runs,
)


def read(path):
    return yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))


@pytest.fixture
def config():
    return read("config.yaml")


def test_null_leaves_out_a_dataset_or_a_method_of_one(config):
    config = overlay(config, {"datasets": {"mnist": None, "boston": {"methods": {"brier": None}}}})
    leave_out_nulls(config)
    left = list(runs(config))
    assert ("boston", "brier") not in left
    assert ("boston", "brier_scaled") in left
    assert "mnist" not in config["datasets"]


def test_a_tuned_constant_has_no_value_unless_null_leaves_its_tuning_out(config):
    tuned = run_settings(config, "mnist", "weight_decay")
    assert "weight_decay" not in tuned
    assert list(tuned["tune"]) == ["weight_decay"]
    null = {"datasets": {"mnist": {"methods": {"weight_decay": {"tune": None}}}}}
    config = overlay(config, null)
    leave_out_nulls(config)
    stated = run_settings(config, "mnist", "weight_decay")
    assert stated["weight_decay"] == config["methods"]["weight_decay"]["weight_decay"]
    assert "tune" not in stated


def test_arms_may_have_fewer_replicates(config):
    assert replicates_of(config, "mnist", "gradient") == 20
    assert replicates_of(config, "mnist", "brier") == 5
    del config["datasets"]["mnist"]["arm_replicates"]
    assert replicates_of(config, "mnist", "brier") == 20


@pytest.mark.parametrize("method", ["gradient", "brier"])
def test_a_method_may_have_replicates_of_its_own(config, method):
    config["datasets"]["mnist"]["methods"][method]["replicates"] = 7
    assert replicates_of(config, "mnist", method) == 7
    assert replicate_ranges(config, "mnist", method) == ["0-4", "5-6"]
    assert "replicates" not in run_settings(config, "mnist", method)


def test_quick_replicates_are_few(config):
    quick = overlay(config, read("workflow/presets/quick.yaml"))
    leave_out_nulls(quick)
    assert max(replicates_of(quick, *run) for run in runs(quick)) == 2


def test_doses_are_the_margins_of_one_method(config):
    assert (
        doses_of(config, "mnist")["hkr_certified"] == config["methods"]["hkr_certified"]["margin"]
    )
    assert doses_of(config, "mnist")["hkr_margin_025"] == 0.25
    config["datasets"]["mnist"]["methods"]["hkr_margin_025"] = {"margin": 0.3}
    assert doses_of(config, "mnist")["hkr_margin_025"] == 0.3
    assert doses_of(config, "two_moons") == {}
    main = [name for name, recipe in config["methods"].items() if is_main(recipe)]
    assert {"gradient", "hkr_certified"} <= set(main)
    assert not {"brier", "hkr_margin_025"} & set(main)


def test_runs_are_the_pairs_of_the_file(config):
    pairs = list(runs(config))
    assert pairs[:2] == [("boston", "gradient"), ("boston", "baseline")]
    assert ("two_moons", "hkr") in pairs
    assert ("boston", "hkr") not in pairs
    assert len(pairs) == len(set(pairs)) == 92


def test_the_most_specific_value_wins(config):
    network = {"name": "multilayer_perceptron", "hidden": [7]}
    config["datasets"]["mnist"]["methods"]["gradient"] |= {"network": network, "batch_size": 9}
    settings = run_settings(config, "mnist", "gradient")
    assert settings == {
        "task": "classification",
        "classes": 10,
        "network": network,  # of the run, over that of the dataset
        "rule": "gradient",
        "loss": "gradient",  # of the method
        "batch_size": 9,  # of the run, over that of the method
        "order": "file",
        "learning_rate": 0.001,
        "epochs": 20,
        "dataset": "mnist",
        "method": "gradient",
        "seed": 20240319,
    }
    of_method = run_settings(config, "two_moons", "hkr")["network"]
    assert of_method == config["methods"]["hkr"]["network"]
    of_dataset = run_settings(config, "two_moons", "gradient")["network"]
    assert of_dataset == config["datasets"]["two_moons"]["network"]


def test_what_does_not_change_a_training_is_not_in_its_settings(config):
    before = canonical_json(run_settings(config, "boston", "gradient"))
    changed = overlay(
        config,
        {
            "notice": "draft",
            "results": "elsewhere",
            "methods": {"gradient": {"label": "another name"}, "baseline": {"batch_size": 5}},
            "datasets": {
                "boston": {
                    "label": "another name",
                    "replicates": 3,
                    "noise": {"draws": 1},
                    "methods": {
                        "gradient": {"label": "a third name", "replicates": 2},
                        "baseline": {"epochs": 1},
                    },
                },
                "mnist": {"replicates": 1},
            },
        },
    )
    assert canonical_json(run_settings(changed, "boston", "gradient")) == before
    changed["seed"] = 1
    assert canonical_json(run_settings(changed, "boston", "gradient")) != before


def test_run_settings_leave_the_configuration_alone(config):
    before = copy.deepcopy(config)
    run_settings(config, "two_moons", "hkr")
    assert config == before


def test_canonical_json_knows_no_order():
    first, second = {"b": [2, 1], "a": {"d": 1, "c": "σ"}}, {"a": {"c": "σ", "d": 1}, "b": [2, 1]}
    assert (
        canonical_json(first) == canonical_json(second) == '{"a": {"c": "σ", "d": 1}, "b": [2, 1]}'
    )
    assert canonical_json({"b": [1, 2]}) != canonical_json({"b": [2, 1]})
    assert json.loads(canonical_json(first)) == first
