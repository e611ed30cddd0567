"""The paper without TeX."""

from pathlib import Path

import pytest

from gradloss.paper.typesetting import first_error, typeset
from gradloss.support.errors import UserError


def test_without_tex_the_missing_program_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "main.tex").touch()
    (tmp_path / "work").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match="latexmk is not installed"):
        typeset(tmp_path / "main.tex", tmp_path, tmp_path / "work")


def test_the_first_error_of_a_log_is_told_with_its_line():
    log = "This is pdfTeX\n! Undefined control sequence.\n<recently read>\nl.7 \\wrong\n! Second.\n"
    assert first_error(log) == "Undefined control sequence. l.7 \\wrong"
    assert first_error("only\nwarnings") == "warnings"
    assert first_error("") == "no log was written"
