"""Publishing a run's numbers, and comparing another run with them one by one."""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from project import module_at
from scipy import stats

from gradloss.analysis.statistics import geometric_interval, mean_interval
from gradloss.analysis.verification import (
    CLAIMS,
    NUMBERS,
    TIMINGS,
    compare_claims,
    compare_numbers,
    deviations,
    equality_p_values,
    read_published,
    summarise,
    write_published,
)
from gradloss.support.errors import UserError
from gradloss.support.results import METRIC_KEYS, write_csv

verify = module_at("scripts/analysis/verify.py")

RANDOM = np.random.default_rng(5)
VALUES = RANDOM.normal(0.7, 0.1, size=6)
# The factor between the geometric means of two studies, that of these values and one of the same
# spread, up to which Welch's test, of 10 degrees of freedom, tells no difference.
SPREAD = np.log(VALUES).std(ddof=1)
HALF = np.exp(stats.t.ppf(0.975, 10) * SPREAD * np.sqrt(2 / 6))


def rows(method: str, values: np.ndarray, **keys: object) -> list[tuple]:
    """One quantity: a value per replicate, of one draw."""
    known = {"measure": "mse", "perturbation": "gaussian", "level": 0.1, **keys}
    return [
        ("boston", method, replicate, *known.values(), 0, value)
        for replicate, value in enumerate(values)
    ]


@pytest.fixture
def metrics() -> pd.DataFrame:
    found = [
        *rows("gradient", VALUES),
        *rows("gradient", np.repeat(2.5, 3), measure="parameters", perturbation="none", level=0),
        *rows("baseline", np.array([0.5]), perturbation="uniform", level=1 / 3),
        *rows("baseline", np.array([np.nan, 1.0]), measure="loss"),
    ]
    return pd.DataFrame(found, columns=[*METRIC_KEYS, "value"])


@pytest.fixture
def claims() -> pd.DataFrame:
    """Claims of which one is unknown."""
    return pd.DataFrame(
        {
            "document": ["000", "P1"],
            "claim": ["Gradient loss, clean MSE", "The gradient loss wins"],
            "reported": [0.02, np.nan],
            "replicated": [0.03, np.nan],
            "ci_low": [0.02, np.nan],
            "ci_high": [0.04, np.nan],
            "replicates": [20, 0],
            "verdict": ["reproduced", "inconclusive"],
        }
    )


def test_quantities_are_means_over_replicates_with_their_interval(metrics):
    summary = summarise(metrics).set_index(["method", "measure"])
    expected = geometric_interval(VALUES)
    (row,) = summary.loc[[("gradient", "mse")]].itertuples()
    found = (row.mean, row.ci_low, row.ci_high)
    rounded = [float(f"{x:.6g}") for x in (expected.mean, expected.low, expected.high)]
    assert found == tuple(rounded)
    assert (row.perturbation, row.level, row.replicates) == ("gaussian", 0.1, 6)
    (single,) = summary.loc[[("baseline", "mse")]].itertuples()
    assert (single.mean, single.level, single.replicates) == (0.5, 0.333333, 1)
    assert np.isnan([single.ci_low, single.ci_high]).all()


def statuses(published: pd.DataFrame, metrics: pd.DataFrame) -> dict[str, str]:
    compared = compare_numbers(published, metrics)
    return dict(zip(compared["name"], compared["status"], strict=True))


def test_a_run_is_identical_to_itself(metrics):
    assert statuses(summarise(metrics), metrics) == dict.fromkeys(
        [
            "boston/baseline/loss@0.1",
            "boston/baseline/mse@uniform:0.333333",
            "boston/gradient/mse@0.1",
            "boston/gradient/parameters",
        ],
        "identical",
    )


