"""The tables of the ablation and of the lengths of training."""

import pytest
from project import module_at
from synthetic_metrics import ARMS, LENGTHS, figure_settings, synthetic_metrics, synthetic_timings
from table_rows import cell, row_of, rows_of, values_of

from gradloss.analysis.lengths import length_sweep
from gradloss.analysis.statistics import (
    geometric_interval,
    mean_interval,
    probability_of_superiority,
)
from gradloss.tables.latex import MISSING

ablation = module_at("scripts/tables/tabulate_ablation.py")
length = module_at("scripts/tables/tabulate_length.py")


@pytest.fixture(scope="module")
def metrics():
    return synthetic_metrics(replicates=3)


def length_table(metrics, dataset):
    settings = figure_settings(dataset) | {"lengths": LENGTHS}
    measure = "mse" if settings["task"] == "regression" else "accuracy"
    lengths = length_sweep(metrics, synthetic_timings(dataset), dataset, measure, LENGTHS)
    return length.tabulate(lengths, settings)


def test_ablation_compares_accuracies_with_the_reference_by_pairs(metrics):
    table = ablation.tabulate(metrics, "mnist", figure_settings("mnist"))
    names = [row[0] for row in rows_of(table)]
    arms = [label for name, (label, _) in ARMS.items() if name != "gradient_per_example"]
    main = ["gradient loss", "baseline", "HKR, accurate", "HKR, robust", "HKR, dense"]
    plain = [name.replace(r"$\lambda$", "λ").replace(r"$\sigma$", "σ") for name in names]
    assert plain == ["arm", *main, *arms]
    noisy, reference = (
        values_of(metrics, "mnist", name, "accuracy", "gaussian", 0.1)
        for name in ("brier", "gradient")
    )
    row = row_of(table, "squared error")
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
    assert row[5] == cell(noisy / reference, 2, geometric_interval)
    assert row[6].startswith("0.00 / ")
    swapped = ablation.tabulate(metrics, "boston", settings | {"reference": "baseline"})
    assert row_of(swapped, ARMS["cross_entropy"][0])[6].startswith("1.00 / ")


@pytest.mark.parametrize(("dataset", "measure"), [("boston", "mse"), ("mnist", "accuracy")])
def test_lengths_are_compared_with_the_usual_one(metrics, dataset, measure):
    rows = rows_of(length_table(metrics, dataset))
    assert [row[:2] for row in rows[1:]] == [
        ["gradient loss", "4000"],
        ["", "12000"],
        ["squared error", "1000"],
        ["", "4000"],
        ["", "12000"],
    ]
    short, usual = (
        values_of(metrics, dataset, name, measure, "gaussian", 0.1)
        for name in ("noise_005", "brier")
    )
    difference = measure == "accuracy"
    mean = mean_interval if difference else geometric_interval
    assert rows[3][3] == cell(values_of(metrics, dataset, "noise_005", measure), 4, mean)
    assert rows[3][4] == cell(short, 4, mean)
    expected = cell(short - usual, 4) if difference else cell(short / usual, 2, mean)
    assert rows[3][5].replace("$", "") == expected
    assert rows[1][5] == rows[4][5] == MISSING
    assert set(map(len, rows)) == {6}


def test_arms_are_compared_on_the_replicates_that_both_have(metrics):
    known = metrics[(metrics["method"] != "brier") | (metrics["replicate"] == 1)]
    row = row_of(ablation.tabulate(known, "mnist", figure_settings("mnist")), "squared error")
    pair = [
        values_of(metrics, "mnist", name, "accuracy", "gaussian", 0.1)[1]
        for name in ("brier", "gradient")
    ]
    assert row[2] == "1"
    assert row[5].replace("$", "") == f"{pair[0] - pair[1]:.4f}"
