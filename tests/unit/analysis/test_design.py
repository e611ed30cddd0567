"""What the replicates allow to tell, against the formulas applied by hand, and its tables."""

import numpy as np
import pandas as pd
import pytest
from project import module_at

from gradloss.analysis.coverage import COUNTS, simulate
from gradloss.analysis.design import COLUMNS, describe_design
from gradloss.analysis.statistics import detectable_effect, mean_interval, replicates_for_power
from gradloss.support.results import metric_rows

tabulate_design = module_at("scripts/tables/tabulate_design.py")
tabulate_coverage = module_at("scripts/tables/tabulate_coverage.py")

COUNT = 8
GENERATOR = np.random.default_rng(0)
NOISE = {name: GENERATOR.normal(0, 0.1, COUNT) for name in ("gradient", "baseline")}
ERRORS = {"gradient": 0.08 * np.exp(NOISE["gradient"]), "baseline": 0.4 * np.exp(NOISE["baseline"])}
OUTPERFORMS = "Robustness greatly outperforms the baseline (MSE ratio at noise 0.1 above 1.5)"


@pytest.fixture
def metrics():
    frames = [
        metric_rows(
            "boston",
            method,
            [(r, "mse", "gaussian", 0.1, 0, value) for r, value in enumerate(values)],
        )
        for method, values in ERRORS.items()
    ]
    return pd.concat(frames, ignore_index=True)


def test_a_ratio_is_described_by_its_logarithm(metrics):
    design = describe_design(metrics, {"boston": 1 / 3})
    assert list(design) == COLUMNS
    (row,) = design[design["claim"] == OUTPERFORMS].itertuples()
    excess = np.log(ERRORS["baseline"] / ERRORS["gradient"]) - np.log(1.5)
    interval, deviation = mean_interval(excess), excess.std(ddof=1)
    assert (row.document, row.scale, row.replicates) == ("000", "logarithm", COUNT)
    assert (row.excess, row.deviation) == pytest.approx((excess.mean(), deviation))
    assert row.half_width == pytest.approx(interval.high - interval.mean)
    assert row.detectable == pytest.approx(detectable_effect(deviation, COUNT))
    assert row.replicates_for_power == replicates_for_power(deviation, excess.mean())
    factor = (row.corrected_high - row.excess) / row.half_width
    assert factor == pytest.approx(np.sqrt(1 + COUNT / 3))


def test_without_a_divided_table_nothing_is_corrected(metrics):
    design = describe_design(metrics, {})
    assert len(design) == 1
    assert design[["corrected_low", "corrected_high"]].isna().all(axis=None)


def test_claims_without_results_or_with_two_replicates_have_no_row(metrics):
    assert describe_design(metrics[metrics["replicate"] < 2], {}).empty
    assert describe_design(metrics[metrics["method"] == "gradient"], {}).empty


def test_the_other_side_of_a_bound_needs_no_replicates(metrics):
    swapped = metrics["method"].map({"gradient": "baseline", "baseline": "gradient"})
    (row,) = describe_design(metrics.assign(method=swapped), {}).itertuples()
    assert row.excess < 0
    assert np.isnan(row.replicates_for_power)


def test_design_table_marks_logarithms_and_missing_numbers(metrics):
    text = tabulate_design.tabulate(describe_design(metrics, {"boston": 1 / 3}))
    assert r"above 1.5)\textsuperscript{log}" in text
    (row,) = (line for line in text.splitlines() if line.startswith("000"))
    assert "[" in row.split(" & ")[-1]
    bare = tabulate_design.tabulate(describe_design(metrics, {}))
    (row,) = (line for line in bare.splitlines() if line.startswith("000"))
    assert row.split(" & ")[-1] == r"-- \\"


def test_coverage_table_has_a_row_per_interval_and_marks_what_is_used():
    coverage = simulate(20, 1)
    text = tabulate_coverage.tabulate(coverage)
    rows = [line for line in text.splitlines() if line.endswith(r"\\")][1:]
    assert len(rows) == len(coverage) / len(COUNTS)
    assert sum("& used &" in row for row in rows) == coverage["values"].nunique()
    first = coverage.query("values == 'normal' and interval == 'mean_interval'")["coverage"]
    assert rows[0].split(" & ")[3:] == [
        f"{value:.3f}" + (r" \\" if place == len(first) - 1 else "")
        for place, value in enumerate(first)
    ]