@pytest.mark.parametrize(
    ("method", "measure", "factor", "status"),
    [
        ("gradient", "mse", 1 + 1e-9, "identical"),
        ("gradient", "mse", 1 + 1e-6, "within"),
        # Two studies of this spread and size differ by less in 95 of 100 cases.
        ("gradient", "mse", HALF**0.98, "within"),
        ("gradient", "mse", HALF**-0.98, "within"),
        ("gradient", "mse", HALF**1.02, "outside"),
        ("gradient", "mse", HALF**-1.02, "outside"),
        ("gradient", "mse", np.nan, "outside"),
        # All replicates are equal: only float32's rounding is allowed.
        ("gradient", "parameters", 1 + 1e-8, "identical"),
        ("gradient", "parameters", 1 + 1e-5, "outside"),
        # One replicate, and so no interval.
        ("baseline", "mse", 1.5, "untested"),
        ("baseline", "mse", np.nan, "outside"),
        ("baseline", "loss", 2.0, "identical"),
    ],
)
def test_a_number_that_moves(metrics, method, measure, factor, status):
    published = summarise(metrics)
    moved = (metrics["method"] == method) & (metrics["measure"] == measure)
    changed = metrics.assign(value=metrics["value"] * np.where(moved, factor, 1))
    compared = compare_numbers(published, changed)
    name = compared["name"].str.startswith(f"boston/{method}/{measure}")
    assert compared.loc[name, "status"].tolist() == [status]
    assert set(compared.loc[~name, "status"]) == {"identical"}


def estimates(interval: Callable, studies: np.ndarray) -> np.ndarray:
    """[4, N] of N studies [N, R]."""
    found = [interval(values) for values in studies]
    return np.array([(one.mean, one.low, one.high, one.replicates) for one in found]).T


def test_p_values_are_those_of_welch_on_values_or_logarithms():
    first, second = RANDOM.normal(3, 1, (6, 4)), RANDOM.normal(3, 2, (6, 9))
    welch = stats.ttest_ind(first, second, axis=1, equal_var=False).pvalue
    for interval, change in [(mean_interval, np.asarray), (geometric_interval, np.exp)]:
        found = equality_p_values(*(estimates(interval, change(x)) for x in (first, second)))
        np.testing.assert_allclose(found, welch, rtol=1e-6)


@pytest.mark.parametrize("replicates", [3, 5, 20])
@pytest.mark.parametrize("kind", ["accuracy", "mse"])
def test_of_honest_reruns_95_of_100_are_within(kind: str, replicates: int):
    """Two studies with other seeds, of values as they are found, 3000 times."""
    size = 3000, replicates
    draw, interval = {
        "accuracy": (lambda: RANDOM.normal(0.97, 0.004, size), mean_interval),
        "mse": (lambda: RANDOM.lognormal(-3, 0.3, size), geometric_interval),
    }[kind]
    p_values = equality_p_values(estimates(interval, draw()), estimates(interval, draw()))
    # Welch's test of three and three values errs on the safe side.
    assert 0.937 < (p_values >= 0.05).mean() < (0.985 if replicates < 5 else 0.968)


def test_of_honest_reruns_95_of_100_pass_as_a_whole():
    """Sixty numbers of the same five models, half of which share most of their spread."""
    studies, numbers = 400, 60
    shared = RANDOM.normal(size=(2, studies, 1, 5)) * (np.arange(numbers) % 2)[:, None]
    values = 0.9 + 0.01 * (3 * shared + RANDOM.normal(size=(2, studies, numbers, 5)))
    first, second = (estimates(mean_interval, study.reshape(-1, 5)) for study in values)
    p_values = equality_p_values(first, second).reshape(studies, numbers)
    rows = [pd.DataFrame({"status": "within", "p_value": study}) for study in p_values]
    assert sum(deviations(study).empty for study in rows) >= 0.92 * studies
    assert (p_values < 0.05).any(axis=1).mean() > 0.5, "or no correction would be needed"


def test_a_number_that_is_not_there_is_missing_and_a_new_one_is_no_matter(metrics):
    published = summarise(metrics)
    fewer = metrics[metrics["measure"] != "parameters"]
    assert statuses(published, fewer)["boston/gradient/parameters"] == "missing"
    assert set(statuses(summarise(fewer), metrics).values()) == {"identical"}


def test_a_claim_needs_its_number_and_its_verdict(claims):
    def status(**changes: object) -> tuple[str, str]:
        compared = compare_claims(claims, claims.assign(**changes))
        return tuple(compared["status"])

    assert status() == ("identical", "identical")
    assert status(replicated=[0.035, np.nan]) == ("within", "identical")
    assert status(replicated=[0.05, np.nan]) == ("outside", "identical")
    assert status(verdict=["reproduced", "reproduced"]) == ("identical", "turned")
    assert status(replicated=[0.05, np.nan], verdict=["compatible"] * 2) == ("outside", "turned")
    turned = compare_claims(claims, claims.assign(verdict=["inconclusive", "inconclusive"]))
    assert turned["name"].tolist() == [
        "000, Gradient loss, clean MSE, inconclusive, not reproduced",
        "P1, The gradient loss wins, inconclusive",
    ]
    assert set(compare_claims(claims, claims.iloc[:1])["status"]) == {"identical", "missing"}


