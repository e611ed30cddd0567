"""LaTeX text, numbers and booktabs tables."""

import math
from collections.abc import Callable, Sequence
from pathlib import Path

from gradloss.analysis.statistics import Interval
from gradloss.support.files import atomic_write
from gradloss.support.letters import SIGNS

MISSING = "--"
RAGGED = r">{\raggedright\arraybackslash}"  # before a column p{...}
STRUT = r"\rule[-4.5pt]{0pt}{0pt}"  # parts a cell of several lines from the next row

_ESCAPES = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "−": r"$-$",
    "²": r"$^2$",
}
_ESCAPES |= {character: f"\\{character}" for character in "&%$#_{}"}
_ESCAPES |= {sign: rf"$\{name}$" for sign, name in SIGNS.items()}

Row = Sequence[str]
Format = Callable[[float], str]


def escape(text: str) -> str:
    """Text with the characters that LaTeX treats specially, and common signs, made printable."""
    return "".join(_ESCAPES.get(character, character) for character in str(text))


def decimal(value: float, digits: int = 4) -> str:
    """A number with fixed decimals, and a true minus sign; `MISSING` for NaN."""
    if not math.isfinite(value):
        return _not_finite(value)
    text = f"{value:.{digits}f}"
    if float(text) == 0:
        return text.removeprefix("-")
    return f"${text}$" if value < 0 else text


def three_decimals(value: float) -> str:
    """An accuracy on a part of the test set."""
    return decimal(value, 3)


def two_decimals(value: float) -> str:
    """A ratio or a probability."""
    return decimal(value, 2)


def p_value(value: float) -> str:
    """A p value with four decimals; `MISSING` for NaN."""
    return r"$<0.001$" if value < 0.001 else decimal(value)


def scientific(value: float) -> str:
    r"""A number with three significant digits as siunitx's ``\num``; `MISSING` for NaN."""
    if not math.isfinite(value):
        return _not_finite(value)
    return "0" if value == 0 else rf"\num{{{value:.2e}}}"


def form_of(*values: float) -> Format:
    """`decimal`, or `scientific` if four decimals were too few or too many for the largest."""
    largest = max((abs(value) for value in values if math.isfinite(value)), default=0.0)
    return decimal if 1e-3 <= largest < 1e5 else scientific


def with_interval(interval: Interval, form: Format) -> str:
    """``mean [low, high]``, or the mean alone where there is no interval.

    In the scientific format the three numbers share the mean's power of ten.
    """
    if math.isnan(interval.low):
        return form(interval.mean)
    values = interval.mean, interval.low, interval.high
    if form is scientific and any(values):
        power = int(f"{interval.mean or max(map(abs, values)):e}".split("e")[1])
        mean, low, high = (two_decimals(value / 10.0**power) for value in values)
        return f"({mean} [{low}, {high}])${{}}\\times 10^{{{power}}}$"
    return f"{form(interval.mean)} {brackets(interval.low, interval.high, form)}"


def brackets(low: float, high: float, form: Format) -> str:
    """``[low, high]``, or nothing where there is no interval."""
    return "" if math.isnan(low) else f"[{form(low)}, {form(high)}]"


def stacked(interval: Interval, form: Format) -> str:
    """A cell with the mean and, small and below it, the interval where there is one."""
    bounds = brackets(interval.low, interval.high, form)
    mean = form(interval.mean)
    return two_lines(mean, rf"\scriptsize {bounds}") if bounds else mean


def two_lines(first: str, second: str) -> str:
    """A cell of two lines, the first of which is level with the other cells of its row."""
    return rf"\begin{{tabular}}[t]{{@{{}}r@{{}}}}{first}\\[-2pt]{second}{STRUT}\end{{tabular}}"


def title(text: str, columns: int = 1) -> str:
    """A cell, over several columns, that names a group of rows."""
    return rf"\multicolumn{{{columns}}}{{@{{}}l}}{{\itshape {text}}}"


def booktabs(columns: str, header: Row, groups: Sequence[Sequence[Row]], size: str) -> str:
    r"""A complete table between booktabs rules.

    Args:
        columns: What opens the table, such as ``{tabular}{lrr}``.
        header: Cells, as LaTeX.
        groups: Rows of cells, as LaTeX; a little space parts the groups. Without any row the
            table says that nothing was computed.
        size: Command such as ``\small`` for the font.

    Returns:
        LaTeX text, without a float. A longtable repeats its header on each page.
    """
    environment = columns[1 : columns.index("}")]
    head = [r"\toprule", _line(header), r"\midrule"]
    head += [r"\endhead", r"\bottomrule", r"\endfoot"] if environment == "longtable" else []
    blocks = ["\n".join(map(_line, group)) for group in groups if group]
    body = "\n\\addlinespace\n".join(blocks) or _line([title("not computed")])
    foot = [] if environment == "longtable" else [r"\bottomrule"]
    begin = [rf"\begingroup{size}\setlength{{\tabcolsep}}{{4pt}}%", rf"\begin{columns}"]
    end = [rf"\end{{{environment}}}%", r"\endgroup"]
    return "\n".join([*begin, *head, body, *foot, *end]) + "\n"


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text atomically.

    Raises:
        OSError: The file cannot be written.
    """
    with atomic_write(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _not_finite(value: float) -> str:
    return MISSING if math.isnan(value) else r"$\infty$" if value > 0 else r"$-\infty$"


def _line(cells: Row) -> str:
    return " & ".join(cells) + r" \\"
