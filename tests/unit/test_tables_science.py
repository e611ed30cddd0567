"""The tables of the ablation, the attacks, the certificates and the comparisons."""

import importlib
import json
import re
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from synthetic_metrics import (
    ARMS,
    ATTACKED,
    ENTRIES,
    RADII,
    SIZES,
    figure_settings,
    synthetic_metrics,
)

from gradloss.latex import MISSING, p_value, stacked, three_decimals
from gradloss.statistics import bootstrap_mean, probability_of_superiority

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))
NAMES = ("ablation", "attacks", "lipschitz", "duality", "leak", "comparisons")
ablation, attacks, lipschitz, duality, leak, comparisons = (
    importlib.import_module(f"tabulate_{name}") for name in NAMES
)
ANCHORS = [
    {"dataset": "mnist", "label": "A & B", "accuracy": 0.628, "radius": 1.58, "citation": "ab20"},
    {
        "dataset": "mnist",
        "label": "C",
        "accuracy": 0.962,
        "certificate": 0.86,
        "radius": None,
        "citation": "c21",
    },
]
NESTED = re.compile(r"\\begin\{tabular\}\[t\]\{@\{\}r@\{\}\}(.*?)\\end\{tabular\}")
TABLES = {
    "ablation": lambda metrics: ablation.tabulate(metrics, "mnist", figure_settings("mnist")),
    "attacks": lambda metrics: attacks.tabulate(metrics, ENTRIES),
    "lipschitz": lambda metrics: lipschitz.tabulate(metrics, ENTRIES, ANCHORS),
    "duality": lambda metrics: duality.tabulate(metrics, ENTRIES),
    "leak": lambda metrics: leak.tabulate(metrics, ENTRIES),
}


@pytest.fixture(scope="module")
def metrics():
    return synthetic_metrics(replicates=3)


@pytest.fixture(scope="module")
def single():
    return synthetic_metrics(replicates=1)


def rows_of(table):
    """Cells of each row; a cell of two lines reads "first / second"."""
    flat = NESTED.sub(lambda match: match[1].replace(r"\\[-2pt]", " / "), table)
    flat = flat.replace(r"\scriptsize ", "").replace(r"\rule[-4.5pt]{0pt}{0pt}", "")
    lines = [line.removesuffix(r" \\") for line in flat.splitlines() if line.endswith(r" \\")]
    return [re.split(r"(?<!\\) & ", line) for line in lines]


def row_of(table, label, after=""):
    """Cells of the first row with a label, below the row that holds a text."""
    rows = rows_of(table)
    start = next(place for place, row in enumerate(rows) if after in " ".join(row))
    return next(row for row in rows[start:] if row[0] == label)


def width_of(row):
    spans = [re.match(r"\\multicolumn\{(\d+)\}", cell) for cell in row]
    return sum(int(span[1]) if span else 1 for span in spans)


def values_of(metrics, dataset, method, measure, perturbation="none", level=0.0):
    """Means over draws by replicate, looked up without the code that is tested."""
    chosen = metrics.query(
        "dataset == @dataset and method == @method and measure == @measure"
        " and perturbation == @perturbation and level == @level"
    )
    return chosen.groupby("replicate")["value"].mean().to_numpy()


def cell(values, digits):
    """What a cell of a mean with its interval reads, where all are positive."""
    interval = bootstrap_mean(values)
    return f"{interval.mean:.{digits}f} / [{interval.low:.{digits}f}, {interval.high:.{digits}f}]"


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


def test_ablation_compares_accuracies_with_the_reference_by_pairs(metrics):
    table = TABLES["ablation"](metrics)
    names = [row[0] for row in rows_of(table)]
    arms = [label for name, (label, _) in ARMS.items() if name != "gradient_per_example"]
    main = ["gradient loss", "baseline", "HKR, accurate", "HKR, robust", "HKR, dense"]
    plain = [name.replace(r"$\lambda$", "λ").replace(r"$\sigma$", "σ") for name in names]
    assert plain == ["arm", *main, *arms]
    noisy, reference = (
        values_of(metrics, "mnist", name, "accuracy", "gaussian", 0.1)
        for name in ("brier", "gradient")
    )
    row = row_of(table, "Brier score")
    assert row[1:3] == ["mean squared error of the probabilities", "3"]
    assert row[3] == cell(values_of(metrics, "mnist", "brier", "accuracy"), 4)
    assert row[4] == cell(noisy, 4)
    assert row[5].replace("$", "") == cell(noisy - reference, 4)
    better = probability_of_superiority(noisy, reference)
    assert row[6] == f"{better.mean:.2f} / [{better.low:.2f}, {better.high:.2f}]"
    assert row_of(table, "gradient loss")[-2:] == [MISSING, MISSING]


