"""Plot the linear fits of every variant over the data, and their weights."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gradloss.analysis.claims import CLAIMS
from gradloss.analysis.summaries import read_metrics, replicate_means
from gradloss.analysis.words import words
from gradloss.figures import style
from gradloss.support.command import run
from gradloss.support.files import read_npz
from gradloss.support.product_options import parse_options

LEAST_SQUARES = "scikit_learn"
MEASURES = ["slope", "intercept"]


def weights_of(metrics: pd.DataFrame, dataset: str) -> pd.DataFrame:
    """Columns slope and intercept, indexed by method and replicate in the order of the results."""
    means = replicate_means(metrics.query("dataset == @dataset"))
    table = means.pivot(index=["method", "replicate"], columns="measure", values="value")
    return table[MEASURES].dropna()


def published_weights(dataset: str, variants: list[str]) -> dict[str, tuple[float, float]]:
    """Slope and intercept that the document prints, for the variants of which it prints both."""
    numbers = {claim.quantities[0]: claim.reported for claim in CLAIMS if claim.rule == "number"}
    names = {v: [f"{dataset}/{v}/{measure}" for measure in MEASURES] for v in variants}
    return {
        v: tuple(map(numbers.get, pair)) for v, pair in names.items() if set(pair) <= set(numbers)
    }


def draw_lines(axes: Axes, data: dict, weights: pd.DataFrame, looks: dict) -> None:
    """Draw the data and the mean line of each variant."""
    x, y = data["x"][:, 0], data["y"]
    ends = np.array([x.min(), x.max()])
    axes.plot(x, y, ".", color=style.GREY, markersize=3, alpha=0.6, label="data")
    slope, intercept = weights.loc[LEAST_SQUARES].mean()
    axes.plot(ends, slope * ends + intercept, color="#CCCCCC", linewidth=5, zorder=1)
    for variant, look in looks.items():
        slope, intercept = weights.loc[variant].mean()
        axes.plot(ends, slope * ends + intercept, **look.line, linewidth=1)
    axes.set_xlabel("input $x$")
    axes.set_ylabel("target $y$")


def draw_weights(axes: Axes, weights: pd.DataFrame, published: dict, looks: dict) -> None:
    """Draw the weights of each replicate, filled, and the document's, hollow.

    Variants with the same seeds can coincide, so that later markers are smaller.
    """
    axes.plot(*weights.loc[LEAST_SQUARES].mean(), "*", color="#BBBBBB", markersize=14, zorder=1)
    for size, (variant, look) in zip(np.linspace(8, 3, len(looks)), looks.items(), strict=True):
        own, mark = weights.loc[variant], {"marker": look.marker, "linestyle": "none"}
        axes.plot(own["slope"], own["intercept"], color=look.color, markersize=size, **mark)
        if variant in published:
            hollow = {"markeredgecolor": look.color, "markerfacecolor": "none", "markersize": 6}
            axes.plot(*published[variant], **mark, **hollow)
    axes.set_xlabel("slope")
    axes.set_ylabel("intercept")


def draw(figure: Figure, data: dict, weights: pd.DataFrame, published: dict) -> None:
    """Draw both panels and one legend.

    Args:
        figure: An empty figure.
        data: `x` [N, 1], `y` [N] and the text `source`.
        weights: As `weights_of` gives them.
        published: Slope and intercept of the document, by variant.
    """
    variants = [name for name in weights.index.unique("method") if name != LEAST_SQUARES]
    looks = style.method_styles(variants)
    left, right = figure.subplots(1, 2)
    draw_lines(left, data, weights, looks)
    draw_weights(right, weights, published, looks)
    if str(data["source"]) == "surrogate":
        left.set_title("surrogate data")
    right.set_title("filled: replicates, hollow: document")
    handles = [
        left.plot([], [], **look.marked_line, label=words(name))[0] for name, look in looks.items()
    ]
    star = {"color": "#BBBBBB", "linewidth": 5, "marker": "*", "markersize": 10}
    handles += left.plot([], [], **star, label="least squares")
    figure.legend(handles=handles, loc="outside right center")


def main() -> None:
    """Read the command line, draw and save."""
    arguments = parse_options(__doc__, "metrics", "data", "output")
    dataset = arguments.data.stem
    weights = weights_of(read_metrics(arguments.metrics), dataset)
    published = published_weights(dataset, list(weights.index.unique("method")))
    with style.pdf_figure(arguments.output, style.TEXT_WIDTH, 2.2) as figure:
        draw(figure, read_npz(arguments.data), weights, published)


if __name__ == "__main__":
    run(main)
