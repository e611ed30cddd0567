"""README.md and CONTRIBUTING.md name what is there."""

import re

import pytest
from project import ROOT

FOLDERS = r"\.ci|benchmarks|docs|notebooks|paper|scripts|src|tests|workflow"
FILE = re.compile(rf"`((?:{FOLDERS})/[\w./-]+|test_\w+\.py)`")
COMMAND = re.compile(r"(?:^|`)make ([a-z-]+)", re.MULTILINE)
# Of a full run that is published, and of an example.
NOT_THERE = {"paper/published.tar.xz", "workflow/profiles/NAME/config.yaml"}


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md"])
def test_files_that_are_named_are_there(document: str):
    named = set(FILE.findall((ROOT / document).read_text()))
    assert len(named) > 5
    missing = {
        name
        for name in named - NOT_THERE
        if not ((ROOT / name).exists() or any((ROOT / "tests").rglob(name)))
    }
    assert missing == set()


def test_commands_of_make_are_targets():
    texts = [(ROOT / document).read_text() for document in ("README.md", "CONTRIBUTING.md")]
    named = {target for text in texts for target in COMMAND.findall(text)}
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert {"paper", "quick", "test"} <= named
    assert named - targets == set()
