"""The figures of the ablation, the perturbations and the attacks, from invented results."""

import json
import sys

import numpy as np
import pytest
import yaml
from matplotlib.colors import same_color
from matplotlib.figure import Figure
from project import module_at
from scipy import stats
from synthetic_metrics import (
    ARMS,
    ATTACKED,
    DOSES,
    LENGTHS,
    MAIN,
    RADII,
    SIGMAS,
    SIZES,
    compared_settings,
    figure_settings,
    synthetic_metrics,
    synthetic_timings,
)

from gradloss.analysis.lengths import length_sweep
from gradloss.analysis.summaries import main_methods, noise_sweep, perturbation_sweep
from gradloss.analysis.words import measure_of
from gradloss.figures import style
from gradloss.support.errors import UserError

NAMES = ("ablation", "perturbations", "attacks", "noise", "frontier", "length")
plot_ablation, plot_perturbations, plot_attacks, plot_noise, plot_frontier, plot_length = (
    module_at(f"scripts/figures/plot_{name}.py") for name in NAMES
)
MNIST = figure_settings("mnist")
COMPARED = compared_settings("mnist")
IMAGE_MAIN = [label for name, label in MAIN.items() if name in MNIST["methods"]]


@pytest.fixture(scope="module")
def metrics():
    return synthetic_metrics(replicates=3)


@pytest.fixture(scope="module")
def single():
    return synthetic_metrics(replicates=1)


def figure_of(draw, *arguments):
    figure = Figure(layout="constrained")
    draw(figure, *arguments)
    figure.draw_without_rendering()
    return figure


def legend_of(figure):
    return [text.get_text() for text in figure.legends[0].get_texts()]


def curve(axes, color, marker):
    """Data [2, levels] of the mean line of one style, of one panel."""
    lines = [
        line
        for line in axes.get_lines()
        if line.get_marker() == marker and same_color(line.get_color(), color)
    ]
    return np.array(lines[0].get_data())


@pytest.mark.parametrize("dataset", ["mnist", "boston"])
def test_ablation_has_a_named_row_for_the_reference_the_other_methods_and_each_arm(
    metrics, dataset
):
    settings = figure_settings(dataset)
    measure, _ = measure_of(settings["task"])
    sweep = noise_sweep(metrics, dataset, measure)
    clean, noisy = figure_of(plot_ablation.draw, sweep, settings).axes
    rows = [*main_methods(settings), *settings["arms"]]
    names = [label.get_text() for label in clean.get_yticklabels()]
    assert rows[0] == settings["reference"]
    assert names == [settings["labels"][name] for name in rows]
    assert clean.yaxis_inverted() and noisy.get_shared_y_axes().joined(clean, noisy)
    assert clean.get_xscale() == ("log" if dataset == "boston" else "linear")
    for axes, level in ((clean, 0.0), (noisy, 0.1)):
        mean = stats.gmean if dataset == "boston" else np.mean
        means = sweep[sweep["level"] == level].groupby("method")["value"].agg(mean)
        marked = [line for line in axes.get_lines() if line.get_marker() in style.MARKERS]
        bold = [line.get_data() for line in marked if len(line.get_xdata()) == 1]
        expected = [means[name] for name in rows]
        assert [float(x[0]) for x, _ in bold] == pytest.approx(expected)
        assert [float(y[0]) for _, y in bold] == list(range(len(names)))


def test_ablation_of_one_replicate_leaves_out_unknown_arms(single):
    sweep = noise_sweep(single[single["method"] != "brier"], "mnist", "accuracy")
    clean, _ = figure_of(plot_ablation.draw, sweep, MNIST).axes
    names = [label.get_text() for label in clean.get_yticklabels()]
    assert len(names) == len(MNIST["methods"]) - 1
    assert ARMS["brier"][0] not in names


def test_the_line_below_the_main_methods_counts_a_reference_that_is_an_arm(metrics):
    settings = figure_settings("boston") | {"reference": "gradient_per_example"}
    sweep = noise_sweep(metrics, "boston", "mse")
    clean, _ = figure_of(plot_ablation.draw, sweep, settings).axes
    names = [label.get_text() for label in clean.get_yticklabels()]
    assert names[:3] == [
        settings["labels"][name] for name in ("gradient_per_example", "gradient", "baseline")
    ]
    lines = [line.get_ydata()[0] for line in clean.get_lines() if line.get_color() == style.GREY]
    assert lines == [2.55]


