"""Plot the level sets of a 1-Lipschitz classifier before and after its export."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from gradloss.figures import style
from gradloss.support.command import run
from gradloss.support.files import Arrays, read_npz
from gradloss.support.product_options import parse_options


def signed(value: float) -> str:
    """A level with a true minus sign."""
    return f"{value:g}".replace("-", "−")


def draw_panel(axes: Axes, grid: tuple, values: np.ndarray, levels: np.ndarray) -> None:
    """Draw labelled level sets, the decision boundary in bold."""
    widths = np.where(np.isclose(levels, 0), 2.0, 0.8)
    lines = axes.contour(*grid, values, levels=levels, colors="black", linewidths=widths)
    texts = axes.clabel(lines, fontsize=7, fmt=signed, inline_spacing=2)
    for text in texts:
        text.set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 0.3, "alpha": 0.8})


def draw(figure: Figure, values: Arrays) -> None:
    """Draw both functions over a sample of the data.

    Args:
        figure: An empty figure.
        values: Of `level_sets.values_on_grid` and `level_sets.sample_of`.
    """
    x, y, before, after = (values[name] for name in ("x", "y", "before", "after"))
    ends = min(before.min(), after.min()), max(before.max(), after.max())
    levels = MaxNLocator(9).tick_values(*ends)
    digits, power = f"{np.abs(before - after).max():.1e}".split("e")
    gap = rf"${digits} \times 10^{{{int(power)}}}$"
    titles = ("1-Lipschitz layers", f"export (differs by at most {gap})")
    panels = figure.subplots(1, 2, sharex=True, sharey=True)
    for axes, outputs, name in zip(panels, (before, after), titles, strict=True):
        for colour, label in zip(("#99BBDD", "#EECC99"), np.unique(y), strict=True):
            axes.plot(
                *x[y == label].T, ".", color=colour, markersize=1.5, zorder=0, rasterized=True
            )
        draw_panel(axes, (values["first"], values["second"]), outputs, levels)
        axes.set_title(name)
        axes.set_xlabel("$x_1$")
        axes.set_aspect("equal")
    panels[0].set_ylabel("$x_2$")


def main() -> None:
    """Read the command line, draw and save."""
    arguments = parse_options(__doc__, "values", "output")
    with style.pdf_figure(arguments.output, 0.8 * style.TEXT_WIDTH, 2.0) as figure:
        draw(figure, read_npz(arguments.values))


if __name__ == "__main__":
    run(main)
