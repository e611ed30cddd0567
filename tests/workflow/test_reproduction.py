"""Two runs at the same time give the same bytes, need no network and leave nothing elsewhere."""

import os
import re
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from study import Outcome, Study
from whole_study import whole_configuration, write_downloads

# Host facts: what ran when, and how long it took.
HOST = {"logs", "benchmarks", "timings", "timings.csv"}
TARGETS = [
    "figures",
    "tables",
    "notebooks",
    "results/claims.csv",
    "results/timings.csv",
    "results/provenance.json",
]


@dataclass(frozen=True)
class Pair:
    """Two runs of one study.

    Attributes:
        studies: Their folders.
        outcomes: What they printed.
        home: The home that both had, empty at first.
        temporary: The folder for temporary files that both had, empty at first.
    """

    studies: list[Study]
    outcomes: list[Outcome]
    home: Path
    temporary: Path


def contents(results: Path) -> dict[str, bytes]:
    """Bytes of every file that tells of the study and not of the machine."""
    files = [file for file in results.rglob("*") if file.is_file()]
    relative = {file.relative_to(results): file for file in files}
    return {
        str(name): file.read_bytes()
        for name, file in relative.items()
        if not HOST & set(name.parts) and not name.name.startswith(".")
    }


def build_paper(study: Study, shipped: Study) -> None:
    """Build the paper, with stand-ins for the products of the datasets that are left out.

    Which figures the paper shows, the shipped configuration says in the table `appendix`.
    """
    whole = study.folder / "whole"
    shutil.copytree(study.folder / "results", whole)
    shutil.copy(shipped.folder / "results/tables/appendix.tex", whole / "tables")
    plan = shipped.plan("figures", "tables").text
    products = sorted(set(re.findall(r"results/((?:figures|tables)/\w+)\.(pdf|tex)", plan)))
    absent = [(name, kind) for name, kind in products if not (whole / f"{name}.{kind}").exists()]
    for name, kind in absent:
        stand_in = whole / "figures/noise_boston.pdf" if kind == "pdf" else os.devnull
        shutil.copy(stand_in, whole / f"{name}.{kind}")
    made = "".join(rf"\gradloss@define{{made}}{{{name}}}{{a stand-in}}" for name, _ in absent)
    with (whole / "provenance.tex").open("a") as provenance:
        provenance.write(rf"\makeatletter{made}\makeatother")
    options = ["--main=paper/main.tex", "--results=whole", "--output=results/paper.pdf"]
    script = [sys.executable, "scripts/build_paper.py", *options]
    outcome = study.run("env", "PYTHONPATH=src", *script, path=os.environ["PATH"])
    assert outcome.code == 0, outcome.text


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory, path_without_tex: str) -> Pair:
    """One run with two cores and one with one core and the targets in the opposite order.

    They have no network, not even to this machine, and begin with an empty home. Where TeX is,
    they have papers too.
    """
    folder = tmp_path_factory.mktemp("pair")
    home, temporary = folder / "home", folder / "temporary"
    home.mkdir()
    temporary.mkdir()
    studies = [folder / "first", folder / "deeper" / "second"]
    studies[1].parent.mkdir()
    studies = [Study.from_repository(f, path_without_tex, whole_configuration()) for f in studies]
    for study in studies:
        write_downloads(study.folder / "data")
    unshare, env = shutil.which("unshare"), shutil.which("env")
    assert unshare and env, "the tests need util-linux"
    namespace = ["--net", *([] if os.getuid() == 0 else ["--map-root-user"])]
    alone = [unshare, *namespace, env, f"HOME={home}", f"TMPDIR={temporary}"]
    processes = [
        study.start(*alone, sys.executable, "-m", "snakemake", f"--cores={cores}", *targets)
        for study, cores, targets in zip(studies, (2, 1), (TARGETS, TARGETS[::-1]), strict=True)
    ]
    with ThreadPoolExecutor() as pool:
        texts = pool.map(lambda process: process.communicate()[0], processes)
    outcomes = [Outcome(p.returncode, text) for p, text in zip(processes, texts, strict=True)]
    for outcome in outcomes:
        assert outcome.code == 0, outcome.text
    if shutil.which("latexmk"):
        shipped = Study.from_repository(folder / "shipped", path_without_tex)
        assert shipped.snakemake("results/tables/appendix.tex").code == 0
        for study in studies:
            build_paper(study, shipped)
    return Pair(studies, outcomes, home, temporary)


def test_every_file_is_the_same(pair: Pair):
    first, second = (contents(study.folder / "results") for study in pair.studies)
    assert first.keys() == second.keys()
    assert {Path(name).suffix for name in first} >= {".csv", ".npz", ".keras", ".pdf", ".tex"}
    assert [name for name in first if first[name] != second[name]] == []


def test_every_kind_of_rule_had_a_job(pair: Pair, shipped: Study):
    shipped_rules = shipped.plan().jobs.keys() - {"download_dataset", "all"}
    for outcome in pair.outcomes:
        assert outcome.jobs.keys() - {"figures", "tables", "notebooks"} == shipped_rules


def test_nothing_is_left_in_the_home_or_among_temporary_files(pair: Pair):
    assert list(pair.home.rglob("*")) == []
    assert list(pair.temporary.rglob("*")) == []
