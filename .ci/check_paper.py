"""Check that a quick paper is whole: its length, its notice, references, and what overflows."""

import re
import sys
from pathlib import Path

from pypdf import PdfReader

PAGES = range(24, 41)
MAIN_PAGES = range(8, 15)  # of the main part, up to the bibliography
NOTICE = "quick preset, not the paper"
LARGEST = 2.0  # pt by which a line or a page may stick out

RUN = re.compile(r"^Run number \d+ of rule 'pdflatex'$", re.MULTILINE)
OVERFULL = re.compile(r"^Overfull \\[hv]box \(([\d.]+)pt too (?:wide|high)\).*", re.MULTILINE)


def faults_of_pages(pages: list[str]) -> list[str]:
    """What is wrong with the texts of the pages."""
    faults = []
    if len(pages) not in PAGES:
        faults.append(f"{len(pages)} pages, expected {PAGES.start} to {PAGES.stop - 1}")
    if NOTICE not in pages[0]:
        faults.append(f"the first page does not say '{NOTICE}'")
    ends = [n for n, text in enumerate(pages, 1) if re.search("^References$", text, re.MULTILINE)]
    if not ends:
        faults.append("no page begins the bibliography")
    elif ends[0] not in MAIN_PAGES:
        limits = f"{MAIN_PAGES.start} to {MAIN_PAGES.stop - 1}"
        faults.append(f"the main part ends on page {ends[0]}, expected {limits}")
    return faults + [f"page {n} has '??'" for n, text in enumerate(pages, start=1) if "??" in text]


def faults_of_log(log: str) -> list[str]:
    """Lines that are too wide, and pages that are too high, after the last run of LaTeX."""
    last = RUN.split(log)[-1]
    return [match[0] for match in OVERFULL.finditer(last) if float(match[1]) > LARGEST]


def main(paper: str, log: str) -> None:
    """Check the PDF and the log of the rule that built it."""
    pages = [page.extract_text() for page in PdfReader(paper).pages]
    faults = faults_of_pages(pages)
    faults += faults_of_log(Path(log).read_text(encoding="utf-8", errors="replace"))
    if faults:
        sys.exit(f"{paper}: " + "; ".join(faults))
    print(f"{paper}: {len(pages)} pages, no unresolved reference, nothing that sticks out")


if __name__ == "__main__":
    main(*sys.argv[1:])
