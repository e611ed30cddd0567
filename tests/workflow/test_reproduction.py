"""The same study in another folder, with other cores, gives the same bytes."""

import sys
from pathlib import Path

import pytest
from study import TWO_MOONS, Finished, Study, configuration

# Host facts: what ran when, and how long it took.
HOST = {"logs", "benchmarks", "timings", "timings.csv", "cost.tex", "numbers.tex"}


def contents(results: Path) -> dict[str, bytes]:
    """Bytes of every file that tells of the study and not of the machine."""
    files = [file for file in results.rglob("*") if file.is_file()]
    relative = {file.relative_to(results): file for file in files}
    return {
        str(name): file.read_bytes()
        for name, file in relative.items()
        if not HOST & set(name.parts) and not name.name.startswith(".")
    }


@pytest.fixture(scope="module")
def again(
    tmp_path_factory: pytest.TempPathFactory, path_without_tex: str, targets: list[str]
) -> Path:
    """Results of a second run: one core, the targets in the opposite order."""
    config = configuration(two_moons=TWO_MOONS)
    folder = tmp_path_factory.mktemp("again") / "elsewhere"
    study = Study.from_repository(folder, path_without_tex, config)
    outcome = study.run(sys.executable, "-m", "snakemake", "--cores=1", *reversed(targets))
    assert outcome.code == 0, outcome.text
    return folder / "results"


def test_every_file_is_the_same(finished: Finished, again: Path):
    first, second = contents(finished.study.folder / "results"), contents(again)
    assert first.keys() == second.keys()
    kinds = {Path(name).suffix for name in first}
    assert {".csv", ".npz", ".keras", ".pdf", ".tex"} <= kinds
    assert [name for name in first if first[name] != second[name]] == []
