"""The table of the benchmark of the engine, in Markdown for README."""

from collections.abc import Mapping, Sequence

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
PEER = "JAX"
HEADER = [
    "work",
    "method",
    "documents' loop (s)",
    "engine (s)",
    "ratio (min to max)",
    "peak memory (MB)",
    "share of matrix rate",
]


def of_trainings(table: pd.DataFrame) -> pd.DataFrame:
    """The rows that compare full trainings, those of the documents' loops with the engine's."""
    return table[~table["work"].isin([STEP, STACKED, PEER])]


def label_of(name: str, labels: Mapping[str, str]) -> str:
    """The configuration's labels in place of identifiers, also within a sum."""
    return " + ".join(labels.get(part, part) for part in name.split(" + "))


def markdown(table: pd.DataFrame, labels: Mapping[str, str]) -> str:
    """The table for a README.

    Args:
        table: Columns `COLUMNS`, and machine, in words and everywhere the same.
        labels: Of datasets and methods.
    """
    lines = [
        f"Measured on {table['machine'].iloc[0]}. Seconds per replicate of a full training; peak"
        " memory of one process of the engine.",
        "",
        _line(HEADER),
        _line(["---", "---", *["---:"] * (len(HEADER) - 2)]),
    ]
    for row in of_trainings(table).to_dict("records"):
        lines.append(_line([*_names(row, labels), *_cells(row)]))
    lines += ["", "Seconds per step of one replicate in the engine:", ""]
    lines += [_line(["work", "ms per step", "ratio (min to max)"]), _line(["---", "---:", "---:"])]
    for row in table[table["work"].isin([STEP, STACKED])].to_dict("records"):
        if row["work"] == STEP:
            name = f"{label_of(row['method'], labels)}: gradient step to plain MSE step"
        else:
            name = f"{label_of('boston', labels)}: {row['method']} stacked"
        lines.append(_line([name, _number(1000 * row["ours_s"]), _spread(row)]))
    peers = table[table["work"] == PEER].to_dict("records")
    return "\n".join([*lines, *(_peer_lines(peers, labels) if peers else [])]) + "\n"


def _peer_lines(rows: Sequence[Mapping], labels: Mapping[str, str]) -> list[str]:
    header = ["work", "method", f"{PEER} (ms)", "engine (ms)", "ratio (min to max)"]
    lines = ["", f"Milliseconds per step of one replicate in {PEER} and in the engine:", ""]
    lines += [_line(header), _line(["---", "---", *["---:"] * 3])]
    for row in rows:
        names = [label_of(name, labels) for name in row["method"].split()]
        times = [_number(1000 * row[key]) for key in ("theirs_s", "ours_s")]
        lines.append(_line([*names, *times, _spread(row)]))
    return lines


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
