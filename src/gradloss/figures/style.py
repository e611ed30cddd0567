"""One look for every figure: sizes, fonts, and a style for each method."""

import logging
import math
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Literal

import matplotlib
import numpy as np
import pandas as pd
from matplotlib import style
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FormatStrFormatter, LogLocator, NullLocator

from gradloss.analysis.summaries import intervals
from gradloss.support.files import atomic_write

# The article shows every figure in its own size, so that all have the same letters.
TEXT_WIDTH = 6.5  # inches, of the article
HALF_WIDTH = 3.15  # inches, two figures side by side

# Tol's "high-contrast" colours, which differ in lightness, then others of his (SRON technical note
# SRON/EPS/TN/09-002). A number of markers that is prime delays repetition.
COLOURS = (
    *("#004488", "#BB5566", "#DDAA33", "#000000", "#66CCEE", "#228833"),
    *("#EE7733", "#AA3377", "#999999", "#44AA99"),
)
LINESTYLES = ("-", "--", "-.", ":")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "p", "h")
# What several figures show has one look in all of them.
PLACES = {
    **{"gradient": 0, "gradient_per_example": 0, "baseline": 1},
    **{"hkr": 2, "hkr_accurate": 2, "hkr_robust": 3, "hkr_dense": 4, "hkr_certified": 5},
    **{"brier": 6, "noise_01": 7, "adversarial": 8, "jacobian": 9},
}
GREY = "#777777"
FAINT = 0.25  # opacity of single replicates
BAND = 0.2  # opacity of intervals
MOST_MARKERS = 25  # of a training curve
MOST_POINTS = 200  # of a training curve; more would not be seen, and make the file large

logging.getLogger("fontTools").setLevel(logging.WARNING)  # it tells of every glyph otherwise

STYLE = {
    "font.family": "STIXGeneral",  # ships with matplotlib, so figures do not depend on the machine
    "mathtext.fontset": "stix",
    "font.size": 9,
    "axes.labelsize": 9,
    "axes.titlesize": 9,
    "legend.fontsize": 8,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "axes.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "lines.linewidth": 1.4,
    "lines.markersize": 4,
    "legend.frameon": False,
    "legend.handlelength": 2.6,
    "pdf.fonttype": 42,  # TrueType: text stays text, and journals accept it
}


@dataclass(frozen=True)
class MethodStyle:
    """How one method is drawn: in colour, and told apart in grey by line and marker."""

    color: str
    linestyle: str
    marker: str

    @property
    def line(self) -> dict[str, str]:
        """Keyword arguments for `Axes.plot` of a curve without markers."""
        return {"color": self.color, "linestyle": self.linestyle}

    @property
    def marked_line(self) -> dict[str, str]:
        """Keyword arguments for `Axes.plot` of a curve with markers."""
        return self.line | {"marker": self.marker}

    @property
    def printed(self) -> dict[str, str | float]:
        """Keyword arguments for `Axes.plot` of numbers that a document prints."""
        hollow = {"markerfacecolor": "white", "markeredgecolor": self.color, "markersize": 9}
        return {"linestyle": "none", "marker": "*", "zorder": 3, **hollow}


def method_styles(methods: Iterable[str]) -> dict[str, MethodStyle]:
    """The look of each method of a figure: that of its place, or the first that is left.

    Args:
        methods: All methods of the figure, in the configuration's order.
    """
    methods = list(methods)
    taken = {PLACES[method]: method for method in reversed(methods) if method in PLACES}
    left = (place for place in count() if place not in taken)
    fixed = {method: place for place, method in taken.items()}
    return {method: _look(fixed[method] if method in fixed else next(left)) for method in methods}


def _look(place: int) -> MethodStyle:
    looks = COLOURS, LINESTYLES, MARKERS
    return MethodStyle(*(each[place % len(each)] for each in looks))


@contextmanager
def pdf_figure(path: Path, width: float, height: float) -> Iterator[Figure]:
    """A figure in the study's style that is saved when the body ends without an error.

    Equal drawings give equal bytes: the file carries no time.

    Args:
        path: Target of the vector PDF, written atomically.
        width: In inches.
        height: In inches.

    Raises:
        OSError: The file cannot be written.
    """
    options = {"format": "pdf", "metadata": {"CreationDate": None}}
    with _saved_figure(path, width, height, options) as figure:
        yield figure


@contextmanager
def png_figure(path: Path, width: float, height: float) -> Iterator[Figure]:
    """As `pdf_figure`, for pages that cannot show a PDF: an image of 200 pixels per inch."""
    with _saved_figure(path, width, height, {"format": "png", "dpi": 200}) as figure:
        yield figure


@contextmanager
def _saved_figure(path: Path, width: float, height: float, options: dict) -> Iterator[Figure]:
    # A matplotlibrc of the user's has no say.
    with style.context(STYLE, after_reset=True):
        figure = Figure(figsize=(width, height), layout="constrained")
        yield figure
        with atomic_write(path) as temporary:
            figure.savefig(temporary, **options)


