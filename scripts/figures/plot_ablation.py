"""Plot what each arm of a dataset's ablation reaches, clean and under noise."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from gradloss.analysis.summaries import (
    DOCUMENT_SIGMA,
    ablation_methods,
    intervals,
    main_methods,
    noise_sweep,
    read_metrics,
)
from gradloss.analysis.words import measure_of
from gradloss.figures import style
from gradloss.support.command import run
from gradloss.support.product_options import parse_options

PANELS = {
    0.0: r"clean, $\sigma = 0$",
    DOCUMENT_SIGMA: rf"Gaussian noise, $\sigma = {DOCUMENT_SIGMA:g}$",
}
ROW_HEIGHT, FRAME_HEIGHT = 0.14, 0.6  # inches
BELOW = 0.28  # of a row, so that single replicates stay clear of the interval
SINGLE = {"alpha": 0.5, "markersize": 2.2, "markeredgewidth": 0}
RULE = {"color": "#E5E5E5", "linewidth": 0.5}
ARM = style.MethodStyle(color="#333333", linestyle="-", marker="o")


def draw_panel(axes: Axes, values: pd.DataFrame, looks: dict, reference: str) -> None:
    """Draw a row per method: mean, interval and single replicates; a band for the reference.

    Args:
        axes: An empty panel.
        values: Columns method, replicate, measure and value.
        looks: Style of each method, from the top to the bottom.
        reference: Method that the others are compared with.
    """
    summary = intervals(values, ["method"]).set_index("method")
    for row, (method, look) in enumerate(looks.items()):
        if method not in summary.index:
            continue
        mean, low, high, _ = summary.loc[method]
        if method == reference:
            axes.axvspan(low, high, color=look.color, alpha=style.BAND, linewidth=0)
            axes.axvline(mean, color=look.color, linewidth=0.6)
        own = values.loc[values["method"] == method, "value"]
        axes.plot(own, [row + BELOW] * len(own), "o", color=look.color, **SINGLE)
        axes.hlines(row, low, high, color=look.color, linewidth=1.2)
        axes.plot(mean, row, look.marker, color=look.color)


def draw(figure: Figure, sweep: pd.DataFrame, settings: dict) -> None:
    """Draw the clean panel, the noisy panel, and the names of the methods left of them.

    Args:
        figure: An empty figure.
        sweep: Columns method, level, replicate, measure, value.
        settings: `task` and `methods` of the dataset; `labels` of all methods of the study; `arms`
            and `reference` of the ablation.
    """
    methods = ablation_methods(settings, sweep["method"])
    arms = [name for name in methods if name in settings["arms"] and name != settings["reference"]]
    main = style.method_styles(main_methods(settings))
    looks = {name: main.get(name, ARM) for name in methods}
    panels = figure.subplots(1, len(PANELS), sharey=True)
    for axes, (level, title) in zip(panels, PANELS.items(), strict=True):
        draw_panel(axes, sweep[sweep["level"] == level], looks, settings["reference"])
        axes.set_title(title)
        axes.set_xlabel(measure_of(settings["task"])[1])
        axes.grid(axis="y", **RULE)
        axes.axhline(len(methods) - len(arms) - 0.45, color=style.GREY, linewidth=0.5)
        axes.tick_params(axis="y", length=0)
        if settings["task"] == "regression":
            style.set_log_scale(axes, "x")
        else:
            axes.xaxis.set_major_locator(MaxNLocator(5))
    panels[0].set_yticks(range(len(methods)), [settings["labels"][name] for name in methods])
    panels[0].set_ylim(len(methods) - 0.4, -0.6)


def main() -> None:
    """Read the command line, draw and save."""
    arguments = parse_options(__doc__, "metrics", "dataset", "settings", "output")
    settings = arguments.settings
    measure, _ = measure_of(settings["task"])
    sweep = noise_sweep(read_metrics(arguments.metrics), arguments.dataset, measure)
    rows = len(ablation_methods(settings, sweep["method"]))
    height = FRAME_HEIGHT + ROW_HEIGHT * rows
    with style.pdf_figure(arguments.output, style.TEXT_WIDTH, height) as figure:
        draw(figure, sweep, settings)


if __name__ == "__main__":
    run(main)
