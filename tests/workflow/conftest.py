"""One tiny run of the whole workflow, shared by all tests, and copies of it to change."""

import fcntl
import shutil
from pathlib import Path

import pytest
from stubs import run_stubs
from study import (
    DIABETES,
    TEX_PROGRAMS,
    TWO_MOONS,
    Finished,
    Outcome,
    Study,
    add_programs,
    configuration,
)

PROGRAMS = [
    *(
        "bash",
        "sh",
        "make",
        "grep",
        "sed",
        "expand",
        "tee",
        "which",
        "mktemp",
        "rm",
        "cat",
        "flock",
    ),
]
TABLES = [
    "claims",
    "comparisons",
    "design",
    "coverage",
    "lipschitz",
    "duality",
    "leak",
    "sweep",
    "data",
    "protocol",
    "cost",
    "stages",
    "appendix",
    "headline",
]
TARGETS = [
    "figures",
    "results/claims.csv",
    "results/timings.csv",
    "results/numbers.tex",
    "results/provenance.json",
    *(f"results/tables/{table}.tex" for table in TABLES),
    "results/notebooks/two_moons.html",
    *(f"results/tables/{table}.html" for table in TABLES if table != "appendix"),
]


@pytest.fixture(scope="session")
def path_without_tex(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A PATH with what the workflow needs but no TeX, and nothing that installs packages."""
    folder = tmp_path_factory.mktemp("programs")
    for name in PROGRAMS:
        found = shutil.which(name)
        assert found, f"the tests need {name}"
        (folder / name).symlink_to(found)
    return str(folder)


@pytest.fixture
def path_with_tex(tmp_path: Path, path_without_tex: str) -> str:
    """The same with TeX, which does nothing."""
    return add_programs(tmp_path / "tex", path_without_tex, TEX_PROGRAMS)


@pytest.fixture(scope="session")
def shipped(tmp_path_factory: pytest.TempPathFactory, path_without_tex: str) -> Study:
    """The repository as it is, for dry runs."""
    return Study.from_repository(tmp_path_factory.mktemp("shipped"), path_without_tex)


@pytest.fixture
def fresh(tmp_path: Path, path_without_tex: str) -> Study:
    """Two moons, nothing computed."""
    config = configuration(two_moons=TWO_MOONS)
    return Study.from_repository(tmp_path / "study", path_without_tex, config)


@pytest.fixture
def fresh_regression(tmp_path: Path, path_without_tex: str) -> Study:
    """Diabetes, nothing computed."""
    config = configuration(diabetes=DIABETES)
    return Study.from_repository(tmp_path / "study", path_without_tex, config)


@pytest.fixture(scope="session")
def targets() -> list[str]:
    """What the finished study has computed."""
    return TARGETS


@pytest.fixture(scope="session")
def finished(
    tmp_path_factory: pytest.TempPathFactory, path_without_tex: str, worker_id: str
) -> Finished:
    """Two moons, computed to the end; not to be changed, as all processes of the tests share it."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "finished"
    said = folder.with_suffix(".txt")
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not said.exists():
            shutil.rmtree(folder, ignore_errors=True)  # of a process that failed
            config = configuration(two_moons=TWO_MOONS)
            study = Study.from_repository(folder, path_without_tex, config)
            outcome = study.snakemake(*TARGETS)
            assert outcome.code == 0, outcome.text
            said.write_text(outcome.text)
    return Finished(Study(folder, path_without_tex), Outcome(0, said.read_text()))


@pytest.fixture
def computed(finished: Finished, tmp_path: Path) -> Study:
    """A copy of the finished study, to be changed."""
    return finished.study.copy(tmp_path / "study")


@pytest.fixture(scope="session")
def stubbed(tmp_path_factory: pytest.TempPathFactory, path_without_tex: str) -> Finished:
    """Parts of the shipped study, computed to the end by stubs; not to be changed for good."""
    return run_stubs(tmp_path_factory.mktemp("stubbed"), path_without_tex)
