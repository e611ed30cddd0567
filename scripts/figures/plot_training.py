"""Plot the training losses and the test measure of a dataset's methods against epochs."""

from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter

from gradloss.analysis.summaries import main_methods
from gradloss.analysis.words import measure_of
from gradloss.figures import style
from gradloss.support.command import run
from gradloss.support.product_options import parse_options

FRAME_HEIGHT, PANEL_HEIGHT, MIN_HEIGHT = 0.4, 0.5, 1.6  # inches


def read_histories(paths: list[Path]) -> pd.DataFrame:
    """Histories of all jobs; the method is the name of a file's folder."""
    frames = [pd.read_csv(path).assign(method=path.parent.name) for path in paths]
    return pd.concat(frames, ignore_index=True)


def set_loss_scale(axes: Axes, losses: pd.Series) -> None:
    """Logarithmic for positive losses over more than a decade; an HKR loss can be negative."""
    if losses.min() > 0 and losses.max() > 10 * losses.min():
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(numticks=3))
        axes.yaxis.set_minor_formatter(NullFormatter())
    else:
        axes.yaxis.set_major_locator(MaxNLocator(2))


def draw(figure: Figure, histories: pd.DataFrame, settings: dict) -> None:
    """Draw a panel of the loss per method, as losses do not compare, and one of the test measure.

    Args:
        figure: An empty figure.
        histories: Columns method, replicate, epoch, measure, value.
        settings: `task` and `methods` of the dataset; `labels` of all methods of the study, and
            which are `arms`.
    """
    looks = style.method_styles(main_methods(settings))
    methods = [name for name in looks if name in set(histories["method"])]
    left, right = figure.subfigures(1, 2)
    panels = left.subplots(len(methods), 1, sharex=True, squeeze=False)[:, 0]
    test, curves = right.subplots(), {}
    measure, measure_label = measure_of(settings["task"])
    for panel, method in zip(panels, methods, strict=True):
        label, own = settings["labels"][method], histories[histories["method"] == method]
        losses = own[own["measure"] == "mean_loss"]
        style.draw_history(panel, losses, looks[method])
        set_loss_scale(panel, losses["value"])
        panel.set_title(label, loc="right", y=0.98, va="top")
        tests = own[own["measure"] == f"test_{measure}"]
        curves[label] = style.draw_history(test, tests, looks[method])
    left.supylabel("training loss (a function per method)", fontsize=9)
    for axes in (panels[-1], test):
        axes.set_xlabel("epoch")
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=True, min_n_ticks=1))
    test.set_ylabel(measure_label)
    if settings["task"] == "regression":
        style.set_log_scale(test)
    test.legend(curves.values(), curves.keys())


def main() -> None:
    """Read the command line, draw and save."""
    arguments = parse_options(__doc__, "histories", "dataset", "settings", "output")
    panels = len(main_methods(arguments.settings))
    height = FRAME_HEIGHT + max(MIN_HEIGHT, PANEL_HEIGHT * panels)
    with style.pdf_figure(arguments.output, style.TEXT_WIDTH, height) as figure:
        draw(figure, read_histories(arguments.histories), arguments.settings)


if __name__ == "__main__":
    run(main)
