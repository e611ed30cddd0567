"""The text of the article holds no result, and refers to everything that it shows."""

import re
from pathlib import Path

import pytest
import yaml
from project import ROOT

from gradloss.paper.quotations import COMMANDS

TEXTS = sorted((ROOT / "paper").glob("**/*.tex"))
STYLE = (ROOT / "paper/gradloss.sty").read_text()
TRAINING = (
    ROOT / "scripts/tables/tabulate_appendix.py"
).read_text()  # writes figures with their captions

# Commands whose first argument is a name, a length or a key, but no text.
NAMING = [
    *COMMANDS,
    *("verdicts", "byverdict", "outcome", "outcomes", "reached"),
    *("label", "cref", "Cref", "citep", "citet"),
    *("input", "panel", "widepanel", "onefigure", "onetable", "longtablefile", "made"),
    *("vspace", "setlength", "usepackage", "documentclass", "begin", "end"),
]
NAMED = re.compile(rf"\\(?:{'|'.join(NAMING)})(?:\[[^\]]*\])*(?:\{{[^{{}}]*\}})(?:\[[^\]]*\])?")
GIVEN = re.compile(r"\\given\{((?:[^{}]|\{[^{}]*\})*)\}")
MATHS = re.compile(r"(?<!\\)\$.*?(?<!\\)\$|\\begin\{(equation|align)\}.*?\\end\{\1\}", re.DOTALL)
# Of three or more digits that count, as results have.
PRECISE = re.compile(r"(?<![\d.])(?=\d*\.\d)0*\.?0*[1-9](?:\.?\d){2,}")
WORDS = re.compile(
    r"\b1-Lipschitz\b|\b00[0-4]\b|SHA-256"
)  # that hold digits; P1 and the like have a letter
NUMERAL = re.compile(r"(?<![\w.])\d[\d.,]*")


def uncommented(text: str) -> str:
    return re.sub(r"(?<!\\)%.*", "", text)


def results_typed(text: str) -> list[str]:
    r"""Numerals of a LaTeX text that are neither keys, nor ``\given``, nor digits of a formula.

    A formula may have digits, of one place each. What is given has at most two that count, if it
    is a decimal.
    """
    text = uncommented(text)
    found = [number for number in GIVEN.findall(text) if PRECISE.search(number)]
    text = GIVEN.sub("", text)
    text = MATHS.sub(lambda match: re.sub(r"(?<![\d.])\d(?!\.?\d)", "", match[0]), text)
    text = WORDS.sub("", NAMED.sub("", text))
    return found + NUMERAL.findall(text)


@pytest.mark.parametrize(
    "text",
    [
        "an error of 0.0702",
        r"an accuracy of 97.8\,\%",
        r"an accuracy of 97\,\%",
        "of these 7 hold",
        "143 of the claims",
        "a ratio of $1.40$",
        r"$\sigma = 0.1$",
        r"an error of $-0.0301$",
        "twice as much [0.06, 0.07]",
        r"\result{mnist/gradient/accuracy@0.1} against 0.97",
        r"\byverdict{p1-mnist-beats}{it gains 0.01}{it loses}{who knows}",
        r"\onetable{sweep}{Means of 20 replicates.}",
        r"\given{0.0702}",
        r"\given{97.8}\,\%",
        r"\begin{equation} x = 0.25 \end{equation}",
        r"\num{2.75e-5}",
    ],
)
def test_typed_results_are_found(text: str):
    assert results_typed(text)


@pytest.mark.parametrize(
    "text",
    [
        "a 1-Lipschitz network of document 004, by P5",
        r"\result{mnist/gradient/accuracy@0.1} and \setting{methods.noise_01.noise_sigma}",
        r"intervals of \given{95}\,\% and $\epsilon = \given{10^{-7}}$, below \given{0.05}",
        r"the weight $n/m$ is $1/8$, and $\given{10/784}$",
        r"\begin{align} 4/n^3 &= x^2 \\ \frac{1}{2} \end{align}",
        r"\citep[see][]{bishop1995} in \cref{fig:training-mnist,eq:1} % 0.0702",
        r"\begin{enumerate}[leftmargin=1.8em]",
    ],
)
def test_names_and_what_is_given_are_no_results(text: str):
    assert results_typed(text) == []


@pytest.mark.parametrize("file", TEXTS, ids=lambda file: file.name)
def test_no_result_is_typed(file: Path):
    assert results_typed(file.read_text()) == []


@pytest.fixture(scope="module")
def article() -> str:
    return "\n".join(uncommented(file.read_text()) for file in TEXTS)


def test_every_command_is_used(article: str):
    assert [name for name in COMMANDS if not re.search(rf"\\{name}(?![A-Za-z])", article)] == []
    style = uncommented(STYLE)
    own = re.findall(r"\\(?:newcommand|DeclareRobustCommand)\*?\{?\\([A-Za-z@]+)", style)
    assert "onefigure" in own
    uses = {name: len(re.findall(rf"\\{name}(?![A-Za-z@])", style + article)) for name in own}
    assert [name for name, count in uses.items() if count < 2] == []


def floats(text: str) -> set[str]:
    """Labels of the figures and tables, but not of the panels."""
    labels = set(re.findall(r"\\label\{((?:fig|tab):[^}#]+)\}", text))
    for command, kind in (("onefigure", "fig"), ("onetable", "tab"), ("longtablefile", "tab")):
        labels |= {f"{kind}:{name}" for name in re.findall(rf"\\{command}\{{(\w+)\}}", text)}
    return labels


def test_every_figure_and_table_is_referred_to(article: str):
    shown = floats(article)
    assert {"fig:noise", "fig:level_sets_two_moons", "tab:headline", "tab:claims"} <= shown
    lists = re.findall(r"\\[cC]ref\{([^}]+)\}", article)
    referred = {label.strip() for labels in lists for label in labels.split(",")}
    assert shown - referred == set()


def test_every_training_curve_is_referred_to(article: str):
    assert r"\label{{fig:training-{name}}}" in TRAINING
    config = yaml.safe_load((ROOT / "config.yaml").read_text())
    noisy = {name for name, entry in config["datasets"].items() if "noise" in entry}
    assert set(re.findall(r"fig:training-(\w+)", article)) == noisy


def test_every_figure_says_what_made_it(article: str):
    environments = re.findall(r"\\begin\{figure\}(.*?)\\end\{figure\}", article, re.DOTALL)
    assert environments
    for environment in environments:
        kinds = {name.split("_")[0] for name in re.findall(r"anel\{(\w+)\}", environment)}
        noted = re.findall(r"\\made\{figures/([a-z]+)_", environment)
        assert set(noted) == kinds, environment
    assert STYLE.count(r"\made{tables/#1}") == 2 and STYLE.count(r"\made{figures/#1}") == 1
    assert r"\made{{figures/training_{name}}}" in TRAINING


def test_bibliography_holds_what_is_cited_and_no_more(article: str):
    cited = re.findall(r"\\cite[pt](?:\[[^\]]*\])*\{([^}]+)\}", article)
    keys = {key.strip() for group in cited for key in group.split(",")}
    keys |= {
        anchor["citation"] for anchor in yaml.safe_load((ROOT / "paper/anchors.yaml").read_text())
    }
    entries = re.findall(r"^@\w+\{(\w+),", (ROOT / "paper/refs.bib").read_text(), re.MULTILINE)
    assert sorted(keys) == entries  # which are in order, each once
