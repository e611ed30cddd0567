"""Where data without a download come from, in the words of the paper's table."""

from pathlib import Path

import pytest
from project import module_at

describe = module_at("scripts/data/describe_data.py")


def test_data_of_the_library_have_its_licence():
    for name in ("diabetes", "two_moons", "two_circles"):
        row = describe.describe_generated(name)
        assert (row["dataset"], row["source"]) == (name, "scikit-learn")
        assert row["licence"] == "BSD-3-Clause"


def test_data_of_ones_own_are_nobody_elses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "quadrants.py").write_text("import numpy as np\n")
    monkeypatch.setattr(describe.resources, "files", lambda _package: tmp_path)
    row = describe.describe_generated("quadrants")
    assert row["source"] == "preparations/quadrants.py"
    assert row["licence"] == row["citation"] == row["sha256"] == ""
