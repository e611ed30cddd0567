"""Plot a dataset's test measure against the noise level, for its main methods."""

import pandas as pd
from matplotlib.figure import Figure

from gradloss.analysis.summaries import main_methods, noise_sweep, read_metrics
from gradloss.analysis.words import measure_of
from gradloss.figures import style
from gradloss.support.command import run
from gradloss.support.product_options import parse_options


def draw(figure: Figure, sweep: pd.DataFrame, settings: dict) -> None:
    """Draw means with their intervals, and faintly every replicate.

    Args:
        figure: An empty figure.
        sweep: Columns method, level, replicate, value.
        settings: `task` and `methods` of the dataset; `labels` of all methods of the study; `arms`
            of the ablation, which are left out.
    """
    axes = figure.subplots()
    looks = style.method_styles(main_methods(settings))
    lines = style.draw_sweep(axes, sweep, looks)
    axes.set_xlabel(r"standard deviation $\sigma$ of the noise")
    axes.set_ylabel(measure_of(settings["task"])[1])
    if settings["task"] == "regression":
        style.set_log_scale(axes)
    style.label_curves(axes, {settings["labels"][name]: line for name, line in lines.items()})


def main() -> None:
    """Read the command line, draw and save."""
    arguments = parse_options(__doc__, "metrics", "dataset", "settings", "output")
    measure, _ = measure_of(arguments.settings["task"])
    sweep = noise_sweep(read_metrics(arguments.metrics), arguments.dataset, measure)
    with style.pdf_figure(arguments.output, style.HALF_WIDTH, 1.8) as figure:
        draw(figure, sweep, arguments.settings)


if __name__ == "__main__":
    run(main)