@pytest.mark.parametrize("dataset", ["mnist", "boston"])
def test_lengths_of_a_method_are_one_curve_against_their_steps(metrics, dataset):
    settings = figure_settings(dataset) | {"lengths": LENGTHS}
    measure, _ = measure_of(settings["task"])
    sweep = length_sweep(metrics, synthetic_timings(dataset), dataset, measure, LENGTHS)
    figure = figure_of(plot_length.draw, sweep, settings)
    assert legend_of(figure) == [settings["labels"][name] for name in LENGTHS]
    keys = ["method", "perturbation", "level"]
    draws = metrics.query("dataset == @dataset and measure == @measure")
    replicates = draws.groupby([*keys, "replicate"])["value"].mean()
    means = replicates.groupby(keys).agg(stats.gmean if dataset == "boston" else np.mean)
    for axes, where in zip(figure.axes, [("none", 0.0), ("gaussian", 0.1)], strict=True):
        assert axes.get_xscale() == "log"
        assert axes.get_yscale() == ("log" if dataset == "boston" else "linear")
        look = style.method_styles(LENGTHS)["brier"]
        steps, values = curve(axes, look.color, look.marker)
        assert steps.tolist() == [1000, 4000, 12000]
        expected = [means[name, *where] for name in ("noise_005", "brier", "noise_02")]
        assert values.tolist() == pytest.approx(expected)


def test_perturbations_share_the_scale_and_the_legend_of_the_main_methods(metrics):
    names = list(plot_perturbations.PANELS)
    sweeps = {name: perturbation_sweep(metrics, "mnist", "accuracy", name) for name in names}
    figure = figure_of(plot_perturbations.draw, sweeps, MNIST)
    assert legend_of(figure) == IMAGE_MAIN
    assert len({axes.get_ylim() for axes in figure.axes}) == 1
    for axes, name in zip(figure.axes, names, strict=True):
        own = metrics.query("dataset == 'mnist' and method == 'gradient' and level == 0.2")
        own = own[own["perturbation"] == name]
        levels, means = curve(axes, style.COLOURS[0], "o")
        assert levels.tolist() == [0.0, *SIGMAS]
        assert means[3] == pytest.approx(own["value"].mean())


def test_a_legend_takes_as_many_rows_as_its_labels_need(metrics):
    """Six methods are too wide for one row of the text."""
    sweeps = {"gaussian": perturbation_sweep(metrics, "mnist", "accuracy", "gaussian")}
    long = {name: f"{label}, a method" for name, label in MNIST["labels"].items()}
    rows = []
    for labels in (MNIST["labels"], long):
        figure = Figure((style.TEXT_WIDTH, 2), layout="constrained")
        plot_perturbations.draw(figure, sweeps, MNIST | {"labels": labels})
        figure.draw_without_rendering()
        (legend,) = figure.legends
        box = legend.get_window_extent()
        assert box.x0 >= 0 and box.x1 <= figure.bbox.width
        rows.append(len({round(text.get_window_extent().y0) for text in legend.get_texts()}))
    assert rows[0] < rows[1]


def test_attacks_show_attacked_arms_ensembles_and_certificates(metrics):
    figure = figure_of(plot_attacks.draw, metrics, "mnist", COMPARED)
    arms = [ARMS[name][0] for name in ATTACKED if name in ARMS]
    assert legend_of(figure) == [*IMAGE_MAIN, *arms, "worst of 4 attacks", "certified", "chance"]
    for axes, (norm, sizes) in zip(figure.axes, SIZES.items(), strict=True):
        levels, means = curve(axes, style.COLOURS[0], "o")
        own = metrics.query("dataset == 'mnist' and method == 'gradient'")
        values = own.groupby(["perturbation", "level"])["value"].mean()
        assert levels.tolist() == [0.0, *sizes]
        assert means.tolist() == pytest.approx(
            [values["subset", 0.0], *(values[f"pgd_{norm}", size] for size in sizes)]
        )
        hollow = [line for line in axes.get_lines() if line.get_markerfacecolor() == "none"]
        points = {float(x): float(y) for line in hollow for x, y in line.get_xydata()[:1]}
        assert set(points) == {sizes[1]}
        assert len(hollow) == len(ATTACKED)
        certified = [line for line in axes.get_lines() if [0.0, *RADII] == list(line.get_xdata())]
        assert len(certified) == (3 if norm == "l2" else 0)


