"""Plot the test accuracy of a dataset's methods under every kind of corruption."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from gradloss.analysis.corruption_summary import corruption_means, name_of
from gradloss.analysis.summaries import compared_methods, intervals, read_metrics
from gradloss.figures import style
from gradloss.support.command import run
from gradloss.support.product_options import parse_options

ROW_HEIGHT, FRAME_HEIGHT = 0.2, 1.05  # inches
SPREAD = 0.7  # of a row, over which its methods are spread
SHADE = {"color": "#F0F0F0", "linewidth": 0}
RULE = {"color": style.GREY, "linewidth": 0.5}


def draw(figure: Figure, means: pd.DataFrame, methods: list[str], labels: dict[str, str]) -> None:
    """Draw a row per kind of corruption, with the mean and interval of each method; one legend.

    Args:
        figure: An empty figure.
        means: As `corruption_summary.corruption_means` gives them.
        methods: Which to draw, in the order of their styles.
        labels: Of the methods.
    """
    axes = figure.subplots()
    summary = intervals(means, ["method", "kind"]).set_index(["method", "kind"])
    kinds = list(dict.fromkeys(means["kind"]))
    offsets = np.linspace(-SPREAD / 2, SPREAD / 2, len(methods))
    handles = []
    for offset, (method, look) in zip(offsets, style.method_styles(methods).items(), strict=True):
        own, rows = summary.loc[method].reindex(kinds), np.arange(len(kinds)) + offset
        axes.hlines(rows, own["low"], own["high"], color=look.color, linewidth=0.9)
        handles += axes.plot(own["mean"], rows, look.marker, color=look.color, markersize=2.8)
    for row in range(0, len(kinds), 2):
        axes.axhspan(row - 0.5, row + 0.5, zorder=0, **SHADE)
    for row in (0.5, len(kinds) - 1.5):
        axes.axhline(row, **RULE)
    axes.set_yticks(range(len(kinds)), map(name_of, kinds))
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(kinds) - 0.5, -0.5)
    axes.set_xlabel("test accuracy")
    entries = zip((labels[name] for name in methods), handles, strict=True)
    style.legend_below(figure, dict(entries))


def main() -> None:
    """Read the command line, draw and save."""
    arguments = parse_options(__doc__, "metrics", "dataset", "settings", "output")
    metrics, settings = read_metrics(arguments.metrics), arguments.settings
    methods = compared_methods(metrics, arguments.dataset, settings)
    means = corruption_means(metrics, arguments.dataset, methods)
    height = FRAME_HEIGHT + ROW_HEIGHT * means["kind"].nunique()
    with style.pdf_figure(arguments.output, style.HALF_WIDTH, height) as figure:
        draw(figure, means, methods, settings["labels"])


if __name__ == "__main__":
    run(main)
