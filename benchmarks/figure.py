"""Draws the benchmark: the ratios, and what a replicate costs when more are stacked."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import FormatStrFormatter, NullLocator

from gradloss.figures import style
from gradloss.paper.benchmark import PEER, STACKED, label_of, of_trainings

LOOKS = style.method_styles(["engine", PEER])
LOOK = LOOKS["engine"]


def draw_points(
    axes: Axes, rows: pd.DataFrame, places: np.ndarray, look: style.MethodStyle, label: str
) -> None:
    """A point per row with a whisker from the least to the largest ratio.

    Args:
        axes: To draw on.
        rows: Of the benchmark's table.
        places: Of the rows on the vertical axis, [rows].
        look: Of points and whiskers.
        label: For a legend.
    """
    ratios = rows["ratio"]
    whiskers = [ratios - rows["ratio_min"], rows["ratio_max"] - ratios]
    axes.errorbar(
        ratios,
        places,
        xerr=whiskers,
        fmt=look.marker,
        color=look.color,
        capsize=2,
        elinewidth=0.8,
        label=label,
    )
    for place, ratio in zip(places, ratios, strict=True):
        axes.annotate(
            f"{ratio:.2g}",
            (ratio, place),
            xytext=(0, 4),
            textcoords="offset points",
            ha="center",
            fontsize=style.STYLE["legend.fontsize"],
        )


def draw_ratios(
    axes: Axes, rows: pd.DataFrame, peers: pd.DataFrame, labels: Mapping[str, str]
) -> None:
    """The ratios of the documents' loops, and a little below them those of the peer.

    Args:
        axes: To draw on.
        rows: Of the benchmark's table, those that compare the loops with the engine.
        peers: Those that compare a peer with the engine; there may be none.
        labels: Of datasets and methods.
    """
    places = np.arange(len(rows))[::-1]
    draw_points(axes, rows, places, LOOK, "documents' loop")
    if len(peers):
        place_of = dict(zip(rows["work"] + " " + rows["method"], places, strict=True))
        below = peers["method"].map(place_of).to_numpy() - 0.4
        draw_points(axes, peers, below, LOOKS[PEER], f"{PEER}, per step")
        axes.legend(loc="lower right")
    names = [
        f"{label_of(work, labels)}, {label_of(method, labels)}"
        for work, method in zip(rows["work"], rows["method"], strict=True)
    ]
    axes.set_yticks(places, names)
    axes.set_ylim(-0.6, len(rows) - 0.2)
    axes.set_xscale("log")
    axes.axvline(1, color=style.GREY, linewidth=0.8)
    drawn = pd.concat([rows, peers])
    low, high = min(1.0, drawn["ratio_min"].min()), max(1.0, drawn["ratio_max"].max())
    set_plain_ticks(axes.xaxis, [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100], low, high)
    other = "other" if len(peers) else "documents'"
    axes.set_xlabel(f"time of the {other} loop / time of the engine")


def draw_stacking(axes: Axes, rows: pd.DataFrame, label: str) -> None:
    """Milliseconds per step of one replicate against stacked replicates, both logarithmic."""
    stacked = [int(method.rpartition(" ")[2]) for method in rows["method"]]
    axes.plot(stacked, 1000 * rows["ours_s"], **LOOK.marked_line)
    axes.set_xscale("log")
    set_plain_ticks(axes.xaxis, stacked, min(stacked), max(stacked))
    style.set_log_scale(axes)
    axes.set_xlabel("replicates stacked in one process")
    axes.set_ylabel("ms per step of one replicate")
    axes.set_title(label)


def set_plain_ticks(axis: Axis, ticks: Sequence[float], low: float, high: float) -> None:
    """Plain numbers as the ticks of a logarithmic axis, those that just enclose low to high."""
    first = max((tick for tick in ticks if tick <= low), default=ticks[0])
    last = min((tick for tick in ticks if tick >= high), default=ticks[-1])
    axis.set_ticks([tick for tick in ticks if first <= tick <= last])
    axis.set_major_formatter(FormatStrFormatter("%g"))
    axis.set_minor_locator(NullLocator())


def draw(path: Path, table: pd.DataFrame, labels: Mapping[str, str]) -> None:
    """Draw and save the benchmark's figure.

    Args:
        path: Target of the vector PDF.
        table: Columns `gradloss.paper.benchmark.COLUMNS`.
        labels: Of datasets and methods.
    """
    with style.pdf_figure(path, style.TEXT_WIDTH, 3.2) as figure:
        left, right = figure.subplots(1, 2, width_ratios=[1.2, 1])
        draw_ratios(left, of_trainings(table), table[table["work"] == PEER], labels)
        title = f"{label_of('boston', labels)}, {label_of('gradient', labels)}"
        draw_stacking(right, table[table["work"] == STACKED], title)
