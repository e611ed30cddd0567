"""LaTeX text, numbers and tables."""

import math

import pytest

from gradloss.analysis.statistics import Interval
from gradloss.tables import latex


def test_escape_keeps_every_special_character_printable():
    assert latex.escape("a_b & 50% of $3 #1 {x}") == r"a\_b \& 50\% of \$3 \#1 \{x\}"
    assert latex.escape("\\~^") == r"\textbackslash{}\textasciitilde{}\textasciicircum{}"
    assert latex.escape("σ ≥ −1") == r"$\sigma$ $\geq$ $-$1"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.97854, "0.9785"),
        (-0.71805906, "$-0.7181$"),
        (-0.00001, "0.0000"),
        (0.0, "0.0000"),
        (math.nan, latex.MISSING),
    ],
)
def test_decimal(value, text):
    assert latex.decimal(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(2.922454e-05, r"\num{2.92e-05}"), (0.0, "0"), (math.nan, latex.MISSING)],
)
def test_scientific(value, text):
    assert latex.scientific(value) == text


def test_form_follows_the_largest_magnitude():
    assert latex.form_of(0.0004, -0.005, 0.003) is latex.decimal
    assert latex.form_of(2e-5, math.nan, math.nan) is latex.scientific
    assert latex.form_of(3e8) is latex.scientific


def test_interval_follows_the_mean_unless_there_is_none():
    assert latex.with_interval(Interval(0.5, 0.25, 0.75, 9), latex.decimal) == (
        "0.5000 [0.2500, 0.7500]"
    )
    assert latex.with_interval(Interval(0.5, math.nan, math.nan, 1), latex.decimal) == "0.5000"


@pytest.mark.parametrize(
    ("mean", "low", "high", "text"),
    [
        (1.469e-5, 1.177e-5, 1.777e-5, r"(1.47 [1.18, 1.78])${}\times 10^{-5}$"),
        (9.6e-5, 9.1e-5, 1.01e-4, r"(9.60 [9.10, 10.10])${}\times 10^{-5}$"),
        (-2e6, -3e6, 0.0, r"($-2.00$ [$-3.00$, 0.00])${}\times 10^{6}$"),
        (0.0, -2e-4, 1e-4, r"(0.00 [$-2.00$, 1.00])${}\times 10^{-4}$"),
        (0.0, 0.0, 0.0, "0 [0, 0]"),
        (2e-5, math.nan, math.nan, r"\num{2.00e-05}"),
    ],
)
def test_scientific_interval_has_one_power_of_ten(mean, low, high, text):
    assert latex.with_interval(Interval(mean, low, high, 9), latex.scientific) == text


def test_booktabs_parts_groups_and_ends_every_row():
    table = latex.booktabs("{tabular}{lr}", ["a", "b"], [[["1", "2"]], [["3", "4"]]], r"\small")
    assert table.splitlines() == [
        r"\begingroup\small\setlength{\tabcolsep}{4pt}%",
        r"\begin{tabular}{lr}",
        r"\toprule",
        r"a & b \\",
        r"\midrule",
        r"1 & 2 \\",
        r"\addlinespace",
        r"3 & 4 \\",
        r"\bottomrule",
        r"\end{tabular}%",
        r"\endgroup",
    ]


def test_longtable_repeats_its_header_and_closes_each_page():
    lines = latex.booktabs("{longtable}{l}", ["a"], [[["1"]]], r"\small").splitlines()
    assert lines[2:8] == [
        r"\toprule",
        r"a \\",
        r"\midrule",
        r"\endhead",
        r"\bottomrule",
        r"\endfoot",
    ]
    assert lines[-2:] == [r"\end{longtable}%", r"\endgroup"]


def test_text_is_written_as_utf8(tmp_path):
    latex.write_text(tmp_path / "tables" / "a.tex", "Björck\n")
    assert (tmp_path / "tables" / "a.tex").read_bytes() == "Björck\n".encode()
