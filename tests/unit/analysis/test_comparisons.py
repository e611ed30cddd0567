"""The family of paired comparisons on made-up results."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from project import ROOT
from scipy import stats

from gradloss.analysis.claims import CLAIMS, judge_claims
from gradloss.analysis.comparisons import COLUMNS, SIDES, compare_methods
from gradloss.analysis.statistics import holm, mean_interval
from gradloss.analysis.verdicts import PAIRED_RULES
from gradloss.support.results import METRIC_KEYS, write_csv

SCRIPT = ROOT / "scripts/analysis/compare_methods.py"
FAMILY = [claim for claim in CLAIMS if claim.rule in PAIRED_RULES]
NOISE = np.random.default_rng(0).normal(scale=0.002, size=(4, 6))


def rows_of(quantity, values):
    name, _, at = quantity.partition("@")
    perturbation, _, level = at.rpartition(":")
    dataset, method, measure = name.split("/")
    where = (perturbation or "gaussian", float(level)) if at else ("none", 0.0)
    return [
        (dataset, method, replicate, measure, *where, 0, value)
        for replicate, value in enumerate(values)
    ]


@pytest.fixture(scope="module")
def values():
    attacked = next(claim for claim in CLAIMS if claim.id == "p5-mnist-gap").quantities
    gaps = {name: 0.9 - 0.1 * position * ("pgd" in name) for position, name in enumerate(attacked)}
    noise = np.random.default_rng(1).normal(scale=0.002, size=(len(gaps), 6))
    attacks = zip(gaps.items(), noise, strict=True)
    return {name: level + spread for (name, level), spread in attacks} | {
        "boston/gradient/mse": 0.030 + NOISE[0],
        "boston/baseline/mse": 0.025 + NOISE[1],
        "boston/gradient/mse@0.1": 0.07 + NOISE[0],
        "boston/brier/mse@0.1": 0.08 + NOISE[1],
        "boston/baseline/mse@0.1": 0.17 + NOISE[2],
        "mnist/baseline/accuracy": 0.978 + NOISE[0],
        "mnist/gradient/accuracy": 0.978 + NOISE[1],
        "mnist/gradient_targets_only/accuracy": 0.97 + NOISE[0],
        "mnist/brier_scaled/accuracy": 0.97 + NOISE[0],
        "mnist/gradient_targets_only/accuracy@0.1": 0.96 + NOISE[2],
        "mnist/brier_scaled/accuracy@0.1": 0.96 + NOISE[3],
    }


@pytest.fixture(scope="module")
def metrics(values):
    rows = [row for name, array in values.items() for row in rows_of(name, array)]
    return pd.DataFrame(rows, columns=[*METRIC_KEYS, "value"])


@pytest.fixture(scope="module")
def compared(metrics):
    return compare_methods(metrics)


def row_of(compared, identifier):
    return compared.iloc[[claim.id for claim in FAMILY].index(identifier)]


def test_there_is_one_row_for_every_claim_that_compares(compared):
    assert compared.columns.tolist() == COLUMNS
    assert compared["claim"].tolist() == [claim.claim for claim in FAMILY]
    assert compared["document"].tolist() == [claim.document for claim in FAMILY]


def test_a_claim_of_a_ratio_that_is_above_its_bound(compared, values):
    row = row_of(compared, "boston-outperforms")
    a, b = values["boston/baseline/mse@0.1"], values["boston/gradient/mse@0.1"]
    difference = mean_interval(a - b)
    assert (row.a, row.b) == ("boston/baseline/mse@0.1", "boston/gradient/mse@0.1")
    assert row.mean_difference == pytest.approx((a - b).mean())
    assert (row.ci_low, row.ci_high) == pytest.approx((difference.low, difference.high))
    assert (row.probability, row.probability_high) == (1, 1)
    assert row.probability_low == pytest.approx(0.025 ** (1 / 6))
    test = stats.ttest_1samp(np.log(a / b), np.log(1.5), alternative="greater")
    assert row.p == pytest.approx(test.pvalue)
    assert row.replicates == 6
    assert row.holds_after_holm is True


def test_a_claim_of_a_shortfall_below_its_bound_names_the_larger_side_first(compared, values):
    row = row_of(compared, "mnist-approaches")
    baseline, gradient = values["mnist/baseline/accuracy"], values["mnist/gradient/accuracy"]
    assert (row.a, row.b) == ("mnist/gradient/accuracy", "mnist/baseline/accuracy")
    assert row.mean_difference == pytest.approx((gradient - baseline).mean())
    assert row.probability == (gradient > baseline).mean()
    test = stats.ttest_1samp(baseline - gradient, 0.01, alternative="less")
    assert row.p == pytest.approx(test.pvalue)


def test_identities_are_compared_but_are_no_part_of_the_family(compared, values):
    equal, other = (row_of(compared, f"p2-mnist-{kind}") for kind in ("clean", "noisy"))
    assert (equal.mean_difference, equal.replicates) == (0, 6)
    assert np.isnan([equal.p, equal.p_holm]).all()  # equal values have no test
    first, second = (
        values[f"mnist/{name}/accuracy@0.1"] for name in ("gradient_targets_only", "brier_scaled")
    )
    bounds = ((-0.005, "greater"), (0.005, "less"))
    sides = [
        stats.ttest_1samp(first - second, bound, alternative=side).pvalue for bound, side in bounds
    ]
    assert other.p == pytest.approx(max(sides))
    assert np.isnan(other.p_holm) and pd.isna(other.holds_after_holm)


def test_an_equivalence_claims_no_side_to_be_ahead(compared):
    row = row_of(compared, "p2-mnist-noisy")
    probability = [row.probability, row.probability_low, row.probability_high]
    assert np.isnan(probability).all()


def test_a_claim_of_a_share_compares_the_gain_with_its_part_of_the_gap(compared, values):
    row = row_of(compared, "p1-boston-share")
    gradient, brier, baseline = (
        values[f"boston/{method}/mse@0.1"] for method in ("gradient", "brier", "baseline")
    )
    excess = 0.75 * (baseline - gradient) - (brier - gradient)
    assert row.a == "0.75 * (boston/baseline/mse@0.1 - boston/gradient/mse@0.1)"
    assert row.b == "boston/brier/mse@0.1 - boston/gradient/mse@0.1"
    assert row.mean_difference == pytest.approx(excess.mean())
    assert row.p == pytest.approx(stats.ttest_1samp(excess, 0, alternative="greater").pvalue)


def test_the_smallest_gap_is_as_doubtful_as_its_nearest_rival(compared, values):
    # The gaps are 0.1, 0.3, 0.5, ...
    attacked = next(claim for claim in CLAIMS if claim.id == "p5-mnist-gap").quantities
    gaps = [values[a] - values[b] for a, b in zip(attacked[::2], attacked[1::2], strict=True)]
    tests = [stats.ttest_1samp(other - gaps[0], 0, alternative="greater") for other in gaps[1:]]
    row = row_of(compared, "p5-mnist-gap")
    assert row.a == "least other gap"
    assert row.b == "mnist/hkr_robust/accuracy@subset:0 - mnist/hkr_robust/accuracy@pgd_l2:1"
    assert row.mean_difference == pytest.approx((gaps[1] - gaps[0]).mean())
    assert row.p == max(test.pvalue for test in tests)


def test_holm_is_over_the_comparisons_that_were_tested_and_no_others(compared):
    can_fail = np.array([claim.can_fail for claim in FAMILY])
    tested = compared[compared["p"].notna() & can_fail]
    assert len(tested) == 6
    assert tested["p_holm"].to_numpy() == pytest.approx(holm(tested["p"].to_numpy()))
    assert compared["p_holm"].notna().sum() == 6
    expected = [bool(p < 0.025) for p in tested["p_holm"]]
    assert tested["holds_after_holm"].tolist() == expected
    assert len(set(expected)) == 2


def test_what_holds_after_holm_is_reproduced(metrics, compared):
    verdicts = judge_claims(metrics).set_index("claim")["verdict"]
    holds = compared.loc[compared["holds_after_holm"].eq(True), "claim"]
    assert len(holds)
    assert set(verdicts[holds]) == {"reproduced"}


def test_what_has_no_results_is_missing(compared):
    missing = compared[compared["replicates"] == 0]
    assert len(missing) == len(FAMILY) - 8
    assert missing.drop(columns=["document", "claim", "a", "b", "replicates"]).isna().all(axis=None)


def test_two_replicates_are_compared_but_not_tested(metrics):
    compared = compare_methods(metrics[metrics["replicate"] < 2])
    row = row_of(compared, "boston-outperforms")
    assert (row.replicates, row.probability) == (2, 1)
    assert row.ci_low <= row.mean_difference <= row.ci_high
    assert compared[["p", "p_holm", "holds_after_holm"]].isna().all(axis=None)


def test_a_share_of_no_gap_is_not_tested(values):
    swapped = dict(values) | {
        "boston/gradient/mse@0.1": values["boston/baseline/mse@0.1"],
        "boston/baseline/mse@0.1": values["boston/gradient/mse@0.1"],
    }
    rows = [row for name, array in swapped.items() for row in rows_of(name, array)]
    compared = compare_methods(pd.DataFrame(rows, columns=[*METRIC_KEYS, "value"]))
    row = row_of(compared, "p1-boston-share")
    assert (row.replicates, row.holds_after_holm) == (6, pytest.approx(np.nan, nan_ok=True))
    assert np.isnan([row.p, row.p_holm]).all()


def test_the_sides_of_every_rule_are_written_with_the_claims_quantities(compared):
    assert set(SIDES) <= set(PAIRED_RULES)
    for claim, row in zip(FAMILY, compared.itertuples(), strict=True):
        named = [name for name in claim.quantities if name in f"{row.a} {row.b}"]
        assert named == (claim.quantities[:2] if claim.rule == "smallest_gap" else claim.quantities)


def test_the_script_writes_the_table(tmp_path, metrics, compared):
    write_csv(metrics, tmp_path / "metrics.csv")
    command = [sys.executable, SCRIPT, "--metrics", tmp_path / "metrics.csv"]
    subprocess.run([*command, "--output", tmp_path / "comparisons.csv"], check=True)
    written = pd.read_csv(tmp_path / "comparisons.csv", dtype={"document": str})
    assert written.columns.tolist() == COLUMNS
    assert written["p"].to_numpy() == pytest.approx(compared["p"].to_numpy(), rel=1e-5, nan_ok=True)
    assert written["holds_after_holm"].dropna().tolist() == (
        compared["holds_after_holm"].dropna().tolist()
    )


def test_the_script_says_which_column_is_missing(tmp_path, metrics):
    write_csv(metrics.drop(columns="draw"), tmp_path / "metrics.csv")
    command = [sys.executable, SCRIPT, "--metrics", tmp_path / "metrics.csv"]
    run = subprocess.run(
        [*command, "--output", tmp_path / "comparisons.csv"], capture_output=True, text=True
    )
    assert run.returncode == 1
    assert "metrics.csv: lacks the column 'draw'; collect the results again" in run.stderr
