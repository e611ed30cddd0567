"""Means over replicates, intervals and paired comparisons."""

import numpy as np
import pandas as pd
import pytest

from gradloss.analysis import summaries
from gradloss.analysis.statistics import geometric_interval, mean_interval
from gradloss.support.errors import UserError
from gradloss.support.results import METRIC_KEYS, join_tables, write_csv

COLUMNS = ["dataset", "method", "replicate", "measure", "perturbation", "level", "draw", "value"]


@pytest.fixture
def metrics():
    rows = [
        ("d", "a", 0, "mse", "none", 0.0, 0, 1.0),
        ("d", "a", 1, "mse", "none", 0.0, 0, 3.0),
        ("d", "a", 0, "mse", "gaussian", 0.1, 0, 2.0),
        ("d", "a", 0, "mse", "gaussian", 0.1, 1, 4.0),
        ("d", "a", 1, "mse", "gaussian", 0.1, 0, 6.0),
        ("d", "a", 1, "mse", "uniform", 0.1, 0, 99.0),
        ("d", "a", 0, "loss", "none", 0.0, 0, 99.0),
        ("other", "a", 0, "mse", "none", 0.0, 0, 99.0),
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def test_draws_are_averaged_within_a_replicate(metrics):
    means = summaries.replicate_means(metrics).query("perturbation == 'gaussian'")
    assert means["value"].tolist() == [3.0, 6.0]


def test_noise_sweep_is_clean_and_gaussian_of_one_measure(metrics):
    sweep = summaries.noise_sweep(metrics, "d", "mse")
    expected = [("a", 0.0, 0, 1.0), ("a", 0.0, 1, 3.0), ("a", 0.1, 0, 3.0), ("a", 0.1, 1, 6.0)]
    assert set(sweep["measure"]) == {"mse"}
    assert list(sweep.drop(columns="measure").itertuples(index=False, name=None)) == expected


def test_noise_sweep_names_what_is_missing(metrics):
    with pytest.raises(UserError, match="the results hold no 'accuracy' of 'd'; evaluate it first"):
        summaries.noise_sweep(metrics, "d", "accuracy")


def test_intervals_are_students_of_each_group():
    values = np.random.default_rng(3).normal(size=8)
    means = pd.DataFrame(
        {"method": ["a"] * 8 + ["b"], "measure": "accuracy", "value": [*values, 5.0]}
    )
    first, second = summaries.intervals(means, ["method"]).itertuples(index=False)
    expected = mean_interval(values)
    assert (first.method, first.replicates) == ("a", 8)
    assert (first.mean, first.low, first.high) == (expected.mean, expected.low, expected.high)
    assert first.low < values.mean() < first.high
    assert (second.mean, second.replicates) == (5.0, 1)
    assert np.isnan(second.low) and np.isnan(second.high)


@pytest.mark.parametrize("name", ["mse", "final_mean_loss", "d/m/test_mse@epoch:3"])
def test_errors_are_averaged_by_their_logarithms(name):
    values = np.array([0.1, 0.2, 0.8])
    assert summaries.estimate(pd.Series(values, name=name)) == geometric_interval(values)


@pytest.mark.parametrize("name", ["accuracy", "d/m/accuracy@0.1", "jacobian_norm", "margin"])
def test_other_measures_are_averaged_as_they_are(name):
    values = np.array([0.1, 0.2, 0.8])
    assert summaries.estimate(pd.Series(values, name=name)) == mean_interval(values)


def test_a_loss_of_both_signs_is_averaged_as_it_is():
    values = np.array([-0.1, 0.2, 0.8])
    assert summaries.estimate(pd.Series(values, name="mean_loss")) == mean_interval(values)


def test_values_are_named_by_their_measure(metrics):
    means = summaries.replicate_means(metrics)
    row = means.iloc[0]
    key = row[["dataset", "method", "measure", "perturbation", "level"]]
    assert summaries.values_of(means, *key).name == row["measure"]


def test_pairs_are_matched_by_replicate_and_not_by_position():
    first = pd.Series({0: 2.0, 1: 8.0, 2: 50.0})
    second = pd.Series({1: 4.0, 0: 2.0})
    a, b = summaries.paired(first, second)
    np.testing.assert_array_equal(a, [2.0, 8.0])
    np.testing.assert_array_equal(b, [2.0, 4.0])


def test_pairing_removes_the_variance_that_replicates_share():
    shared = np.random.default_rng(0).normal(10, 3, size=20)
    difference = summaries.paired_difference(shared + 0.5, shared)
    assert (difference.low, difference.high) == pytest.approx((0.5, 0.5))
    ratio = summaries.paired_ratio(2 * shared, shared)
    assert (ratio.mean, ratio.low, ratio.high) == pytest.approx((2.0, 2.0, 2.0))


def test_ratio_is_the_geometric_mean_of_the_pairs_ratios():
    ratio = summaries.paired_ratio(np.array([1.0, 9.0]), np.array([1.0, 1.0]))
    assert ratio.mean == pytest.approx(3.0)


def test_cost_is_shared_by_the_replicates_of_a_job():
    columns = ["dataset", "method", "replicates", "seconds", "steps", "stacked", "device"]
    jobs = [("d", "a", "0-3", 8.0, 1000, 4, "cpu"), ("d", "a", "4-5", 6.0, 1000, 2, "gpu")]
    (cost,) = summaries.training_costs(pd.DataFrame(jobs, columns=columns)).itertuples()
    assert cost.seconds == pytest.approx(14 / 6)
    assert cost.milliseconds == pytest.approx(1000 * 14 / 6000)
    assert (cost.steps, cost.device) == (1000, "cpu, gpu")


def test_metrics_without_a_column_are_refused(metrics, tmp_path):
    path = tmp_path / "metrics.csv"
    metrics.drop(columns="draw").to_csv(path, index=False)
    with pytest.raises(UserError, match="lacks the column 'draw'; collect the results again"):
        summaries.read_metrics([path])


def test_metrics_in_parts_are_those_of_the_whole(metrics, tmp_path):
    whole, first, second = (tmp_path / f"{name}.csv" for name in ("whole", "first", "second"))
    write_csv(join_tables([metrics]), whole)
    write_csv(metrics[metrics["replicate"] % 2 == 0], first)
    write_csv(metrics[metrics["replicate"] > 0], second)
    read = summaries.read_metrics([second, first])
    pd.testing.assert_frame_equal(read, summaries.read_metrics([whole]))


def test_no_part_has_no_value():
    metrics = summaries.read_metrics([])
    assert list(metrics) == [*METRIC_KEYS, "value"]
    assert summaries.replicate_means(metrics).empty
