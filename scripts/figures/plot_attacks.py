"""Plot the accuracy under attack against the size of the attack, and what is certified."""

from functools import partial

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from gradloss.analysis.summaries import (
    compared_methods,
    intervals,
    levels_of,
    perturbation_sweep,
    read_metrics,
)
from gradloss.figures import style
from gradloss.support.command import run
from gradloss.support.errors import UserError
from gradloss.support.product_options import parse_options

PANELS = {"l2": r"$\ell_2$", "linf": r"$\ell_\infty$"}
HOLLOW = {"markerfacecolor": "none", "markersize": 8, "linestyle": "none"}
CERTIFIED = {"linewidth": 0.7, "linestyle": "-", "markersize": 2.5}
BAND = {"alpha": style.BAND, "linewidth": 0}
CHANCE = {"color": style.GREY, "linewidth": 0.6, "linestyle": (0, (1, 3))}


def draw_panel(
    axes: Axes, metrics: pd.DataFrame, dataset: str, norm: str, looks: dict
) -> dict[str, Line2D]:
    """Draw the attacks of one norm and what is certified; returns the line of each method.

    Args:
        axes: An empty panel.
        metrics: Tidy results.
        dataset: Name of the dataset.
        norm: Key of `PANELS`.
        looks: Style of each method.
    """
    sweep_of = partial(perturbation_sweep, metrics, dataset, "accuracy")
    lines = style.draw_sweep(axes, sweep_of(f"pgd_{norm}", clean="subset"), looks)
    by = ["method", "level"]
    ensemble = intervals(sweep_of(f"ensemble_{norm}", clean="subset"), by)
    certified = intervals(sweep_of(f"certified_{norm}"), by)
    for method, look in looks.items():
        worst = ensemble[(ensemble["method"] == method) & (ensemble["level"] > 0)]
        axes.vlines(worst["level"], worst["low"], worst["high"], color=look.color, linewidth=1)
        axes.plot(worst["level"], worst["mean"], look.marker, color=look.color, **HOLLOW)
        sure = certified[certified["method"] == method]
        if method in lines and sure["level"].any():
            axes.fill_between(sure["level"], sure["low"], sure["high"], color=look.color, **BAND)
            look_of_it = {"color": look.color, "marker": look.marker, **CERTIFIED}
            axes.plot(sure["level"], sure["mean"], **look_of_it)
    axes.set_title(f"{PANELS[norm]} attack")
    axes.set_xlabel(rf"largest {PANELS[norm]} change $\varepsilon$")
    return lines


def draw(figure: Figure, metrics: pd.DataFrame, dataset: str, settings: dict) -> None:
    """Draw a panel per norm and one legend.

    Args:
        figure: An empty figure.
        metrics: Tidy results.
        dataset: Name of the dataset.
        settings: `methods` of the dataset, and `classes` for the level of chance; `labels` of all
            methods of the study; `arms` of the ablation.

    Raises:
        UserError: The dataset was not attacked.
    """
    norms = [norm for norm in PANELS if levels_of(metrics, dataset, f"pgd_{norm}")]
    if not norms:
        raise UserError(f"the results hold no attack on '{dataset}'; attack its models first")
    looks = style.method_styles(compared_methods(metrics, dataset, settings))
    panels = figure.subplots(1, len(norms), sharey=True, squeeze=False)[0]
    lines = {}
    for axes, norm in zip(panels, norms, strict=True):
        if "classes" in settings:
            axes.axhline(1 / settings["classes"], **CHANCE)
        lines |= draw_panel(axes, metrics, dataset, norm, looks)
        axes.set_ylim(0, 1.02)
    panels[0].set_ylabel("accuracy, attacked images")
    handles = {settings["labels"][name]: line for name, line in lines.items()}
    marks = {
        "worst of 4 attacks": Line2D([], [], color=style.GREY, marker="o", **HOLLOW),
        "certified": Line2D([], [], color=style.GREY, marker="o", **CERTIFIED),
        **({"chance": Line2D([], [], **CHANCE)} if "classes" in settings else {}),
    }
    handles |= marks
    figure.legend(handles.values(), handles.keys(), loc="outside right center")


def main() -> None:
    """Read the command line, draw and save."""
    arguments = parse_options(__doc__, "metrics", "dataset", "settings", "output")
    metrics = read_metrics(arguments.metrics)
    with style.pdf_figure(arguments.output, style.TEXT_WIDTH, 2.05) as figure:
        draw(figure, metrics, arguments.dataset, arguments.settings)


if __name__ == "__main__":
    run(main)
