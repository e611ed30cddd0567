"""From the seconds of every round to the table, in CSV and in Markdown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

COLUMNS = [
    "work",
    "method",
    "theirs_s",
    "ours_s",
    "ratio",
    "ratio_min",
    "ratio_max",
    "peak_mb",
    "share",
]
STEP = "step"
STACKED = "boston stacked"
HEADER = [
    "work",
    "method",
    "documents' loop (s)",
    "engine (s)",
    "ratio (min to max)",
    "peak memory (MB)",
    "share of matrix rate",
]


@dataclass(frozen=True)
class Samples:
    """What was measured of one kind of training.

    Attributes:
        theirs: Seconds of one replicate in the documents' loop, [rounds]; NaN if not measured.
        ours: Seconds that one replicate takes of the whole machine in the engine, [rounds].
        peak_mb: Peak memory of one process of the engine.
        operations: Counted floating-point operations of one replicate; NaN if not counted.
    """

    theirs: np.ndarray
    ours: np.ndarray
    peak_mb: float
    operations: float

    def __add__(self, other: "Samples") -> "Samples":
        """Both trainings, one after the other, round by round."""
        return Samples(
            self.theirs + other.theirs,
            self.ours + other.ours,
            max(self.peak_mb, other.peak_mb),
            self.operations + other.operations,
        )


def table_row(
    work: str,
    method: str,
    samples: Samples,
    machine_rate: float,
    ratios: np.ndarray | None = None,
) -> dict[str, str | float]:
    """A row of the table: medians over the rounds, and the spread of the ratio.

    Args:
        work: Name of the work.
        method: Name of the method.
        samples: Its measurements.
        machine_rate: Operations per second of a matrix product on the whole machine.
        ratios: Of each round; theirs to ours if not given.
    """
    if ratios is None:
        ratios = samples.theirs / samples.ours
    ours = float(np.median(samples.ours))
    values = (
        float(np.median(samples.theirs)),
        ours,
        float(np.median(ratios)),
        float(np.min(ratios)),
        float(np.max(ratios)),
        samples.peak_mb,
        samples.operations / ours / machine_rate,
    )
    return dict(zip(COLUMNS, (work, method, *values), strict=True))


def per_replicate(answers: Sequence[Mapping[str, float]], key: str, stacked: int) -> float:
    """Seconds per replicate of processes that ran together, until the last of them was done.

    Args:
        answers: Of all processes, in one round.
        key: Which seconds.
        stacked: Replicates of each process.
    """
    return max(answer[key] for answer in answers) / (len(answers) * stacked)


def label_of(name: str, labels: Mapping[str, str]) -> str:
    """The configuration's labels in place of identifiers, also within a sum."""
    return " + ".join(labels.get(part, part) for part in name.split(" + "))


def markdown(table: pd.DataFrame, machine: str, labels: Mapping[str, str]) -> str:
    """The table for a README.

    Args:
        table: Columns `COLUMNS`.
        machine: In words.
        labels: Of datasets and methods.
    """
    lines = [
        f"Measured on {machine}. Seconds per replicate of a full training; peak memory of one "
        "process of the engine.",
        "",
        _line(HEADER),
        _line(["---", "---", *["---:"] * (len(HEADER) - 2)]),
    ]
    for row in table[~table["work"].isin([STEP, STACKED])].to_dict("records"):
        lines.append(_line([*_names(row, labels), *_cells(row)]))
    lines += ["", "Seconds per step of one replicate in the engine:", ""]
    lines += [_line(["work", "ms per step", "ratio (min to max)"]), _line(["---", "---:", "---:"])]
    for row in table[table["work"].isin([STEP, STACKED])].to_dict("records"):
        if row["work"] == STEP:
            name = f"{label_of(row['method'], labels)}: gradient step to plain MSE step"
        else:
            name = f"{label_of('boston', labels)}: {row['method']} stacked"
        lines.append(_line([name, _number(1000 * row["ours_s"]), _spread(row)]))
    return "\n".join(lines) + "\n"


def _names(row: Mapping, labels: Mapping[str, str]) -> list[str]:
    return [label_of(row["work"], labels), label_of(row["method"], labels)]


def _cells(row: Mapping) -> list[str]:
    share = "" if np.isnan(row["share"]) else f"{row['share']:.0%}"
    seconds = [_number(row["theirs_s"]), _number(row["ours_s"])]
    return [*seconds, _spread(row), f"{row['peak_mb']:.0f}", share]


def _spread(row: Mapping) -> str:
    if np.isnan(row["ratio"]):
        return ""
    ends = f"{_number(row['ratio_min'])} to {_number(row['ratio_max'])}"
    return f"{_number(row['ratio'])} ({ends})"


def _number(value: float) -> str:
    """Three significant digits, and never an exponent."""
    digits = max(0, 2 - int(np.floor(np.log10(value))))
    return f"{value:.{digits}f}"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
