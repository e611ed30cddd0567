"""The tables of the attacks, the certificates, the sweep and the comparisons."""

import json
import re
import sys

import numpy as np
import pandas as pd
import pytest
from project import module_at
from synthetic_metrics import (
    ATTACKED,
    ENTRIES,
    RADII,
    SIZES,
    figure_settings,
    synthetic_metrics,
)
from table_rows import cell, row_of, rows_of, values_of, width_of

from gradloss.analysis.statistics import (
    geometric_interval,
    mean_interval,
)
from gradloss.support.results import METRIC_KEYS
from gradloss.tables.latex import MISSING, p_value, stacked, three_decimals

LEAKING = ENTRIES | {"leak_free": {"boston_leak_free": "boston"}}
NAMES = (
    *("ablation", "attacks", "audit", "lipschitz", "duality", "leak", "comparisons"),
    *("sweep", "linear"),
)
ablation, attacks, audit, lipschitz, duality, leak, comparisons, sweep, linear = (
    module_at(f"scripts/tables/tabulate_{name}.py") for name in NAMES
)
ANCHORS = [
    {
        "dataset": "mnist",
        "label": "A & B",
        "accuracy": 0.97,
        "certified": {1.58: 0.628, 0.1: 0.96},
        "citation": "ab20",
    },
    {
        "dataset": "mnist",
        "label": "C",
        "accuracy": 0.962,
        "certificate_2k": 0.86,
        "citation": "c21",
    },
]


TABLES = {
    "ablation": lambda metrics: ablation.tabulate(metrics, "mnist", figure_settings("mnist")),
    "attacks": lambda metrics: attacks.tabulate(metrics, ENTRIES),
    "audit": lambda metrics: audit.tabulate(metrics, ENTRIES),
    "lipschitz": lambda metrics: lipschitz.tabulate(metrics, ENTRIES, ANCHORS),
    "duality": lambda metrics: duality.tabulate(metrics, ENTRIES),
    "leak": lambda metrics: leak.tabulate(metrics, LEAKING),
}


@pytest.fixture(scope="module")
def metrics():
    return synthetic_metrics(replicates=3)


@pytest.fixture(scope="module")
def single():
    return synthetic_metrics(replicates=1)


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("replicates", ["metrics", "single"])
def test_rows_fill_the_columns(name, replicates, request):
    table = TABLES[name](request.getfixturevalue(replicates))
    columns = re.search(r"\\begin\{tabular\}\{@\{\}(.*)@\{\}\}", table)[1]
    columns = re.sub(r">\{.*?arraybackslash\}|\{[\d.]+in\}", "", columns)
    assert max(map(width_of, rows_of(table))) == len(columns)
    assert "nan" not in table


@pytest.mark.parametrize("name", TABLES)
def test_what_was_not_computed_is_said(name, metrics):
    table = TABLES[name](metrics[metrics["dataset"] == "none of them"])
    assert r"\itshape not computed" in table


def test_attacks_have_a_group_per_norm_with_its_own_sizes(metrics):
    table = TABLES["attacks"](metrics)
    for norm, sizes in SIZES.items():
        sign = {"l2": r"$\ell_2$", "linf": r"$\ell_\infty$"}[norm]
        heads = next(row for row in rows_of(table) if sign in row[0])
        assert heads[-4:] == [rf"$\varepsilon = {size:g}$" for size in [*sizes, sizes[1]]]
        row = row_of(table, "HKR, dense", after=sign)
        assert row[1] == "3"
        for place, size in enumerate(sizes, start=5):
            pgd = values_of(metrics, "mnist", "hkr_dense", "accuracy", f"pgd_{norm}", size)
            assert row[place] == cell(pgd, 3)
        worst = values_of(metrics, "mnist", "hkr_dense", "accuracy", f"ensemble_{norm}", sizes[1])
        assert row[8] == cell(worst, 3)
        assert row[4] == cell(values_of(metrics, "mnist", "hkr_dense", "accuracy", "subset"), 3)
    assert len(rows_of(table)) == 1 + 2 * (1 + len(ATTACKED))


def test_sensitivity_is_that_of_the_attacked_replicates(metrics):
    attacked = metrics[(metrics["replicate"] < 2) | (metrics["perturbation"] == "none")]
    row = row_of(TABLES["attacks"](attacked), "baseline", after=r"$\ell_2$")
    norms = values_of(metrics, "mnist", "baseline", "jacobian_norm")
    assert row[1:3] == ["2", cell(norms[:2], 3)]
    assert row_of(TABLES["attacks"](attacked), "baseline", after="infty")[2:4] == ["", ""]


