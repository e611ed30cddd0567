"""Plot a dataset's test measure against the level of every random perturbation."""

import pandas as pd
from matplotlib.figure import Figure

from gradloss.analysis.summaries import levels_of, main_methods, perturbation_sweep, read_metrics
from gradloss.analysis.words import measure_of
from gradloss.figures import style
from gradloss.support.command import run
from gradloss.support.product_options import parse_options

# Name in the results: title, label of the level.
PANELS = {
    "gaussian": ("Gaussian noise", r"standard deviation $\sigma$"),
    "gaussian_clipped": ("Gaussian, clipped", r"standard deviation $\sigma$"),
    "uniform": ("uniform noise", "half width"),
    "pixel_flip": ("inverted pixels", "probability"),
}


def draw(figure: Figure, sweeps: dict[str, pd.DataFrame], settings: dict) -> None:
    """Draw a panel per perturbation, and one legend.

    Args:
        figure: An empty figure.
        sweeps: Perturbation to the columns method, level, replicate, value.
        settings: `task` and `methods` of the dataset; `labels` of all methods of the study; `arms`
            of the ablation, which are left out.
    """
    looks = style.method_styles(main_methods(settings))
    panels = figure.subplots(1, len(sweeps), sharey=True, squeeze=False)[0]
    lines = {}
    for axes, (name, sweep) in zip(panels, sweeps.items(), strict=True):
        lines |= style.draw_sweep(axes, sweep, looks)
        title, level = PANELS[name]
        axes.set_title(title)
        axes.set_xlabel(level)
    panels[0].set_ylabel(measure_of(settings["task"])[1])
    style.legend_below(figure, {settings["labels"][name]: line for name, line in lines.items()})


def main() -> None:
    """Read the command line, draw and save."""
    arguments = parse_options(__doc__, "metrics", "dataset", "settings", "output")
    metrics, dataset = read_metrics(arguments.metrics), arguments.dataset
    measure, _ = measure_of(arguments.settings["task"])
    evaluated = [name for name in PANELS if levels_of(metrics, dataset, name)]
    sweeps = {name: perturbation_sweep(metrics, dataset, measure, name) for name in evaluated}
    with style.pdf_figure(arguments.output, style.TEXT_WIDTH, 1.95) as figure:
        draw(figure, sweeps, arguments.settings)


if __name__ == "__main__":
    run(main)
