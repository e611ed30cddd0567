"""Plot the certified against the clean accuracy along the margin of HKR networks."""

import pandas as pd
import yaml
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from gradloss.analysis.summaries import (
    UNKNOWN,
    estimate,
    levels_of,
    read_metrics,
    replicate_means,
    values_of,
)
from gradloss.figures import style
from gradloss.support.command import run
from gradloss.support.product_options import parse_options

OURS = {"color": style.COLOURS[0], "linewidth": 1.2}
HOLLOW = {"color": style.GREY, "linestyle": "none", "markerfacecolor": "none", "markersize": 6}
BOUND = {"color": style.GREY, "linewidth": 0.8}


def draw_panel(
    axes: Axes, means: pd.DataFrame, dataset: str, radius: float, doses: dict[str, float]
) -> None:
    """Draw the accuracies of all doses, each at the mean over its replicates.

    The ends of their curve state their margins; where it turns back, those between would overlap.

    Args:
        axes: An empty panel.
        means: As `summaries.replicate_means` gives them.
        dataset: Name of the dataset.
        radius: At which certified accuracies are drawn.
        doses: Method to its margin.
    """
    points, drawn = [], []
    for method, margin in sorted(doses.items(), key=lambda dose: dose[1]):
        clean = values_of(means, dataset, method, "accuracy")
        sure = values_of(means, dataset, method, "accuracy", "certified_l2", radius)
        x, y = estimate(clean), estimate(sure)
        if UNKNOWN.replicates in (x.replicates, y.replicates):
            continue
        points.append((x.mean, y.mean))
        axes.plot(clean, sure, "o", color=OURS["color"], markersize=2, alpha=style.FAINT)
        axes.plot([x.low, x.high], [y.mean, y.mean], color=OURS["color"], linewidth=0.7)
        axes.plot([x.mean, x.mean], [y.low, y.high], color=OURS["color"], linewidth=0.7)
        drawn.append(margin)
    for end in {0, len(points) - 1} if points else ():
        place = {"xytext": (-4, -1), "textcoords": "offset points", "ha": "right", "va": "top"}
        axes.annotate(f"{drawn[end]:g}", points[end], fontsize=7, **place)
    if points:
        axes.plot(*zip(*points, strict=True), marker="o", markersize=3.5, **OURS)
    axes.set_title(f"$r = {radius:g}$")
    axes.set_xlabel("clean accuracy")
    axes.margins(0.12)
    axes.xaxis.set_major_locator(MaxNLocator(3))
    axes.yaxis.set_major_locator(MaxNLocator(5))


def draw_anchors(axes: Axes, anchors: list[dict], radius: float) -> dict[str, Line2D]:
    """Draw what the literature certifies at a radius; returns the drawn line of each label.

    An anchor with a clean accuracy is a hollow mark, one without is a level.
    """
    lines = {}
    for place, anchor in enumerate(anchors):
        if radius not in anchor["certified"]:
            continue
        sure = anchor["certified"][radius]
        if "accuracy" in anchor:
            marker = style.MARKERS[1 + place % (len(style.MARKERS) - 1)]
            (line,) = axes.plot(anchor["accuracy"], sure, marker, **HOLLOW)
        else:
            linestyle = style.LINESTYLES[1 + place % (len(style.LINESTYLES) - 1)]
            line = axes.axhline(sure, linestyle=linestyle, **BOUND)
        lines[anchor["label"]] = line
    return lines


def draw(
    figure: Figure, metrics: pd.DataFrame, dataset: str, doses: dict, anchors: list[dict]
) -> None:
    """Draw a panel per radius, and one legend.

    Args:
        figure: An empty figure.
        metrics: Tidy results.
        dataset: Name of the dataset.
        doses: Method to its margin.
        anchors: Numbers of the literature, as `tabulate_lipschitz.py` takes them.
    """
    means = replicate_means(metrics)
    own = [anchor for anchor in anchors if anchor["dataset"] == dataset and "certified" in anchor]
    radii = levels_of(metrics, dataset, "certified_l2")
    panels = figure.subplots(1, len(radii), squeeze=False)[0]
    margins = ", ".join(f"{margin:g}" for margin in sorted(doses.values()))
    lines = {f"HKR, margins {margins}": Line2D([], [], marker="o", markersize=3.5, **OURS)}
    for axes, radius in zip(panels, radii, strict=True):
        draw_panel(axes, means, dataset, radius, doses)
        lines |= draw_anchors(axes, own, radius)
    panels[0].set_ylabel("certified accuracy")
    style.legend_below(figure, lines)


def main() -> None:
    """Read the command line, draw and save."""
    arguments = parse_options(__doc__, "metrics", "anchors", "dataset", "settings", "output")
    anchors = yaml.safe_load(arguments.anchors.read_text(encoding="utf-8"))
    with style.pdf_figure(arguments.output, style.TEXT_WIDTH, 2.4) as figure:
        draw(
            figure,
            read_metrics(arguments.metrics),
            arguments.dataset,
            arguments.settings,
            anchors,
        )


if __name__ == "__main__":
    run(main)
