"""Check that a quick paper is whole: its length, its notice, and no unresolved reference."""

import sys

from pypdf import PdfReader

PAGES = range(24, 41)
NOTICE = "quick preset, not the paper"

pages = [page.extract_text() for page in PdfReader(sys.argv[1]).pages]
faults = []
if len(pages) not in PAGES:
    faults.append(f"{len(pages)} pages, expected {PAGES.start} to {PAGES.stop - 1}")
if NOTICE not in pages[0]:
    faults.append(f"the first page does not say '{NOTICE}'")
faults += [f"page {n} has '??'" for n, text in enumerate(pages, start=1) if "??" in text]
if faults:
    sys.exit(f"{sys.argv[1]}: " + "; ".join(faults))
print(f"{sys.argv[1]}: {len(pages)} pages, no unresolved reference")
