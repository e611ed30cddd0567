"""The tables of the paper as HTML pages: for the few commands of LaTeX that the tables use."""

import html
import re

from gradloss.support import letters
from gradloss.support.errors import UserError

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>{title}</title>
<style>
body {{ font: 15px/1.45 Georgia, serif; margin: 1.5em; }}
table {{ border-collapse: collapse; border-block: 1.5px solid; }}
thead tr:last-child > * {{ border-bottom: 1px solid; }}
th, td {{ padding: .15em .6em; text-align: left; vertical-align: top; font-weight: normal; }}
tbody + tbody tr:first-child > * {{ padding-top: .7em; }}
.r {{ text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }}
.c {{ text-align: center; }}
small {{ color: #555; }}
sub, sup {{ line-height: 0; }}
</style>
{body}
</html>
"""

OPENING = re.compile(r"^\\begin\{\w+\}(?:\{\\linewidth\})?\{(.*)\}$", re.MULTILINE)
MULTICOLUMN = re.compile(r"\\multicolumn\{(\d+)\}\{(.*?[lcr])(?:@\{\})?\}\{(.*)\}$")
# What stands between the rows, and which kind of rows follows.
LINES = {r"\toprule": "thead", r"\midrule": "tbody", r"\addlinespace": "tbody"}

SIGNS = {
    **{name: sign for sign, name in letters.SIGNS.items()},
    **{"infty": "∞", "dagger": "†", "lVert": "‖", "rVert": "‖"},
    **{"textless": "&lt;", "textgreater": "&gt;"},
    **{"textbar": "|", "textbackslash": "\\", "textasciitilde": "~", "textasciicircum": "^"},
    **{"newline": "<br>", "par": "<br>", "allowbreak": "<wbr>", "\\": "<br>"},
    ",": "\u2009",  # a thin space
    **{character: html.escape(character) for character in "&%$#_{}"},
}
SWITCHES = {"scriptsize": "small", "itshape": "i", "ttfamily": "code"}  # until a group or cell ends
ELEMENTS = {"texttt": "code", "textbf": "b", "textsuperscript": "sup", "citep": "cite"}
SCRIPTS = {"_": "sub", "^": "sup"}
UNSEEN = {"begin": 2, "end": 1, "rule": 2}  # with the number of arguments


def table_page(tex: str, title: str) -> str:
    """A page of HTML with one table.

    Args:
        tex: Of `latex.booktabs`, or a sentence in its place.
        title: Of the page.

    Raises:
        UserError: The table uses LaTeX that is unknown here.
    """
    opening = OPENING.search(tex)
    if opening is None:
        return PAGE.format(title=html.escape(title), body=f"<p>{inline(tex)}</p>")
    columns = re.findall("[lcrpX]", re.sub(r"[@>]\{[^{}]*\}|(?<=p)\{[^{}]*\}", "", opening[1]))
    parts: list[tuple[str, list[str]]] = []
    for line in tex[opening.end() :].splitlines():
        if line in LINES:
            parts.append((LINES[line], []))
        elif line.endswith(r" \\"):
            parts[-1][1].append(_row(line.removesuffix(r" \\"), columns, parts[-1][0]))
    body = "\n".join(f"<{kind}>\n" + "\n".join(rows) + f"\n</{kind}>" for kind, rows in parts)
    return PAGE.format(title=html.escape(title), body=f"<table>\n{body}\n</table>")


def _row(line: str, columns: list[str], kind: str) -> str:
    cells, column, element = [], 0, "th" if kind == "thead" else "td"
    for text in line.split(" & "):
        span, alignment = 1, columns[column]
        if merged := MULTICOLUMN.match(text):
            span, alignment, text = int(merged[1]), merged[2][-1], merged[3]
        attributes = f' class="{alignment}"' if alignment in "cr" else ""
        attributes += f' colspan="{span}"' if span > 1 else ""
        cells.append(f"<{element}{attributes}>{inline(text)}</{element}>")
        column += span
    return f"<tr>{''.join(cells)}</tr>"


def inline(tex: str) -> str:
    """HTML of a cell's LaTeX, an interval on one line with its mean.

    Raises:
        UserError: A command is unknown; the message names it.
    """
    text = _Cell(tex).group().strip().replace("--", "–")
    return re.sub(r"(?<=\d) (?=\[)|(?<=\d,) (?=−?\d)", "\u00a0", text)


class _Cell:
    """A reader of LaTeX from left to right."""

    def __init__(self, tex: str) -> None:
        self._tokens = re.findall(r"\\[A-Za-z]+ *|\\.|.", tex)
        self._math = False

    def group(self) -> str:
        """HTML up to the closing brace, which is taken too, or to the end."""
        text = self._until("}")
        del self._tokens[:1]
        return text

    def _until(self, *ends: str) -> str:
        pieces = []
        while self._tokens and self._tokens[0].rstrip() not in ends:
            pieces.append(self._piece(self._tokens.pop(0)))
        return "".join(pieces)

    def _piece(self, token: str) -> str:
        if token.startswith("\\"):
            return self._command(token[1:].rstrip())
        if token == "$":
            self._math = not self._math
            return ""
        if token == "{":
            return self.group()
        return self._symbol(token) if self._math else html.escape(token)

    def _symbol(self, token: str) -> str:
        if token in SCRIPTS:
            return f"<{SCRIPTS[token]}>{self._argument()}</{SCRIPTS[token]}>"
        if token in "=<>":
            return f" {html.escape(token)} "
        return f"<i>{token}</i>" if token.isalpha() else token.replace("-", "−").strip()

    def _command(self, name: str) -> str:
        if name in SWITCHES:
            rest = self._until("}", r"\\", r"\end")
            return f"<{SWITCHES[name]}>{rest}</{SWITCHES[name]}>"
        if name in ELEMENTS:
            return f"<{ELEMENTS[name]}>{self._argument()}</{ELEMENTS[name]}>"
        if name == "mathrm":
            self._math = False
            upright, self._math = self._argument(), True
            return upright
        if name == "num":
            return _power_of_ten(self._argument())
        if name not in SIGNS and name not in UNSEEN:
            raise UserError(f"\\{name} is unknown to gradloss.tables.html; add it there")
        if name in SIGNS and name != "\\":
            return SIGNS[name]
        self._skip_option()
        for _ in range(UNSEEN.get(name, 0)):
            self._argument()
            self._skip_option()
        return SIGNS.get(name, "")

    def _argument(self) -> str:
        token = self._tokens.pop(0)
        return self.group() if token == "{" else self._piece(token)

    def _skip_option(self) -> None:
        if self._tokens[:1] == ["["]:
            del self._tokens[: self._tokens.index("]") + 1]


def _power_of_ten(number: str) -> str:
    mantissa, _, exponent = number.partition("e")
    power = f"<sup>{int(exponent)}</sup>".replace("-", "−")
    return f"{mantissa}\u00a0×\u00a010{power}"
