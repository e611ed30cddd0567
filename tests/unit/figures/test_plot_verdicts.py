"""The figure of reported numbers against the prediction intervals of one further run."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from project import module_at

from gradloss.analysis.claims import judge_claims
from gradloss.support.errors import UserError
from gradloss.support.results import METRIC_KEYS

plot_verdicts = module_at("scripts/figures/plot_verdicts.py")

ROWS = pd.DataFrame(
    {
        "document": ["000", "000", "003", "003"],
        "claim": ["one", "two", "three", "four"],
        "verdict": ["reproduced", "not reproduced", "compatible", "inconclusive"],
        "reported": [2.0, 2.0, -0.5, 4.0],
        "replicated": [2.1, 1.0, -0.4, np.nan],
        "pi_low": [1.9, 0.5, -np.inf, np.nan],
        "pi_high": [2.2, 1.5, 9.0, np.nan],
    }
)


def test_deviations_are_in_per_cent_of_the_size_of_the_reported_number():
    found = plot_verdicts.deviations(ROWS)
    assert found["claim"].to_list() == ["one", "two", "three"]
    assert found["mean"].to_list() == pytest.approx([5, -50, 20])
    assert found["low"].to_list() == pytest.approx([-5, -75, -np.inf])
    assert found["high"].to_list() == pytest.approx([10, -25, 1900])


@pytest.fixture
def figure() -> Figure:
    figure = Figure(layout="constrained")
    found = plot_verdicts.deviations(ROWS)
    curves = found.assign(claim=["loss, epoch 1", "loss, epoch 12", "loss, epoch 1"])
    plot_verdicts.draw(figure, found, curves)
    return figure


def test_numbers_have_a_row_each_and_curves_one_label(figure: Figure):
    upper, lower = figure.axes
    labels = [label.get_text() for label in upper.get_yticklabels()]
    assert labels == ["000: one", "000: two", "003: three"]
    # A gap parts the documents.
    assert upper.get_yticks().tolist() == [1, 2, 4]
    labels = [label.get_text() for label in lower.get_yticklabels()]
    assert labels == ["000: loss, epoch …", "003: loss, epoch …"]
    assert lower.get_yticks().tolist() == [1.5, 4]


def test_bars_that_go_on_are_cut_and_end_in_arrows(figure: Figure):
    upper = figure.axes[0]
    (bars,) = upper.collections
    ends = [segment[:, 0].tolist() for segment in bars.get_segments()]
    limit = plot_verdicts.LIMIT
    assert ends == [pytest.approx([-5, 10]), pytest.approx([-75, -25]), [-limit, limit]]
    arrows = {line.get_marker(): line.get_xydata().tolist() for line in upper.get_lines()}
    assert arrows["<"] == [[-limit, 4]]
    assert arrows[">"] == [[limit, 4]]


def test_verdicts_differ_by_their_marks_without_colour():
    looks = [plot_verdicts.mark_of(verdict) for verdict in plot_verdicts.VERDICTS]
    faces = {(look["marker"], look["markerfacecolor"] == "white") for look in looks}
    assert len(faces) == len(plot_verdicts.VERDICTS)


@pytest.fixture
def draw(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Run the script on rows of claims.csv."""

    def run(claims: pd.DataFrame, name: str = "figure.pdf") -> bytes:
        claims.to_csv(tmp_path / "claims.csv", index=False)
        options = ["--claims", str(tmp_path / "claims.csv"), "--output", str(tmp_path / name)]
        monkeypatch.setattr(sys, "argv", ["script", *options])
        plot_verdicts.main()
        return (tmp_path / name).read_bytes()

    return run


def judged(replicates: int) -> pd.DataFrame:
    rows = [
        ("boston", "gradient", replicate, *where, 0.03 + replicate / 1000)
        for replicate in range(replicates)
        for where in (("mse", "none", 0.0, 0), ("test_mse", "epoch", 101.0, 0))
    ]
    return judge_claims(pd.DataFrame(rows, columns=[*METRIC_KEYS, "value"]))


@pytest.mark.parametrize("replicates", [0, 1, 3])
def test_the_script_draws_what_was_computed_and_always_the_same(draw, replicates: int):
    claims = judged(replicates)
    drawn = draw(claims)
    assert drawn.startswith(b"%PDF")
    assert draw(claims, "again.pdf") == drawn


def test_claims_of_another_study_are_refused(draw):
    with pytest.raises(UserError, match=r"claims.csv does not hold the claims of claims.yaml"):
        draw(judged(3).iloc[1:])
