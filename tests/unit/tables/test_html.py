"""Tables as pages: what the LaTeX of a cell becomes, and how cells align and span."""

import re

import pytest

from gradloss.analysis.statistics import Interval
from gradloss.support.errors import UserError
from gradloss.tables.html import inline, table_page
from gradloss.tables.latex import (
    RAGGED,
    booktabs,
    decimal,
    escape,
    p_value,
    scientific,
    stacked,
    title,
    two_lines,
    with_interval,
)


@pytest.mark.parametrize(
    ("tex", "expected"),
    [
        ("0.5", "0.5"),
        ("--", "–"),
        (decimal(-0.25, 2), "−0.25"),
        (scientific(1.2e-5), "1.20\u00a0×\u00a010<sup>−5</sup>"),
        (
            with_interval(Interval(2e-5, 1e-5, 3e-5, 2), scientific),
            "(2.00\u00a0[1.00,\u00a03.00])×10<sup>−5</sup>",
        ),
        (p_value(1e-4), "&lt; 0.001"),
        (
            stacked(Interval(0.5, 0.25, 0.75, 2), decimal),
            "0.5000<br><small>[0.2500,\u00a00.7500]</small>",
        ),
        (r"{\scriptsize [0, 1]} rest", "<small>[0,\u00a01]</small> rest"),
        (r"\scriptsize a\par b\newline c", "<small>a<br>b<br>c</small>"),
        (
            two_lines(r"\ttfamily\scriptsize ab", r"\ttfamily\scriptsize cd"),
            "<code><small>ab</small></code><br><code><small>cd</small></code>",
        ),
        (r"boston/\allowbreak{}mse", "boston/<wbr>mse"),
        (r"$\sigma = 0.1$", "σ = 0.1"),
        (r"$P(A > B)$", "<i>P</i>(<i>A</i> &gt; <i>B</i>)"),
        (r"$W_1$", "<i>W</i><sub>1</sub>"),
        (r"$\ell_\infty$", "ℓ<sub>∞</sub>"),
        (r"$\lVert J\rVert_{\mathrm{F}}$", "‖<i>J</i>‖<sub>F</sub>"),
        (r"95\,\%", "95\u2009%"),
        (r"\texttt{a1} \citep{leino2021}", "<code>a1</code> <cite>leino2021</cite>"),
    ],
)
def test_cells(tex: str, expected: str):
    assert inline(tex) == expected


def test_escaped_text_comes_back_as_it_was():
    text = "a_b & c% $5 #1 {x} ~ ^ \\ < > | ≥ ≤ ≈ ± × − σ α λ ε ℓ ∂"
    assert re.sub("</?(i|sup)>", "", inline(escape(text))) == (
        text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    )


def test_every_column_keeps_its_alignment_and_every_group_its_space():
    columns = rf"{{longtable}}{{@{{}}l{RAGGED}p{{1.5in}}rc@{{}}}}"
    groups = [[["a", "b", "1", "x"]], [[title("merged", 3), "y"]]]
    page = table_page(booktabs(columns, ["one", "two", "three", "four"], groups, ""), "of <two>")
    assert "<title>of &lt;two&gt;</title>" in page
    assert "".join(page[page.index("<table>") : page.index("</html>")].split("\n")) == (
        '<table><thead><tr><th>one</th><th>two</th><th class="r">three</th>'
        '<th class="c">four</th></tr></thead>'
        '<tbody><tr><td>a</td><td>b</td><td class="r">1</td><td class="c">x</td></tr></tbody>'
        '<tbody><tr><td colspan="3"><i>merged</i></td><td class="c">y</td></tr></tbody></table>'
    )


def test_a_table_without_rows_says_so():
    page = table_page(booktabs("{tabular}{lr}", ["a", "b"], [], ""), "empty")
    assert "<i>not computed</i>" in page


def test_a_sentence_in_the_place_of_a_table_is_a_paragraph():
    assert "<p>Not measured.</p>" in table_page("Not measured.\n", "cost")


def test_unknown_latex_is_refused_by_name():
    with pytest.raises(
        UserError, match=r"^\\underline is unknown to gradloss.tables.html; add it there$"
    ):
        inline(r"\underline{a}")
