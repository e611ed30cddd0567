"""Plot a dataset's test measure against the length of training, clean and under noise."""

import pandas as pd
from matplotlib.figure import Figure

from gradloss.analysis.lengths import length_sweep
from gradloss.analysis.summaries import DOCUMENT_SIGMA, read_metrics, read_timings
from gradloss.analysis.words import measure_of
from gradloss.figures import style
from gradloss.support.command import run
from gradloss.support.product_options import parse_options

PANELS = {
    0.0: r"clean, $\sigma = 0$",
    DOCUMENT_SIGMA: rf"Gaussian noise, $\sigma = {DOCUMENT_SIGMA:g}$",
}


def draw(figure: Figure, sweep: pd.DataFrame, settings: dict) -> None:
    """Draw a curve per method: means with their intervals, and faintly every replicate.

    Args:
        figure: An empty figure.
        sweep: As `lengths.length_sweep` gives it.
        settings: `task` of the dataset; `labels` of its methods; `lengths`, the shorter and
            longer trainings of each method that has some.
    """
    looks = style.method_styles(settings["lengths"])
    panels = figure.subplots(1, len(PANELS), sharey=True)
    lines = {}
    for axes, (level, title) in zip(panels, PANELS.items(), strict=True):
        own = sweep[sweep["level"] == level].drop(columns="level")
        lines = style.draw_sweep(axes, own.rename(columns={"steps": "level"}), looks)
        axes.set_title(title)
        axes.set_xlabel("optimiser steps")
        style.set_log_scale(axes, "x")
    panels[0].set_ylabel(measure_of(settings["task"])[1])
    if settings["task"] == "regression":
        style.set_log_scale(panels[0])
    style.legend_below(figure, {settings["labels"][name]: line for name, line in lines.items()})


def main() -> None:
    """Read the command line, draw and save."""
    arguments = parse_options(__doc__, "metrics", "timings", "dataset", "settings", "output")
    settings = arguments.settings
    measure, _ = measure_of(settings["task"])
    metrics, timings = read_metrics(arguments.metrics), read_timings(arguments.timings)
    sweep = length_sweep(metrics, timings, arguments.dataset, measure, settings["lengths"])
    with style.pdf_figure(arguments.output, style.TEXT_WIDTH, 2.3) as figure:
        draw(figure, sweep, settings)


if __name__ == "__main__":
    run(main)
