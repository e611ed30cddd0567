"""What the text makes of results that the study does not have, typeset where TeX is."""

import shutil
import subprocess
from pathlib import Path

import pytest
from project import ROOT, module_at
from pypdf import PdfReader

numbers = module_at("scripts/paper/write_numbers.py")

pytestmark = pytest.mark.skipif(not shutil.which("pdflatex"), reason="TeX is missing")

DEFINITIONS = [
    r"\DeclareRobustCommand*\numberlink[1]{#1}",
    r"\gradloss@measured{result}{there}{0.5}{}",
    r"\gradloss@measured{result}{missing}{n/a}{}",
    r"\gradloss@define{setting}{there}{7}",
    r"\gradloss@define{setting}{missing}{n/a}",
]
DOCUMENT = r"""\documentclass{article}
\usepackage{gradloss}
\input{numbers}
\pagestyle{empty}
\begin{document}
%s
\end{document}
"""


def typeset(folder: Path, text: str) -> str:
    """The words of a text, with blanks between them."""
    shutil.copy(ROOT / "paper/gradloss.sty", folder)
    (folder / "numbers.tex").write_text(numbers.render(DEFINITIONS, "", False))
    (folder / "text.tex").write_text(DOCUMENT % text)
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "text.tex"]
    outcome = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert outcome.returncode == 0, outcome.stdout
    return " ".join(PdfReader(folder / "text.pdf").pages[0].extract_text().split())


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (r"a \result{there}", True),
        (r"a \result{missing}", False),
        (r"a \setting{missing}", False),
        (r"a \result{there} and \result{missing}", True),
        (r"a \result{there}, \result{missing} and \result{missing}", True),
        (r"a \result{there}, \result{missing}, \setting{missing} and \result{missing}", False),
        (r"a \setting{there}, \result{missing}, \setting{missing} and \result{there}", True),
        ("a of words", True),
        ("a \\result{missing}\n\nof two paragraphs", False),
    ],
)
def test_a_text_that_lacks_most_of_its_results_is_left_out(tmp_path: Path, text: str, shown: bool):
    article = rf"\paragraph{{Head.}}\begin{{studied}}{text}\end{{studied}}"
    words = typeset(tmp_path, rf"{article} End. \ifstudied{{{text}}}{{Otherwise.}}")
    assert words.startswith("Head. a" if shown else "Head. Left out of this study.")
    assert words.endswith("Otherwise.") != shown
    assert words.count("Head.") == words.count("End.") == 1
