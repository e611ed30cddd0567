"""Each dataset, method and claim is left out in turn: configuration, text and tables follow."""

import copy
import json

import numpy as np
import pandas as pd
import pytest
import yaml
from matplotlib.figure import Figure
from project import ROOT, module_at
from synthetic_metrics import DATASETS, ENTRIES, synthetic_metrics

from gradloss.analysis.claims import CLAIMS, by_claim, judge_claims
from gradloss.analysis.comparisons import compare_methods
from gradloss.analysis.design import describe_design
from gradloss.analysis.verdicts import PAIRED_RULES
from gradloss.configuration.runs import LIBRARY, run_settings, runs
from gradloss.configuration.validation import validate_config
from gradloss.paper.quotations import Results

NAMES = ("claims", "headline", "comparisons", "design", "sweep", "duality")
claims, headline, comparisons, design, sweep, duality = (
    module_at(f"scripts/tables/tabulate_{name}.py") for name in NAMES
)
plot_verdicts = module_at("scripts/figures/plot_verdicts.py")
numbers = module_at("scripts/paper/write_numbers.py")

SCHEMA = yaml.safe_load((ROOT / "workflow/config.schema.yaml").read_text(encoding="utf-8"))
CONFIG = json.loads(json.dumps(yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))))
TEXTS = sorted((ROOT / "paper").glob("**/*.tex"))
QUOTED = numbers.quotations(TEXTS)
COMPARED = [claim for claim in CLAIMS if claim.rule in PAIRED_RULES]
MACHINE = {key: "x" for command, key in QUOTED if command == "machine"}
LEFT_OUT = numbers.names_beside(pd.read_csv(ROOT / "paper/published.csv"))
JUDGED = {
    "claims": pd.DataFrame(
        {"verdict": "reproduced", "reported": 1.0, "replicated": 1.0, "ci_low": 0.5}
        | {"ci_high": 1.5, "replicates": 3},
        index=[claim.id for claim in CLAIMS],
    ),
    "comparisons": pd.DataFrame(
        {"probability": 0.5, "probability_low": 0.4, "probability_high": 0.6, "replicates": 3}
        | {"p_holm": 0.5, "holds_after_holm": True},
        index=[claim.id for claim in COMPARED],
    ),
}


def without_method(name: str) -> dict:
    """The configuration without a method, and without what is said in relation to it."""
    config = copy.deepcopy(CONFIG)
    for entry in config["datasets"].values():
        gone = {name} | {
            m for m in entry["methods"] if config["methods"][m].get("length_of") == name
        }
        entry["methods"] = {m: own for m, own in entry["methods"].items() if m not in gone}
        if "attacks" in entry:
            entry["attacks"]["methods"] = [m for m in entry["attacks"]["methods"] if m not in gone]
        if entry.get("reference") in gone:
            entry["reference"] = next(iter(entry["methods"]))
        if name == "hkr":
            entry.pop("library_replicates", None)
    config["datasets"] = {d: entry for d, entry in config["datasets"].items() if entry["methods"]}
    return config


def twice(name: str) -> dict:
    """The configuration with a method there twice."""
    config = copy.deepcopy(CONFIG)
    recipe = config["methods"][name]
    config["methods"]["again"] = recipe | {"label": f"{recipe['label']} again"}
    for entry in config["datasets"].values():
        if name in entry["methods"]:
            entry["methods"]["again"] = entry["methods"][name]
    return config


def quote(config: dict) -> list[str]:
    """What the text quotes, of results that hold all that a configuration asks for."""
    known = {*runs(config), *((d, LIBRARY) for d in config["datasets"])}
    settings = config | {"runs": {name: {} for name in config["datasets"]}}
    for run in runs(config):
        settings["runs"][run[0]][run[1]] = run_settings(config, *run)
    values = {}
    for command, key in QUOTED:
        if command in ("result", "resultci", "difference", "ratio"):
            dataset, *methods, measure = key.split("/")
            linear = "linear" in config["datasets"].get(dataset, {}).get("methods", {})
            for method in methods:
                if linear or (dataset, method) in known:
                    name = f"{dataset}/{method}/{measure}"
                    values[name] = pd.Series([1.0, 2.0, 4.0], name=name)
    results = Results(
        values,
        settings,
        **JUDGED,
        milliseconds={},
        training=0.0,
        machine=MACHINE,
        left_out=LEFT_OUT,
    )
    return list(numbers.definitions(results, QUOTED))


