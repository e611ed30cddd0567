"""Publishing a run's numbers, and comparing another run with them one by one."""

import importlib
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gradloss.errors import UserError
from gradloss.published import (
    CLAIMS,
    NUMBERS,
    TIMINGS,
    compare_claims,
    compare_numbers,
    read_published,
    summarise,
    write_published,
)
from gradloss.results import METRIC_KEYS, write_csv
from gradloss.statistics import bootstrap_mean

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
verify = importlib.import_module("verify")

VALUES = np.random.default_rng(5).normal(0.7, 0.1, size=6)


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
            "seed": ["000", "P1"],
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
    expected = bootstrap_mean(VALUES)
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


INTERVAL = bootstrap_mean(VALUES)


@pytest.mark.parametrize(
    ("method", "measure", "change", "status"),
    [
        ("gradient", "mse", 1e-9, "identical"),
        ("gradient", "mse", 1.01 * 1e-6, "within"),
        ("gradient", "mse", 0.9 * (INTERVAL.high - INTERVAL.mean), "within"),
        ("gradient", "mse", 0.9 * (INTERVAL.low - INTERVAL.mean), "within"),
        ("gradient", "mse", 1.1 * (INTERVAL.high - INTERVAL.mean), "outside"),
        ("gradient", "mse", 1.1 * (INTERVAL.low - INTERVAL.mean), "outside"),
        ("gradient", "mse", np.nan, "outside"),
        # All replicates are equal: only float32's rounding is allowed.
        ("gradient", "parameters", 1e-7, "identical"),
        ("gradient", "parameters", 3e-5, "outside"),
        # One replicate, and so no interval: 1 %.
        ("baseline", "mse", 0.004, "within"),
        ("baseline", "mse", -0.006, "outside"),
        ("baseline", "loss", 1.0, "identical"),
    ],
)
def test_a_number_that_moves(metrics, method, measure, change, status):
    published = summarise(metrics)
    moved = (metrics["method"] == method) & (metrics["measure"] == measure)
    changed = metrics.assign(value=metrics["value"] + np.where(moved, change, 0))
    compared = compare_numbers(published, changed)
    name = compared["name"].str.startswith(f"boston/{method}/{measure}")
    assert compared.loc[name, "status"].tolist() == [status]
    assert set(compared.loc[~name, "status"]) == {"identical"}


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
    assert status(verdict=["reproduced", "reproduced"]) == ("identical", "outside")
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
        ["identical", "within", "outside", "missing"],
        ["boston", "4", "0", "0", "0"],
        ["claims", "2", "0", "0", "0"],
        ["all", "6", "0", "0", "0"],
    ]
    changed = metrics[metrics["measure"] != "parameters"]
    write_csv(changed.assign(value=changed["value"] + 0.25), run_folder / "metrics.csv")
    write_csv(claims.assign(verdict="reproduced"), run_folder / "claims.csv")
    sentence = "4 of 6 numbers and claims are outside the published intervals or missing"
    with pytest.raises(UserError, match=sentence):
        run_verify(run_folder, monkeypatch)
    *_, totals, first, second, third, fourth = capsys.readouterr().out.splitlines()
    assert totals.split() == ["all", "2", "0", "3", "1"]
    mean = VALUES.mean()
    assert first == "outside: boston/baseline/mse@uniform:0.333333: 0.75, published 0.5"
    assert second.startswith(
        f"outside: boston/gradient/mse@0.1: {mean + 0.25:g}, published {mean:g} ["
    )
    assert third == "missing: boston/gradient/parameters: published 2.5 [2.5, 2.5]"
    assert fourth.startswith("outside: P1, The gradient loss wins, reproduced, not inconclusive: ")


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
