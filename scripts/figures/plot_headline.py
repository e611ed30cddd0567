"""Plot what the documents print under noise beside what replicates of the same training reach."""

import re
from collections.abc import Iterable, Iterator

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from gradloss.analysis.claims import CLAIMS, Claim
from gradloss.analysis.summaries import main_methods, noise_sweep, read_metrics
from gradloss.analysis.words import measure_of
from gradloss.figures import style
from gradloss.support.command import run
from gradloss.support.product_options import parse_options

QUANTITY = re.compile(r"(\w+)/(\w+)/(\w+?)(?:@([\d.]+))?")  # clean, or under Gaussian noise
PRINTED = {"linestyle": "none", "markerfacecolor": "none", "markersize": 7}


def printed_numbers(
    claims: Iterable[Claim], dataset: str, measure: str
) -> Iterator[tuple[str, float, float]]:
    """Method, standard deviation of the noise, and what a document prints for them."""
    for claim in claims:
        match = QUANTITY.fullmatch(claim.quantities[0])
        if claim.rule == "number" and match and match.group(1, 3) == (dataset, measure):
            yield match[2], float(match[4] or 0), claim.reported


def draw_panel(axes: Axes, metrics: pd.DataFrame, dataset: str, settings: dict) -> None:
    """Draw the sweeps of the methods of which a document prints numbers, and these numbers.

    Args:
        axes: An empty panel.
        metrics: Tidy results.
        dataset: Name of the dataset.
        settings: `label`, `task` and `methods` of the dataset; `labels` of all methods of the
            study; `arms` of the ablation.
    """
    measure, label = measure_of(settings["task"])
    looks = style.method_styles(main_methods(settings))
    printed = [row for row in printed_numbers(CLAIMS, dataset, measure) if row[0] in looks]
    looks = {name: looks[name] for name in looks if name in {method for method, *_ in printed}}
    lines = style.draw_sweep(axes, noise_sweep(metrics, dataset, measure), looks)
    for method, sigma, value in printed:
        axes.plot(sigma, value, looks[method].marker, color=looks[method].color, **PRINTED)
    axes.set_title(settings["label"])
    axes.set_xlabel(r"standard deviation $\sigma$ of the noise")
    axes.set_ylabel(label)
    if settings["task"] == "regression":
        style.set_log_scale(axes)
    style.label_curves(axes, {settings["labels"][name]: line for name, line in lines.items()})


def draw(figure: Figure, metrics: pd.DataFrame, settings: dict) -> None:
    """Draw a panel per dataset, and what the marks mean.

    Args:
        figure: An empty figure.
        metrics: Tidy results.
        settings: Dataset to its settings, as for `draw_panel`.
    """
    panels = figure.subplots(1, len(settings), squeeze=False)[0]
    for axes, (dataset, entry) in zip(panels, settings.items(), strict=True):
        draw_panel(axes, metrics, dataset, entry)
    marks = {
        "printed in the document, one run": Line2D([], [], color=style.GREY, marker="o", **PRINTED),
        "mean of our replicates, 95 % interval": Line2D([], [], color=style.GREY, marker="o"),
    }
    figure.legend(marks.values(), marks.keys(), loc="outside lower center", ncols=2)


def main() -> None:
    """Read the command line, draw and save."""
    arguments = parse_options(__doc__, "metrics", "settings", "output")
    width = style.HALF_WIDTH * len(arguments.settings) + 0.4
    with style.png_figure(arguments.output, width, 2.7) as figure:
        draw(figure, read_metrics(arguments.metrics), arguments.settings)


if __name__ == "__main__":
    run(main)