def test_audit_says_how_far_the_worst_goes_below_the_chain(metrics):
    table = TABLES["audit"](metrics)
    for norm, sizes in SIZES.items():
        sign = {"l2": r"$\ell_2$", "linf": r"$\ell_\infty$"}[norm]
        row = row_of(table, "HKR, dense", after=sign)
        chain, worst = (
            values_of(
                metrics, "mnist", "hkr_dense", "accuracy", f"audit_{name}_{norm}", sizes[1]
            ).mean()
            for name in ("chain", "worst")
        )
        assert row[1] == f"{chain:.3f}"
        assert row[6] == f"{worst:.3f}"
        assert row[4] == "--"
        assert row[7:] == [f"{100 * (chain - worst):.1f}", "0" if norm == "l2" else "--"]
    assert row_of(table, "baseline", after=r"$\ell_2$")[8] == "--"


def test_certificates_stand_beside_those_of_the_literature(metrics):
    table = TABLES["lipschitz"](metrics)
    heads = next(row for row in rows_of(table) if "MNIST" in row[0])
    assert heads[5:] == [f"$r = {radius:g}$" for radius in [*RADII, 1.58]]
    row = row_of(table, "HKR, robust")
    assert row[3] == cell(values_of(metrics, "mnist", "hkr_robust", "certificate"), 3)
    sure = values_of(metrics, "mnist", "hkr_robust", "accuracy", "certified_l2", RADII[1])
    assert row[6] == cell(sure, 3)
    assert row[4] == cell(values_of(metrics, "mnist", "hkr_robust", "certificate_2k"), 3)
    assert row[-1] == MISSING
    first = row_of(table, r"{\itshape A \& B} \citep{ab20}")
    assert first[1:] == [MISSING, "0.97", MISSING, MISSING, "0.96", MISSING, MISSING, "0.628"]
    second = row_of(table, r"{\itshape C} \citep{c21}")
    assert second[1:] == [MISSING, "0.962", MISSING, "0.86"] + [MISSING] * 4
    assert r"hkr\_margin" not in table
    toy = row_of(table, "HKR (1-Lipschitz)")
    assert toy[4] == MISSING
    assert "gradient loss" not in table and "Boston" not in table


def test_duality_is_paired_and_singular_values_are_the_extremes(metrics):
    heads, row = rows_of(TABLES["duality"](metrics))[1:]
    assert heads[5:] == [f"layer {layer}" for layer in (1, 2, 3, 4)]
    kr, distance = (
        values_of(metrics, "two_moons", "hkr", measure) for measure in ("kr", "wasserstein")
    )
    assert row[:2] == ["Two moons, HKR (1-Lipschitz)", "3"]
    assert row[2:5] == [cell(kr, 4), cell(distance, 4), cell(kr / distance, 4, geometric_interval)]
    largest, smallest = (
        values_of(metrics, "two_moons", "hkr", f"{name}_singular_value_2")
        for name in ("largest", "smallest")
    )
    assert row[6] == f"{largest.max():.4f} / {smallest.min():.4f}"


def test_leak_and_scale_are_paired_differences(metrics):
    table = TABLES["leak"](metrics)
    runs = {
        "range of": [("boston", "gradient"), ("boston_leak_free", "gradient")],
        "loss of": [("boston", "gradient"), ("boston", "gradient_per_example")],
    }
    for after, pair in runs.items():
        row = row_of(table, "gradient loss", after=after)
        for place, condition in ((2, ()), (5, ("gaussian", 0.1))):
            before, later = (values_of(metrics, *run, "mse", *condition) for run in pair)
            assert row[place] == cell(before, 4, geometric_interval)
            assert row[place + 1] == cell(later, 4, geometric_interval)
            assert row[place + 2].replace("$", "") == cell(later - before, 4)
    without = metrics[metrics["dataset"] != "boston_leak_free"]
    assert "range of" not in TABLES["leak"](without)
    # A dataset of one source that is prepared alike shows no leak.
    assert "range of" not in leak.tabulate(metrics, ENTRIES | {"leak_free": {}})


def grids(*grids):
    return {"datasets": {str(n): {"noise": {"gaussian": g}} for n, g in enumerate(grids)}}


