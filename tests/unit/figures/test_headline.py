"""The picture of what the documents print beside what replicates reach."""

import json
import sys

import pytest
from matplotlib.colors import same_color
from matplotlib.figure import Figure
from PIL import Image
from project import module_at
from synthetic_metrics import figure_settings, synthetic_metrics

from gradloss.analysis.claims import CLAIMS
from gradloss.figures.style import COLOURS

plot_headline = module_at("scripts/figures/plot_headline.py")
SETTINGS = {"boston": figure_settings("boston"), "mnist": figure_settings("mnist")}


@pytest.fixture(scope="module")
def metrics():
    return synthetic_metrics(replicates=3)


def test_printed_numbers_are_clean_or_under_gaussian_noise():
    assert list(plot_headline.printed_numbers(CLAIMS, "boston", "mse")) == [
        ("gradient", 0.0, 0.026652211),
        ("baseline", 0.0, 0.022950811),
        ("gradient", 0.1, 0.07023882),
        ("baseline", 0.1, 0.16962628),
    ]
    mnist = plot_headline.printed_numbers(CLAIMS, "mnist", "accuracy")
    assert {(method, sigma) for method, sigma, _ in mnist} == {("gradient", 0.0), ("baseline", 0.0)}
    assert list(plot_headline.printed_numbers(CLAIMS, "two_circles", "accuracy")) == []


def test_each_panel_has_the_methods_of_which_a_document_prints_numbers(metrics):
    figure = Figure(layout="constrained")
    plot_headline.draw(figure, metrics, SETTINGS)
    for axes in figure.axes:
        marked = [line for line in axes.get_lines() if line.get_marker() in ("o", "s")]
        hollow = [line for line in marked if line.get_markerfacecolor() == "none"]
        filled = [line for line in marked if line not in hollow]
        assert [line.get_color() for line in filled] == [COLOURS[0], COLOURS[1]]
        assert len(hollow) >= 2
    points = [line for line in figure.axes[0].get_lines() if line.get_markerfacecolor() == "none"]
    gradient = [line for line in points if same_color(line.get_color(), COLOURS[0])]
    assert [tuple(map(float, line.get_xydata()[0])) for line in gradient] == [
        (0.0, 0.026652211),
        (0.1, 0.07023882),
    ]


def test_the_picture_is_as_wide_as_its_panels_and_always_the_same(metrics, tmp_path, monkeypatch):
    metrics.to_csv(tmp_path / "metrics.csv", index=False)
    pictures = [tmp_path / "a.png", tmp_path / "b.png"]
    for picture in pictures:
        options = ["--metrics", str(tmp_path / "metrics.csv"), "--settings", json.dumps(SETTINGS)]
        monkeypatch.setattr(sys, "argv", ["script", *options, "--output", str(picture)])
        plot_headline.main()
    assert pictures[0].read_bytes() == pictures[1].read_bytes()
    with Image.open(pictures[0]) as image:
        assert image.format == "PNG"
        assert image.size == (1340, 540)
