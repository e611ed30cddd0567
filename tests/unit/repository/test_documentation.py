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


def rules_on_a_gpu() -> set[str]:
    """Rules that ask for a GPU, or repeat one that does."""
    found: set[str] = set()
    for file in sorted((ROOT / "workflow").glob("*.smk")):
        for block in re.split(r"(?m)^(?=(?:use )?rule )", file.read_text())[1:]:
            base, name = re.match(r"(?:use rule (\w+) as|rule) (\w+)", block).groups()
            if "gpu=1" in block or (base in found and "gpu=" not in block):
                found.add(name)
    return found


def test_the_rules_that_a_cluster_without_gpus_must_be_told_of_are_named():
    named = re.findall(r"(\w+):gpu=0", (ROOT / "README.md").read_text())
    assert len(named) == len(set(named))
    assert set(named) == rules_on_a_gpu()
