"""The paper is built where TeX is; elsewhere a run ends with what to install."""

import re
import shutil
from pathlib import Path

import pytest
from study import Finished, Study

PROGRAMS = ["latexmk", "pdflatex", "bibtex", "kpsewhich"]


def add_programs(folder: Path, path: str, names: list[str], status: int = 0) -> str:
    """The PATH with programs in front that do nothing and exit with a status."""
    folder.mkdir()
    for name in names:
        program = folder / name
        program.write_text(f"#!/bin/sh\nexit {status if name == 'kpsewhich' else 0}\n")
        program.chmod(0o755)
    return f"{folder}:{path}"


@pytest.fixture
def path_with_tex(tmp_path: Path, path_without_tex: str) -> str:
    return add_programs(tmp_path / "tex", path_without_tex, PROGRAMS)


def test_paper_is_planned_where_tex_is(shipped: Study, path_with_tex: str):
    assert shipped.plan(path=path_with_tex).jobs["build_paper"] == 1


@pytest.mark.parametrize("names", [PROGRAMS[1:], PROGRAMS], ids=["no latexmk", "no siunitx"])
def test_paper_is_not_planned_where_tex_is_not_whole(
    shipped: Study, tmp_path: Path, path_without_tex: str, names: list[str]
):
    path = add_programs(tmp_path / "tex", path_without_tex, names, status=1)
    assert shutil.which("latexmk", path=path_without_tex) is None
    jobs = shipped.plan(path=path).jobs
    assert "build_paper" not in jobs
    assert jobs["tabulate"] == 12


def test_run_without_tex_ends_with_the_packages_to_install(finished: Finished):
    script = (finished.study.folder / "workflow/install.sh").read_text()
    packages = re.search(r'^TEX_PACKAGES="(.*)"$', script, re.MULTILINE)[1]
    assert "latexmk" in packages
    assert finished.outcome.last_line == (
        "Everything but the PDF is in results/: TeX is missing. Install the Debian packages"
        f" {packages} (or the same from TeX Live) and run again."
    )


def test_run_does_not_announce_a_paper_that_was_not_built(fresh: Study, path_with_tex: str):
    outcome = fresh.snakemake("results/tables/protocol.tex", path=path_with_tex)
    assert outcome.code == 0, outcome.text
    assert not (fresh.folder / "results/paper.pdf").exists()
    assert "The paper is" not in outcome.text
