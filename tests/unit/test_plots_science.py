"""The figures of the ablation, the perturbations and the attacks, from invented results."""

import importlib
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from matplotlib.colors import same_color
from matplotlib.figure import Figure
from synthetic_metrics import (
    ARMS,
    ATTACKED,
    MAIN,
    RADII,
    SIGMAS,
    SIZES,
    figure_settings,
    synthetic_metrics,
)

from gradloss import style
from gradloss.errors import UserError
from gradloss.summaries import noise_sweep, perturbation_sweep

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))
NAMES = ("plot_ablation", "plot_perturbations", "plot_attacks", "plot_noise")
plot_ablation, plot_perturbations, plot_attacks, plot_noise = map(importlib.import_module, NAMES)
MNIST = figure_settings("mnist")
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
    measure, _ = style.measure_of(settings["task"])
    sweep = noise_sweep(metrics, dataset, measure)
    clean, noisy = figure_of(plot_ablation.draw, sweep, settings).axes
    rows = [*style.main_methods(settings), *settings["arms"]]
    names = [label.get_text() for label in clean.get_yticklabels()]
    assert rows[0] == settings["reference"]
    assert names == [settings["labels"][name] for name in rows]
    assert clean.yaxis_inverted() and noisy.get_shared_y_axes().joined(clean, noisy)
    assert clean.get_xscale() == ("log" if dataset == "boston" else "linear")
    for axes, level in ((clean, 0.0), (noisy, 0.1)):
        means = sweep[sweep["level"] == level].groupby("method")["value"].mean()
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


def test_attacks_show_attacked_arms_ensembles_and_certificates(metrics):
    figure = figure_of(plot_attacks.draw, metrics, "mnist", MNIST)
    arms = [ARMS[name][0] for name in ATTACKED if name in ARMS]
    assert legend_of(figure) == [*IMAGE_MAIN, *arms, "worst of 3 attacks", "certified", "chance"]
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
        plot_attacks.draw(Figure(), clean, "mnist", MNIST)


def test_attacks_of_one_norm_have_one_panel_and_no_chance_without_classes(single):
    known = single[~single["perturbation"].str.endswith("linf")]
    settings = {key: value for key, value in MNIST.items() if key != "classes"}
    figure = figure_of(plot_attacks.draw, known, "mnist", settings)
    assert len(figure.axes) == 1
    assert "chance" not in legend_of(figure)


def test_noise_sweep_leaves_the_arms_out(metrics):
    figure = figure_of(plot_noise.draw, noise_sweep(metrics, "mnist", "accuracy"), MNIST)
    (axes,) = figure.axes
    names = [text.get_text() for text in axes.get_legend().get_texts()]
    assert names == IMAGE_MAIN


def test_scripts_write_equal_files_from_the_command_line(metrics, tmp_path, monkeypatch):
    metrics.to_csv(tmp_path / "metrics.csv", index=False)
    for script in (plot_ablation, plot_perturbations, plot_attacks):
        outputs = [tmp_path / f"{name}.pdf" for name in "ab"]
        for output in outputs:
            options = {"metrics": tmp_path / "metrics.csv", "dataset": "mnist", "output": output}
            options["settings"] = json.dumps(MNIST)
            words = [word for key, value in options.items() for word in (f"--{key}", str(value))]
            monkeypatch.setattr(sys, "argv", ["script", *words])
            script.main()
        first, second = (output.read_bytes() for output in outputs)
        assert first == second
        assert first.startswith(b"%PDF")
