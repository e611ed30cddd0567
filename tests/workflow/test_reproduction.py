"""Two runs at the same time give the same bytes, whatever their path and their shell.

They need no network and leave nothing elsewhere.
"""

import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from pypdf import PdfReader
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
    "results/ro-crate/ro-crate-metadata.json",
]
CLOCK = Path(__file__).with_name("behind.c")
PATH_OF_THE_SECOND = "deeper/the second's $HOME \"(ü & 数; #1)"
# What the shell of the second run says, and what lies in its home. Each would change bytes, or
# fail, if a job came to see it.
FOREIGN_VARIABLES = {
    "LC_ALL": "C",
    "TZ": "Asia/Kathmandu",
    "KERAS_BACKEND": "jax",
    "MPLBACKEND": "module://missing",
    "OMP_NUM_THREADS": "7",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "TEXINPUTS": "/missing:",
}
SOMEBODY = ["--map-user=4242", "--map-group=4242"]  # who is not in the list of users
FOREIGN_FILES = {
    ".latexmkrc": "die 'the .latexmkrc of the home';",
    "matplotlibrc": "savefig.bbox: tight\nfont.size: 20",
    "python/gradloss/__init__.py": "raise ImportError('another package of this name')",
}


@dataclass(frozen=True)
class Pair:
    """Two runs of one study.

    Attributes:
        studies: Their folders.
        outcomes: What they printed.
        homes: Their homes, that of the first empty and that of the second with `FOREIGN_FILES`.
        temporary: The folder for temporary files that both had, empty at first.
    """

    studies: list[Study]
    outcomes: list[Outcome]
    homes: list[Path]
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


def foreign_home(home: Path) -> dict[str, str]:
    """Fill a home with `FOREIGN_FILES`; the variables that lead to them, and all others."""
    for name, text in FOREIGN_FILES.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(text)
    found = {"MATPLOTLIBRC": f"{home}/matplotlibrc", "PYTHONPATH": f"{home}/python"}
    return FOREIGN_VARIABLES | found


def clock_behind(folder: Path) -> dict[str, str]:
    """The variable that moves the clock of every process by `CLOCK`; none without a C compiler."""
    if not (compiler := shutil.which("cc")):
        return {}
    library = folder / "behind.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, CLOCK], check=True)
    return {"LD_PRELOAD": str(library)}


def typeset(study: Study, script: str, output: str, variables: list[str]) -> None:
    """Typeset the paper in a shell with some variables, without the products that are left out."""
    options = ["--main=paper/main.tex", "--results=results", f"--output=results/{output}"]
    command = [sys.executable, f"scripts/paper/{script}.py", *options]
    outcome = study.run("env", *variables, "PYTHONPATH=src", *command, path=os.environ["PATH"])
    assert outcome.code == 0, outcome.text


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory, path_without_tex: str) -> Pair:
    """One run with two cores, and one with one core, the targets in the opposite order, a path of
    many characters, another user, a clock that is behind, and the shell of somebody else.

    They have no network, not even to this machine. Where TeX is, they have papers too.
    """
    folder = tmp_path_factory.mktemp("pair")
    homes, temporary = [folder / "home", folder / "foreign home"], folder / "temporary"
    for path in (*homes, temporary):
        path.mkdir()
    studies = [folder / "first", folder / PATH_OF_THE_SECOND]
    studies[1].parent.mkdir()
    studies = [Study.from_repository(f, path_without_tex, whole_configuration()) for f in studies]
    for study in studies:
        write_downloads(study.folder)
    unshare, env = shutil.which("unshare"), shutil.which("env")
    assert unshare and env, "the tests need util-linux"
    own = [] if os.getuid() == 0 else ["--map-root-user"]
    users = [unshare, "--net", *own], [unshare, "--net", *SOMEBODY]
    foreign = foreign_home(homes[1]) | clock_behind(folder)
    variables = [
        [f"{name}={value}" for name, value in {**known, "HOME": home, "TMPDIR": temporary}.items()]
        for home, known in zip(homes, ({}, foreign), strict=True)
    ]
    runs = [
        [umask, *user, env, *known, sys.executable, "-m", "snakemake", *options]
        for umask, user, known, options in zip(
            ("022", "077"),
            users,
            variables,
            (["--cores=2", *TARGETS], ["--cores=1", *TARGETS[::-1]]),
            strict=True,
        )
    ]
    with_umask = ["sh", "-c", 'umask "$1" && shift && exec "$@"', "sh"]
    processes = [study.start(*with_umask, *run) for study, run in zip(studies, runs, strict=True)]
    with ThreadPoolExecutor() as pool:
        texts = pool.map(lambda process: process.communicate()[0], processes)
    outcomes = [Outcome(p.returncode, text) for p, text in zip(processes, texts, strict=True)]
    for outcome in outcomes:
        assert outcome.code == 0, outcome.text
    if shutil.which("latexmk"):
        for study, known in zip(studies, variables, strict=True):
            typeset(study, "build_paper", "paper.pdf", known)
    return Pair(studies, outcomes, homes, temporary)


def test_every_file_is_the_same(pair: Pair):
    first, second = (contents(study.folder / "results") for study in pair.studies)
    assert first.keys() == second.keys()
    assert {Path(name).suffix for name in first} >= {".csv", ".npz", ".keras", ".pdf", ".tex"}
    assert [name for name in first if first[name] != second[name]] == []


def page_texts(paper: Path) -> list[str]:
    return [page.extract_text() for page in PdfReader(paper).pages]


def test_the_bundle_of_the_paper_compiles_in_an_empty_folder(pair: Pair, tmp_path: Path):
    """Where TeX is, as for the papers; what is in a bundle is tested everywhere."""
    study = pair.studies[1]
    if paper := next(study.folder.glob("results/paper.pdf"), None):
        typeset(study, "bundle_paper", "arxiv.tar.gz", [])
        bundle = study.folder / "results/arxiv.tar.gz"
        shutil.unpack_archive(bundle, tmp_path, filter="data")
        bundle.unlink()
        assert all(file.is_file() for file in tmp_path.iterdir())
        texts = [file.read_bytes() for file in tmp_path.iterdir() if file.suffix != ".pdf"]
        assert len(texts) > 30
        assert not [text for text in texts if os.fsencode(study.folder) in text]
        command = ["latexmk", "-pdf", "-interaction=nonstopmode", "main.tex"]
        compiled = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        assert compiled.returncode == 0, compiled.stdout
        assert page_texts(tmp_path / "main.pdf") == page_texts(paper)


@pytest.mark.skipif(not shutil.which("cc"), reason="without a C compiler the clock is not moved")
def test_the_clock_of_the_second_was_behind(pair: Pair):
    dates = [re.search(r"Date: (\d{4})-", outcome.text) for outcome in pair.outcomes]
    first, second = (int(date[1]) for date in dates)
    assert first - second in (1, 2)


def test_every_kind_of_rule_had_a_job(pair: Pair, shipped: Study):
    shipped_rules = shipped.plan().jobs.keys() - {"download_dataset", "all"}
    for outcome in pair.outcomes:
        assert outcome.jobs.keys() - {"figures", "tables", "notebooks"} == shipped_rules


def test_nothing_is_left_in_the_home_or_among_temporary_files(pair: Pair):
    assert list(pair.homes[0].rglob("*")) == []
    foreign = [file.relative_to(pair.homes[1]) for file in pair.homes[1].rglob("*")]
    assert {str(file) for file in foreign if (pair.homes[1] / file).is_file()} == set(FOREIGN_FILES)
    assert list(pair.temporary.rglob("*")) == []