def use_in_notebook() -> None:
    """Draw every further figure of a notebook in the study's style, larger than on paper."""
    matplotlib.rcdefaults()
    matplotlib.rcParams.update(STYLE)
    matplotlib.rcParams.update(
        {
            "figure.figsize": (TEXT_WIDTH, 2.6),
            "figure.dpi": 110,
            "figure.constrained_layout.use": True,
        }
    )


def set_log_scale(axes: Axes, direction: Literal["x", "y"] = "y") -> None:
    """Logarithmic axis whose ticks read as plain decimals, closer where it spans less."""
    axes.set(**{f"{direction}scale": "log"})
    axes.autoscale_view()
    axis = axes.xaxis if direction == "x" else axes.yaxis
    low, high = axis.get_view_interval()
    decades = np.log10(high / low)
    steps = (1, 1.5, 2, 3, 4, 5, 6, 8) if decades < 0.7 else (1, 2, 5) if decades < 2.2 else (1,)
    axis.set_major_locator(LogLocator(subs=steps))
    axis.set_major_formatter(FormatStrFormatter("%g"))
    axis.set_minor_locator(NullLocator())


def draw_sweep(
    axes: Axes, sweep: pd.DataFrame, looks: Mapping[str, MethodStyle]
) -> dict[str, Line2D]:
    """Draw means over replicates against the level, with their intervals and every replicate.

    Args:
        axes: Where to draw.
        sweep: Columns method, level, replicate, measure, value.
        looks: Style of each method to draw, if the sweep has it.

    Returns:
        The line of the mean of each method that was drawn.
    """
    sweep = sweep[sweep["method"].isin(list(looks))]
    summary = intervals(sweep, ["method", "level"])
    lines = {}
    for method, look in looks.items():
        own, mean = (frame[frame["method"] == method] for frame in (sweep, summary))
        if mean.empty:
            continue
        for _, one in own.groupby("replicate"):
            axes.plot(one["level"], one["value"], color=look.color, linewidth=0.4, alpha=FAINT)
        band = {"color": look.color, "alpha": BAND, "linewidth": 0}
        axes.fill_between(mean["level"], mean["low"], mean["high"], **band)
        (lines[method],) = axes.plot(mean["level"], mean["mean"], **look.marked_line)
    return lines


def draw_history(axes: Axes, history: pd.DataFrame, look: MethodStyle) -> Line2D:
    """Draw a training curve as a sweep over epochs, at most `MOST_POINTS` of them.

    Args:
        axes: Where to draw.
        history: Columns epoch, replicate, measure, value.
        look: Style of the method.

    Returns:
        The line of the mean.
    """
    epochs = np.unique(history["epoch"])
    places = np.linspace(0, len(epochs) - 1, min(len(epochs), MOST_POINTS)).round().astype(int)
    shown = history[history["epoch"].isin(epochs[places])]
    sweep = shown.rename(columns={"epoch": "level"}).assign(method="own")
    line = draw_sweep(axes, sweep, {"own": look})["own"]
    if len(line.get_xdata()) > MOST_MARKERS:
        line.set_marker("")
    return line


def label_curves(axes: Axes, curves: Mapping[str, Line2D]) -> None:
    """Name each curve right of its last point or, where names would collide, in a legend.

    Args:
        axes: With its final limits.
        curves: Label to the drawn curve.
    """
    names = {label: textwrap.fill(label, width=13) for label in curves}
    ends = {label: (line.get_xdata()[-1], line.get_ydata()[-1]) for label, line in curves.items()}
    axes.figure.draw_without_rendering()
    heights = sorted(axes.transData.transform(end)[1] for end in ends.values())
    lines = max(name.count("\n") + 1 for name in names.values())
    needed = lines * 1.25 * STYLE["legend.fontsize"] / 72 * axes.figure.dpi
    if len(heights) > 1 and np.diff(heights).min() < needed:
        axes.legend(curves.values(), curves.keys())
        return
    for label, end in ends.items():
        axes.annotate(
            names[label],
            end,
            xytext=(5, 0),
            textcoords="offset points",
            va="center",
            fontsize=STYLE["legend.fontsize"],
            annotation_clip=False,
        )


def legend_below(figure: Figure, entries: Mapping[str, Artist]) -> None:
    """One legend for all panels, below them, in as few rows as the figure's width allows.

    Args:
        figure: With panels.
        entries: Label to what it explains.
    """
    for rows in range(1, len(entries) + 1):
        columns = math.ceil(len(entries) / rows)
        place = {"loc": "outside lower center", "ncols": columns}
        legend = figure.legend(entries.values(), entries.keys(), **place)
        if columns == 1 or legend.get_window_extent().width <= figure.bbox.width:
            return
        legend.remove()