def test_attacks_need_an_attack(metrics):
    clean = metrics[metrics["perturbation"] == "none"]
    with pytest.raises(UserError, match="the results hold no attack on 'mnist'; attack its models"):
        plot_attacks.draw(Figure(), clean, "mnist", COMPARED)


def test_attacks_of_one_norm_have_one_panel_and_no_chance_without_classes(single):
    known = single[~single["perturbation"].str.endswith("linf")]
    settings = {key: value for key, value in COMPARED.items() if key != "classes"}
    figure = figure_of(plot_attacks.draw, known, "mnist", settings)
    assert len(figure.axes) == 1
    assert "chance" not in legend_of(figure)


ANCHORS = [
    {"dataset": "mnist", "label": "both", "accuracy": 0.97, "certified": {0.1: 0.9, 1.58: 0.6}},
    {"dataset": "mnist", "label": "level", "certified": {0.1: 0.8}},
    {"dataset": "mnist", "label": "mean radius", "accuracy": 0.96, "certificate": 0.8},
    {"dataset": "other", "label": "elsewhere", "certified": {0.1: 0.8}},
]


def test_the_frontier_follows_the_margin_beside_the_anchors_of_each_radius(metrics):
    figure = figure_of(plot_frontier.draw, metrics, "mnist", DOSES, ANCHORS)
    assert legend_of(figure) == ["HKR, margins 0.1, 0.5, 1", "both", "level"]
    assert [axes.get_title() for axes in figure.axes] == [f"$r = {radius:g}$" for radius in RADII]
    means = (
        metrics[metrics["dataset"] == "mnist"]
        .groupby(["method", "measure", "perturbation", "level"])["value"]
        .mean()
    )
    for axes, radius in zip(figure.axes, RADII, strict=True):
        own = [line for line in axes.get_lines() if len(line.get_xdata()) == 3]
        joined = next(line for line in own if line.get_linestyle() == "-")
        order = ["hkr_margin_01", "hkr_dense", "hkr_margin_1"]
        assert [text.get_text() for text in axes.texts] == ["0.1", "1"]  # at the ends
        np.testing.assert_allclose(
            joined.get_xydata(),
            [
                (
                    means[name, "accuracy", "none", 0],
                    means[name, "accuracy", "certified_l2", radius],
                )
                for name in order
            ],
        )
    first, second, _ = figure.axes
    hollow = [line for line in first.get_lines() if line.get_markerfacecolor() == "none"]
    assert [line.get_xydata().tolist() for line in hollow] == [[[0.97, 0.9]]]
    assert [line.get_ydata()[0] for line in first.get_lines()][-1] == 0.8
    assert len(second.get_lines()) == len(first.get_lines()) - 2


def test_the_frontier_of_one_replicate_leaves_out_what_was_not_evaluated(single):
    known = single[single["method"] != "hkr_margin_1"]
    figure = figure_of(plot_frontier.draw, known, "mnist", DOSES, [])
    assert [text.get_text() for text in figure.axes[0].texts] == ["0.1", "0.5"]


def test_noise_sweep_leaves_the_arms_out(metrics):
    figure = figure_of(plot_noise.draw, noise_sweep(metrics, "mnist", "accuracy"), MNIST)
    (axes,) = figure.axes
    names = [text.get_text() for text in axes.get_legend().get_texts()]
    assert names == IMAGE_MAIN


def test_scripts_write_equal_files_from_the_command_line(metrics, tmp_path, monkeypatch):
    metrics.to_csv(tmp_path / "metrics.csv", index=False)
    (tmp_path / "anchors.yaml").write_text(yaml.safe_dump(ANCHORS))
    for script in (plot_ablation, plot_perturbations, plot_attacks, plot_frontier):
        outputs = [tmp_path / f"{name}.pdf" for name in "ab"]
        for output in outputs:
            options = {"metrics": tmp_path / "metrics.csv", "dataset": "mnist", "output": output}
            options["settings"] = json.dumps(DOSES if script is plot_frontier else MNIST)
            if script is plot_frontier:
                options["anchors"] = tmp_path / "anchors.yaml"
            words = [word for key, value in options.items() for word in (f"--{key}", str(value))]
            monkeypatch.setattr(sys, "argv", ["script", *words])
            script.main()
        first, second = (output.read_bytes() for output in outputs)
        assert first == second
        assert first.startswith(b"%PDF")