@pytest.fixture
def run_folder(tmp_path: Path, metrics: pd.DataFrame, claims: pd.DataFrame) -> Path:
    """Results of a run that is published in ``paper`` beside it."""
    folder = tmp_path / "results"
    write_csv(metrics, folder / "metrics.csv")
    write_csv(claims, folder / "claims.csv")
    (folder / "timings.csv").write_text("dataset,method\nboston,gradient\n")
    write_published(folder / "metrics.csv", folder / "claims.csv", tmp_path / "paper")
    return folder


def test_what_is_written_is_what_is_read(run_folder: Path, metrics, claims):
    folder = run_folder.parent / "paper"
    assert {file.name for file in folder.iterdir()} == {NUMBERS, CLAIMS, TIMINGS}
    numbers, published_claims = read_published(folder)
    pd.testing.assert_frame_equal(numbers, summarise(metrics), check_dtype=False)
    pd.testing.assert_frame_equal(published_claims, claims, check_dtype=False)
    assert (folder / TIMINGS).read_bytes() == (run_folder / "timings.csv").read_bytes()


def run_verify(results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = [f"--{name}={results / name}.csv" for name in ("metrics", "claims")]
    published = f"--published={results.parent / 'paper'}"
    monkeypatch.setattr(sys, "argv", ["verify.py", *files, published])
    verify.main()


def test_the_table_counts_and_lists(run_folder: Path, metrics, claims, monkeypatch, capsys):
    run_verify(run_folder, monkeypatch)
    assert [line.split() for line in capsys.readouterr().out.splitlines()] == [
        ["identical", "within", "untested", "turned", "outside", "missing"],
        ["boston", "4", "0", "0", "0", "0", "0"],
        ["claims", "2", "0", "0", "0", "0", "0"],
        ["all", "6", "0", "0", "0", "0", "0"],
        ["identical:", "all", "6", "numbers", "and", "claims"],
    ]
    changed = metrics[metrics["measure"] != "parameters"]
    write_csv(changed.assign(value=changed["value"] + 0.5), run_folder / "metrics.csv")
    write_csv(claims.assign(verdict="reproduced"), run_folder / "claims.csv")
    sentence = "2 of 6 numbers and claims are missing, or differ .* first boston/gradient/mse@0.1"
    with pytest.raises(UserError, match=sentence):
        run_verify(run_folder, monkeypatch)
    *_, totals, first, second, third = capsys.readouterr().out.splitlines()
    assert totals.split() == ["all", "2", "0", "1", "1", "1", "1"]
    mean, found = stats.gmean(VALUES), stats.gmean(VALUES + 0.5)
    assert first.startswith(f"outside: boston/gradient/mse@0.1: {found:g} [")
    assert f"], published {mean:g} [" in first
    assert second == "missing: boston/gradient/parameters: published 2.5 [2.5, 2.5]"
    assert third.startswith("turned: P1, The gradient loss wins, reproduced, not inconclusive: ")


def test_a_number_outside_is_told_and_no_fault_where_chance_explains_it(
    run_folder: Path, metrics, monkeypatch, capsys
):
    moved = (metrics["method"] == "gradient") & (metrics["measure"] == "mse")
    changed = metrics.assign(value=metrics["value"] * np.where(moved, HALF**1.02, 1))
    write_csv(changed, run_folder / "metrics.csv")
    run_verify(run_folder, monkeypatch)
    assert capsys.readouterr().out.splitlines()[-1] == (
        "not identical, but as by other seeds: 5 of 6 numbers and claims are identical, and 1"
        " outside, which chance explains in so many"
    )


def test_without_published_numbers_it_says_so(run_folder: Path, monkeypatch):
    (run_folder.parent / "paper" / NUMBERS).unlink()
    with pytest.raises(UserError, match=r"published\.csv is not there, as no run has been publis"):
        run_verify(run_folder, monkeypatch)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"published\.csv is not a CSV file \(No columns"),
        ("dataset,mean\n", "lacks the column 'method'; make it again"),
    ],
)
def test_a_damaged_file_is_refused(run_folder: Path, monkeypatch, text: str, message: str):
    (run_folder.parent / "paper" / NUMBERS).write_text(text)
    with pytest.raises(UserError, match=message):
        run_verify(run_folder, monkeypatch)