def unavailable(lines: list[str]) -> set[str]:
    return {line for line in lines if "{n/a}" in line and "{timing}" not in line}


def test_nothing_of_the_shipped_study_is_unavailable():
    assert unavailable(quote(CONFIG)) == set()


@pytest.mark.parametrize("name", CONFIG["datasets"])
def test_each_dataset_can_be_left_out_of_the_configuration_and_the_text(name: str):
    config = copy.deepcopy(CONFIG)
    del config["datasets"][name]
    validate_config(config, SCHEMA)
    gone = unavailable(quote(config))
    assert gone
    assert [line for line in gone if name not in line] == []


@pytest.mark.parametrize("name", CONFIG["methods"])
def test_each_method_can_be_left_out_or_there_twice(name: str):
    config = without_method(name)
    validate_config(config, SCHEMA)
    quote(config)
    if CONFIG["methods"][name]["rule"] != "linear":  # which stands alone
        validate_config(twice(name), SCHEMA)
        assert unavailable(quote(twice(name))) == set()


def test_each_claim_can_be_left_out_or_there_twice(monkeypatch: pytest.MonkeyPatch):
    for claim in CLAIMS:
        own = {(command, key): file for (command, key), file in QUOTED.items() if key == claim.id}
        rows = {name: table.drop(index=claim.id, errors="ignore") for name, table in JUDGED.items()}
        results = Results({}, CONFIG, **rows, milliseconds={}, training=0.0, machine={})
        monkeypatch.setattr("gradloss.paper.quotations.LEFT_OUT", frozenset([claim.id]))
        for (command, _), line in zip(own, numbers.definitions(results, own), strict=True):
            assert ("{not computed}" if command == "verdict" else "{n/a}") in line


@pytest.mark.parametrize("kept", [[], *([name] for name in DATASETS)], ids=str)
def test_tables_and_figures_of_claims_are_made_whatever_is_left(kept: list[str], tmp_path):
    metrics = synthetic_metrics()
    metrics = metrics[metrics["dataset"].isin(kept)]
    judge_claims(metrics).to_csv(tmp_path / "claims.csv", index=False)
    compare_methods(metrics).to_csv(tmp_path / "comparisons.csv", index=False)
    describe_design(metrics, {"boston": 1 / 3}).to_csv(tmp_path / "design.csv", index=False)
    judged, compared, designed = (
        pd.read_csv(tmp_path / f"{name}.csv", dtype={"document": str})
        for name in ("claims", "comparisons", "design")
    )
    assert set(judged["verdict"]) >= {"not computed"}
    assert (
        claims.tabulate(judged).count("not computed") == (judged["verdict"] == "not computed").sum()
    )
    for script, table in ((headline, judged), (comparisons, compared), (design, designed)):
        assert r"\bottomrule" in script.tabulate(table)
    entries = ENTRIES | {"datasets": {name: DATASETS[name] for name in kept}}
    noisy = {n: e | {"noise": {"gaussian": [0.1]}} for n, e in entries["datasets"].items()}
    assert sweep.tabulate(metrics, ENTRIES | {"datasets": noisy}).count("toprule") == 1
    assert duality.tabulate(metrics, entries).count("toprule") == 1
    rows = by_claim(judged, list(CLAIMS), tmp_path)
    parts = [claim for claim in CLAIMS if claim.rule == "number" and not claim.derived]
    single, curves = (
        plot_verdicts.deviations(rows.loc[[c.id for c in parts if c.is_on_curve == on_curve]])
        for on_curve in (False, True)
    )
    figure = Figure(layout="constrained")
    plot_verdicts.draw(figure, single, curves)
    figure.savefig(tmp_path / "verdicts.pdf")
    assert len(figure.axes) == 2
    assert np.isfinite(figure.axes[0].get_ylim()).all()
