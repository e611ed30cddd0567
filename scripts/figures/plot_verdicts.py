"""Plot every number that a document prints against the prediction interval of one further run."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from gradloss.analysis.claims import CLAIMS, by_claim
from gradloss.analysis.verdicts import SHARP
from gradloss.analysis.words import VERDICTS
from gradloss.figures import style
from gradloss.support.command import run
from gradloss.support.product_options import parse_options

LIMIT = 300  # per cent; a bar that goes beyond ends in an arrow
TICKS = [-300, -100, -30, -10, 0, 10, 30, 100, 300]
BAR = "#AAAAAA"
MARKERS = dict(zip(VERDICTS, "ooX|", strict=True))


def deviations(claims: pd.DataFrame) -> pd.DataFrame:
    """Findings as deviations from the reported numbers, in per cent of their size.

    Args:
        claims: Rows of claims.csv about numbers, the documents' numbers as text.

    Returns:
        Columns document, claim, verdict, mean, low, high; what was not computed is left out.
    """
    known = claims.dropna(subset="pi_low")
    found = {"mean": "replicated", "low": "pi_low", "high": "pi_high"}
    relative = {
        name: 100 * (known[column] - known["reported"]) / known["reported"].abs()
        for name, column in found.items()
    }
    return known[["document", "claim", "verdict"]].assign(**relative)


def place_rows(axes: Axes, labels: pd.Series, groups: pd.Series) -> pd.Series:
    """Places of the rows from the top, with a gap between groups, and labels at their middles."""
    places = groups.ne(groups.shift()).cumsum() + np.arange(len(groups))
    middles = places.groupby(labels, sort=False).mean()
    axes.set_yticks(middles, middles.index, fontsize=7)
    axes.set_ylim(len(groups) + groups.nunique() + 0.5, 0)
    return places


def draw_rows(axes: Axes, rows: pd.DataFrame, places: pd.Series, thickness: float) -> None:
    """Draw each interval as a bar, with a mark at our mean.

    Args:
        axes: Where to draw.
        rows: As `deviations` gives them.
        places: Of the rows.
        thickness: Of a bar, in points.
    """
    share = 100 * SHARP
    axes.axvspan(-share, share, color="#EEEEEE", zorder=0)
    axes.axvline(0, color="black", linewidth=0.8, zorder=1)
    ends = rows[["low", "high"]].clip(-LIMIT, LIMIT)
    axes.hlines(places, ends["low"], ends["high"], color=BAR, linewidth=thickness, zorder=2)
    arrow = {"linestyle": "none", "color": "#555555", "markersize": 3, "clip_on": False}
    for end, marker in ((-LIMIT, "<"), (LIMIT, ">")):
        cut = (ends == end).any(axis=1)
        if cut.any():  # an empty line that is not clipped would upset the layout
            axes.plot([end] * cut.sum(), places[cut], marker=marker, **arrow)
    for verdict, own in rows.groupby("verdict"):
        look = mark_of(verdict) | {"markersize": 0.6 * thickness + 1.2}
        axes.plot(own["mean"].clip(-LIMIT, LIMIT), places[own.index], **look)


def mark_of(verdict: str) -> dict:
    """Keyword arguments for `Axes.plot` of the means with a verdict."""
    color = style.COLOURS[1] if verdict == "not reproduced" else "black"
    face = "white" if verdict == "compatible" else color
    look = {"linestyle": "none", "marker": MARKERS[verdict], "color": color, "zorder": 3}
    return look | {"markerfacecolor": face, "markeredgewidth": 0.7}


def draw(figure: Figure, rows: pd.DataFrame, curves: pd.DataFrame) -> None:
    """Draw the panels of single numbers and of training curves.

    Args:
        figure: An empty figure.
        rows: Of single numbers, as `deviations` gives them.
        curves: Of points of training curves, likewise.
    """
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[3, 2])
    labels = rows["document"] + ": " + rows["claim"]
    draw_rows(upper, rows, place_rows(upper, labels, rows["document"]), thickness=4)
    series = curves["document"] + ": " + curves["claim"].str.replace(r"\d+$", "…", regex=True)
    draw_rows(lower, curves, place_rows(lower, series, series), thickness=0.8)
    for axes in (upper, lower):
        axes.tick_params("y", length=0)
        axes.spines["left"].set_visible(False)
    lower.set_xscale("symlog", linthresh=100 * SHARP, linscale=1.5)
    lower.set_xlim(-LIMIT, LIMIT)
    lower.set_xticks(TICKS, [f"{tick:+d}".replace("-", "−") if tick else "0" for tick in TICKS])
    lower.set_xlabel("deviation from the reported number (%)")
    handles = [Line2D([], [], **mark_of(name), markersize=4, label=name) for name in VERDICTS]
    handles.append(Line2D([], [], color=BAR, linewidth=4, label="one further run"))
    figure.legend(handles=handles, loc="outside upper center", ncols=len(handles))


def main() -> None:
    """Read the command line, draw and save."""
    arguments = parse_options(__doc__, "claims", "output")
    claims = by_claim(
        pd.read_csv(arguments.claims, dtype={"document": str}), list(CLAIMS), arguments.claims
    )
    numbers = [claim for claim in CLAIMS if claim.rule == "number" and not claim.derived]
    rows, curves = (
        deviations(claims.loc[[claim.id for claim in numbers if claim.is_on_curve == on_curve]])
        for on_curve in (False, True)
    )
    with style.pdf_figure(arguments.output, style.TEXT_WIDTH, 8.4) as figure:
        draw(figure, rows, curves)


if __name__ == "__main__":
    run(main)