def test_ablation_of_a_regression_has_ratios_and_counts_lower_errors_as_better(metrics):
    settings = figure_settings("boston")
    noisy, reference = (
        values_of(metrics, "boston", name, "mse", "gaussian", 0.1)
        for name in ("baseline", "gradient")
    )
    assert (noisy > reference).all()
    row = row_of(ablation.tabulate(metrics, "boston", settings), "baseline")
    assert row[5] == cell(noisy / reference, 2)
    assert row[6].startswith("0.00 / ")
    swapped = ablation.tabulate(metrics, "boston", settings | {"reference": "baseline"})
    assert row_of(swapped, ARMS["cross_entropy"][0])[6].startswith("1.00 / ")


def test_arms_are_compared_on_the_replicates_that_both_have(metrics):
    known = metrics[(metrics["method"] != "brier") | (metrics["replicate"] == 1)]
    row = row_of(TABLES["ablation"](known), "Brier score")
    pair = [
        values_of(metrics, "mnist", name, "accuracy", "gaussian", 0.1)[1]
        for name in ("brier", "gradient")
    ]
    assert row[2] == "1"
    assert row[5].replace("$", "") == f"{pair[0] - pair[1]:.4f}"


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


def test_certificates_stand_beside_those_of_the_literature(metrics):
    table = TABLES["lipschitz"](metrics)
    heads = next(row for row in rows_of(table) if "MNIST" in row[0])
    assert heads[4:] == [f"$r = {radius:g}$" for radius in [*RADII, 1.58]]
    row = row_of(table, "HKR, robust")
    assert row[3] == cell(values_of(metrics, "mnist", "hkr_robust", "certificate"), 3)
    sure = values_of(metrics, "mnist", "hkr_robust", "accuracy", "certified_l2", RADII[1])
    assert row[5] == cell(sure, 3)
    assert row[-1] == MISSING
    first = row_of(table, r"{\itshape literature:} A \& B \citep{ab20}")
    assert first[1:] == [MISSING] * 6 + ["0.628"]
    second = row_of(table, r"{\itshape literature:} C \citep{c21}")
    assert second[1:] == [MISSING, "0.962", "0.86"] + [MISSING] * 4
    assert "gradient loss" not in table and "Boston" not in table


def test_duality_is_paired_and_singular_values_are_the_extremes(metrics):
    heads, row = rows_of(TABLES["duality"](metrics))[1:]
    assert heads[5:] == [f"layer {layer}" for layer in (1, 2, 3, 4)]
    kr, distance = (
        values_of(metrics, "two_moons", "hkr", measure) for measure in ("kr", "wasserstein")
    )
    assert row[:2] == ["Two moons, HKR (1-Lipschitz)", "3"]
    assert row[2:5] == [cell(kr, 4), cell(distance, 4), cell(kr / distance, 4)]
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
            assert row[place : place + 2] == [cell(before, 4), cell(later, 4)]
            assert row[place + 2].replace("$", "") == cell(later - before, 4)
    without = metrics[metrics["dataset"] != "boston_leak_free"]
    assert "range of" not in TABLES["leak"](without)


COMPARISONS = pd.DataFrame(
    {
        "seed": ["P1", "P1", "anchors"],
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
        "0.001",
        "yes",
    ]
    assert (second[2], second[-1]) == (r"\num{-4.00e-04}", "no")
    assert third[2:] == [MISSING] * 6
    assert table.count(r"\addlinespace") == 1


@pytest.mark.parametrize(
    ("value", "text"), [(0.0009, "$<0.001$"), (0.001, "0.001"), (1, "1.000"), (np.nan, MISSING)]
)
def test_p_values_below_a_thousandth_are_not_printed(value, text):
    assert p_value(value) == text


def test_cells_without_an_interval_are_the_mean_alone():
    assert stacked(bootstrap_mean(np.array([0.5])), three_decimals) == "0.500"


def test_scripts_write_their_tables_from_the_command_line(metrics, tmp_path, monkeypatch):
    metrics.to_csv(tmp_path / "metrics.csv", index=False)
    for script, name in ((attacks, "attacks"), (leak, "leak"), (duality, "duality")):
        words = ["--metrics", tmp_path / "metrics.csv", "--settings", json.dumps(ENTRIES)]
        words += ["--output", tmp_path / f"{name}.tex"]
        monkeypatch.setattr(sys, "argv", ["script", *map(str, words)])
        script.main()
        assert (tmp_path / f"{name}.tex").read_text(encoding="utf-8") == TABLES[name](metrics)
