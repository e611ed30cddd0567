"""Plot the level sets of a 1-Lipschitz classifier before and after its export."""

import keras
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

import gradloss.lipschitz  # noqa: F401  registers the layers that the saved models consist of
from gradloss import style
from gradloss.command import run
from gradloss.files import read_npz
from gradloss.options import parse_options

GRID = 201  # points along each axis
SAMPLE = 1000  # points drawn per class
MARGIN = 0.3  # around the data, in its units


def plane(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates [GRID, GRID] each of a grid over points x [N, 2] and a margin."""
    low, high = x.min(axis=0) - MARGIN, x.max(axis=0) + MARGIN
    return np.meshgrid(*(np.linspace(*ends, GRID) for ends in zip(low, high, strict=True)))


def values_on(model: keras.Model, grid: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Outputs [GRID, GRID] of a model with two inputs and one output."""
    points = np.stack([coordinate.ravel() for coordinate in grid], axis=1).astype("float32")
    return model.predict(points, batch_size=4096, verbose=0).reshape(grid[0].shape)


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


def draw(
    figure: Figure, x: np.ndarray, y: np.ndarray, before: np.ndarray, after: np.ndarray
) -> None:
    """Draw both functions over a sample of the data.

    Args:
        figure: An empty figure.
        x: Points [N, 2].
        y: Their classes [N].
        before: Outputs [GRID, GRID] of the 1-Lipschitz layers on `plane(x)`.
        after: The same of the exported network.
    """
    ends = min(before.min(), after.min()), max(before.max(), after.max())
    levels = MaxNLocator(9).tick_values(*ends)
    digits, power = f"{np.abs(before - after).max():.1e}".split("e")
    gap = rf"${digits} \times 10^{{{int(power)}}}$"
    titles = ("1-Lipschitz layers", f"export (differs by at most {gap})")
    panels = figure.subplots(1, 2, sharex=True, sharey=True)
    for axes, values, name in zip(panels, (before, after), titles, strict=True):
        for colour, label in zip(("#99BBDD", "#EECC99"), np.unique(y), strict=True):
            sample = x[y == label][:SAMPLE]
            axes.plot(*sample.T, ".", color=colour, markersize=1.5, zorder=0, rasterized=True)
        draw_panel(axes, plane(x), values, levels)
        axes.set_title(name)
        axes.set_xlabel("$x_1$")
        axes.set_aspect("equal")
    panels[0].set_ylabel("$x_2$")


def main() -> None:
    """Read the command line, draw and save."""
    arguments = parse_options(__doc__, "data", "model", "constrained", "output")
    data = read_npz(arguments.data)
    grid = plane(data["x"])
    before, after = (
        values_on(keras.models.load_model(path), grid)
        for path in (arguments.constrained, arguments.model)
    )
    with style.pdf_figure(arguments.output, 0.8 * style.TEXT_WIDTH, 2.0) as figure:
        draw(figure, data["x"], data["y"], before, after)


if __name__ == "__main__":
    run(main)