def test_a_further_dataset_takes_no_column_from_the_sweep():
    usual = [0.05, 0.1, 0.15]
    assert sweep.usual_sigmas(grids(usual, [*usual, 0.4], [0.02, *usual])) == usual
    assert sweep.usual_sigmas(grids(usual, usual, [0.1, 0.2])) == usual
    assert sweep.usual_sigmas(grids(usual)) == usual
    assert sweep.usual_sigmas({"datasets": {}}) == []
    assert "not computed" in sweep.tabulate(synthetic_metrics().iloc[:0], {"datasets": {}})


def test_every_linear_regression_has_rows():
    rows = [
        (dataset, variant, replicate, measure, "none", 0.0, 0, value + replicate)
        for dataset in ("first", "second")
        for variant in ("scikit_learn", "sequential_mse")
        for replicate in range(2)
        for measure, value in (("slope", 1.0), ("intercept", 2.0), ("prediction_5", 7.0))
    ]
    metrics = pd.DataFrame(rows, columns=[*METRIC_KEYS, "value"])
    one = linear.tabulate(metrics[metrics["dataset"] == "first"], {"first": "A & B"})
    two = linear.tabulate(metrics, {"first": "A & B", "second": "C"})
    assert one.count("scikit learn") == 1
    assert r"A \& B" not in one
    assert two.count("scikit learn") == two.count("$f(5)$") + 1 == 2
    assert two.index(r"A \& B") < two.index(r"\itshape C")


COMPARISONS = pd.DataFrame(
    {
        "document": ["P1", "P1", "anchors"],
        "claim": ["A gains 10 %", "B too", "C"],
        "a": ["d/m_1/mse@0.1", "a", "a"],
        "b": ["d/m_2/mse@0.1", "b", "b"],
        "mean_difference": [0.0123, -0.0004, np.nan],
        "ci_low": [0.01, np.nan, np.nan],
        "ci_high": [0.02, np.nan, np.nan],
        "probability": [0.95, 0.0, np.nan],
        "probability_low": [0.8, 0.0, np.nan],
        "probability_high": [1.0, 0.975, np.nan],
        "p": [0.0004, 0.5, np.nan],
        "p_holm": [0.0012, 1.0, np.nan],
        "replicates": [20, 3, 0],
        "holds_after_holm": [True, False, np.nan],
    }
)


def test_comparisons_say_what_holds(tmp_path, monkeypatch):
    COMPARISONS.to_csv(tmp_path / "comparisons.csv", index=False)
    words = ["--comparisons", tmp_path / "comparisons.csv", "--output", tmp_path / "table.tex"]
    monkeypatch.setattr(sys, "argv", ["script", *map(str, words)])
    comparisons.main()
    table = (tmp_path / "table.tex").read_text(encoding="utf-8")
    header, first, second, third = rows_of(table)
    assert len(header) == len(first) == len(second) == len(third)
    assert first[0] == "P1"
    assert r"A gains 10 \%" in first[1]
    assert r"$A$: d/\allowbreak{}m\_1/\allowbreak{}mse@0.1" in first[1]
    assert first[2:] == [
        "0.0123 / [0.0100, 0.0200]",
        "0.95 / [0.80, 1.00]",
        "20",
        "$<0.001$",
        "0.0012",
        "yes",
    ]
    assert (second[2], second[-1]) == (r"\num{-4.00e-04}", "no")
    assert third[2:] == [MISSING] * 6
    assert table.count(r"\addlinespace") == 1


@pytest.mark.parametrize(
    ("value", "text"), [(0.0009, "$<0.001$"), (0.001, "0.0010"), (1, "1.0000"), (np.nan, MISSING)]
)
def test_p_values_below_a_thousandth_are_not_printed(value, text):
    assert p_value(value) == text


def test_cells_without_an_interval_are_the_mean_alone():
    assert stacked(mean_interval(np.array([0.5])), three_decimals) == "0.500"


def test_scripts_write_their_tables_from_the_command_line(metrics, tmp_path, monkeypatch):
    metrics.to_csv(tmp_path / "metrics.csv", index=False)
    for script, name in ((attacks, "attacks"), (duality, "duality")):
        words = ["--metrics", tmp_path / "metrics.csv", "--settings", json.dumps(ENTRIES)]
        words += ["--output", tmp_path / f"{name}.tex"]
        monkeypatch.setattr(sys, "argv", ["script", *map(str, words)])
        script.main()
        assert (tmp_path / f"{name}.tex").read_text(encoding="utf-8") == TABLES[name](metrics)
