"""What the check of a built paper finds."""

import pytest
from project import module_at

check = module_at(".ci/check_paper.py")

WHOLE = [f"What notebooks claim\n{check.NOTICE}\n", *["text\n"] * 11, "text\nReferences\nA. B.\n"]
WHOLE += ["appendix\n"] * 15


def log_of(*runs: list[str]) -> str:
    """Of latexmk, with some lines of each run of LaTeX."""
    heads = [f"Run number {number} of rule 'pdflatex'" for number in range(1, len(runs) + 1)]
    return "\n".join("\n".join([head, *lines]) for head, lines in zip(heads, runs, strict=True))


def wide(points: str) -> str:
    return rf"Overfull \hbox ({points}pt too wide) in paragraph at lines 3--9"


def test_a_whole_paper_has_no_fault():
    assert check.faults_of_pages(WHOLE) == []
    assert check.faults_of_log(log_of([wide("99.5")], [wide("2.0"), "Underfull"])) == []


@pytest.mark.parametrize(
    ("pages", "fault"),
    [
        (WHOLE[:20], "20 pages, expected 24 to 40"),
        (["What notebooks claim\n", *WHOLE[1:]], f"the first page does not say '{check.NOTICE}'"),
        ([*WHOLE[:5], "see Figure ??\n", *WHOLE[6:]], "page 6 has '??'"),
        (WHOLE[:12] + WHOLE[13:] + ["text\n"], "no page begins the bibliography"),
        (
            WHOLE[:2] + WHOLE[12:] + ["text\n"] * 10,
            "the main part ends on page 3, expected 8 to 14",
        ),
    ],
)
def test_faults_of_the_pages_are_told(pages: list[str], fault: str):
    assert check.faults_of_pages(pages) == [fault]


def test_lines_that_are_too_wide_after_the_last_run_are_told():
    log = log_of([wide("5.0")], [wide("2.01"), wide("1.99"), wide("120.5")])
    assert check.faults_of_log(log) == [wide("2.01"), wide("120.5")]


def test_pages_that_are_too_high_are_told():
    high = r"Overfull \vbox (160.6pt too high) has occurred while \output is active"
    assert check.faults_of_log(log_of([high, r"Underfull \vbox (badness 10000)"])) == [high]
