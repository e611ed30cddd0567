"""Figure and table of the corruptions, and the table of the sampling of images."""

import json
import sys

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from project import module_at
from synthetic_metrics import ATTACKED, compared_settings, synthetic_metrics

from gradloss.analysis.corruption_summary import corruption_means, name_of
from gradloss.analysis.sampling import COLUMNS
from gradloss.analysis.summaries import compared_methods
from gradloss.support.errors import UserError
from gradloss.tables.html import table_page

plot, tabulate, sampling = (
    module_at(f"scripts/{name}.py")
    for name in (
        "figures/plot_corruptions",
        "tables/tabulate_corruptions",
        "tables/tabulate_sampling",
    )
)
MNIST = compared_settings("mnist")
ACCURACIES = {"fog": 0.2, "stripe": 0.8, "dotted_line": 0.5}


def corrupted(metrics):
    """The metrics with rows of corruptions, which grow with the replicate and fall by method."""
    clean = metrics.query("dataset == 'mnist' and measure == 'accuracy' and perturbation == 'none'")
    places = {method: place for place, method in enumerate(clean["method"].unique())}
    kinds = {**ACCURACIES, "mean": np.mean(list(ACCURACIES.values()))}
    rows = [
        clean.assign(
            perturbation=f"corruption_{kind}",
            level=1.0,
            value=value + 0.01 * clean["replicate"] - 0.001 * clean["method"].map(places),
        )
        for kind, value in kinds.items()
    ]
    return pd.concat([metrics, *rows], ignore_index=True)


@pytest.fixture(scope="module")
def metrics():
    return corrupted(synthetic_metrics(replicates=3))


@pytest.fixture(scope="module")
def methods(metrics):
    return compared_methods(metrics, "mnist", MNIST)


def test_main_methods_and_attacked_arms_are_compared(methods):
    assert methods == [
        "gradient",
        "baseline",
        "hkr_accurate",
        "hkr_robust",
        "hkr_dense",
        "noise_01",
    ]
    assert set(methods) == set(ATTACKED)


def test_kinds_fall_in_accuracy_between_the_clean_images_and_the_mean(metrics, methods):
    means = corruption_means(metrics, "mnist", methods)
    assert list(dict.fromkeys(means["kind"])) == ["none", "stripe", "dotted_line", "fog", "mean"]
    assert set(means["method"]) == set(methods)
    assert len(means) == 5 * len(methods) * 3
    assert [name_of(kind) for kind in ("none", "dotted_line", "mean")] == [
        "clean",
        "dotted line",
        "mean of these",
    ]


def test_a_dataset_without_corruptions_is_named(metrics):
    with pytest.raises(UserError, match="hold no corruption of 'two_moons'; evaluate it first"):
        corruption_means(metrics, "two_moons", ["gradient"])


def test_the_figure_has_a_mark_per_method_and_kind(metrics, methods):
    figure = Figure(layout="constrained")
    plot.draw(figure, corruption_means(metrics, "mnist", methods), methods, MNIST["labels"])
    figure.draw_without_rendering()
    (axes,) = figure.axes
    assert [text.get_text() for text in axes.get_yticklabels()] == [
        "clean",
        "stripe",
        "dotted line",
        "fog",
        "mean of these",
    ]
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend == [MNIST["labels"][name] for name in methods]
    marks = [line for line in axes.get_lines() if line.get_marker() not in ("", "None", None)]
    assert len({line.get_marker() for line in marks}) == len(methods)
    # The first method's mean is that of replicates 0 to 2.
    assert marks[0].get_xdata()[1:4].tolist() == pytest.approx([0.81, 0.51, 0.21])
    rows = [line.get_ydata() for line in marks]
    assert np.all(np.abs(np.array(rows) - np.arange(5)) < 0.5)


def test_a_method_without_results_of_one_kind_leaves_a_gap(metrics, methods):
    partly = metrics[
        (metrics["method"] != "baseline") | ~metrics["perturbation"].str.endswith("fog")
    ]
    figure = Figure(layout="constrained")
    plot.draw(figure, corruption_means(partly, "mnist", methods), methods, MNIST["labels"])
    figure.draw_without_rendering()


def test_the_table_has_means_and_intervals_of_the_first_and_last_row(metrics, methods):
    settings = {"mnist": {**MNIST, "label": "MNIST & more"}}
    table = tabulate.tabulate(metrics, settings)
    lines = [line for line in table.splitlines() if line.endswith(r" \\")]
    assert lines[1].startswith(r"\multicolumn{1}{@{}l}{\itshape MNIST \& more, $n$} & 3 & 3")
    assert [line.split(" & ")[0] for line in lines if "itshape" not in line][-4:] == [
        "stripe",
        "dotted line",
        "fog",
        "mean of these",
    ]
    assert r"gradient\\[-2pt]loss" in lines[0] and "& baseline &" in lines[0]
    assert "dotted line" in table_page(table, "Corruptions")
    stripe = next(line for line in lines if line.startswith("stripe"))
    assert stripe.split(" & ")[1] == "0.810" and "scriptsize" not in stripe
    assert "scriptsize [" in next(line for line in lines if line.startswith("mean of these"))


def test_the_script_writes_equal_files(metrics, tmp_path, monkeypatch):
    metrics.to_csv(tmp_path / "metrics.csv", index=False)
    outputs = [tmp_path / f"{name}.pdf" for name in "ab"]
    for output in outputs:
        options = {"metrics": tmp_path / "metrics.csv", "dataset": "mnist", "output": output}
        options["settings"] = json.dumps(MNIST)
        words = [word for key, value in options.items() for word in (f"--{key}", str(value))]
        monkeypatch.setattr(sys, "argv", ["script", *words])
        plot.main()
    assert outputs[0].read_bytes() == outputs[1].read_bytes()


def test_the_table_of_claims_on_images_has_both_intervals():
    claim = ("002", "mnist-approaches", "A claim", 0.001, -0.002, 0.004, -0.003, 0.005, 5, 10000)
    single = ("P4", "p4-mnist", "Another", 0.001, np.nan, np.nan, np.nan, np.nan, 1, 10000)
    table = sampling.tabulate(pd.DataFrame([claim, single], columns=COLUMNS))
    assert (
        r"002 & A claim & 5 & 10000 & 0.0010 & [$-0.0020$, 0.0040] & [$-0.0030$, 0.0050] \\"
        in table
    )
    assert "A claim" in table_page(table, "Sampling")
    assert r"P4 & Another & 1 & 10000 & 0.0010 & -- & -- \\" in table


def test_without_a_claim_on_images_the_table_says_so():
    assert "not computed" in sampling.tabulate(pd.DataFrame(columns=COLUMNS))
