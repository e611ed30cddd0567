"""A change reruns what depends on it and nothing else."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from study import SOURCE_FILES, SOURCE_FOLDERS, TEX_PROGRAMS, Finished, Study, add_programs

ALL = {(method, "two_moons", "0-1") for method in ("gradient", "baseline", "hkr")}
PLOTS = {"plot_noise", "plot_training", "plot_level_sets"}
DRAWING = PLOTS | {
    "figures",
    "tabulate",
    "preview_tables",
    "write_numbers",
    "write_provenance",
    "execute_notebook",
}


def contents(folder: Path) -> dict[Path, tuple[int, bytes]]:
    """Time of change and bytes of every file."""
    files = [file for file in folder.rglob("*") if file.is_file()]
    return {file: (file.stat().st_mtime_ns, file.read_bytes()) for file in files}


def two_moons(**values: object) -> Callable[[dict], object]:
    return lambda config: config["datasets"]["two_moons"].update(values)


def hkr_epochs(config: dict) -> None:
    config["datasets"]["two_moons"]["methods"]["hkr"]["epochs"] = 2


def hkr_label(config: dict) -> None:
    config["methods"]["hkr"]["label"] = "1-Lipschitz"


def test_second_run_does_nothing(computed: Study, targets: list[str]):
    before = contents(computed.folder / "results")
    outcome = computed.snakemake(*targets)
    assert outcome.code == 0
    assert "Nothing to be done" in outcome.text
    assert contents(computed.folder / "results") == before


# Takes the place of the script that builds the paper.
BUILD_PAPER = """
import sys
from pathlib import Path

Path(sys.argv[sys.argv.index("--output") + 1]).touch()
"""


@pytest.fixture(scope="module")
def papered(
    finished: Finished, tmp_path_factory: pytest.TempPathFactory, path_without_tex: str
) -> Study:
    """The finished study where TeX is, with a paper by a stub; not to be changed."""
    folder = tmp_path_factory.mktemp("papered")
    path = add_programs(folder / "tex", path_without_tex, TEX_PROGRAMS)
    study = Study(finished.study.copy(folder / "study").folder, path)
    (study.folder / "scripts/build_paper.py").write_text(BUILD_PAPER)
    outcome = study.snakemake("results/paper.pdf")
    assert outcome.code == 0, outcome.text
    return study


@pytest.fixture
def with_paper(papered: Study, tmp_path: Path) -> Study:
    """A copy of that study, to be changed."""
    return papered.copy(tmp_path / "study")


def test_a_fresh_checkout_reruns_nothing(with_paper: Study, targets: list[str]):
    """It has the same files with other times."""
    for name in (*SOURCE_FILES, *SOURCE_FOLDERS):
        for file in (with_paper.folder / name, *(with_paper.folder / name).rglob("*")):
            os.utime(file)
    assert with_paper.plan(*targets, "results/paper.pdf").jobs == {}


@pytest.mark.parametrize(
    ("file", "rules"),
    [
        ("scripts/plot_noise.py", {"plot_noise", "figures", "write_provenance", "build_paper"}),
        (
            "scripts/plot_level_sets.py",
            {"plot_level_sets", "figures", "write_provenance", "build_paper"},
        ),
        (
            "scripts/tabulate_sweep.py",
            {"tabulate", "preview_tables", "write_provenance", "build_paper"},
        ),
        ("scripts/build_paper.py", {"build_paper"}),
        ("paper/refs.bib", {"build_paper"}),
        ("paper/sections/data.tex", {"write_numbers", "write_provenance", "build_paper"}),
    ],
)
def test_an_edited_product_is_made_again_and_the_paper_with_it(
    with_paper: Study, targets: list[str], file: str, rules: set[str]
):
    with_paper.append(file, "# harmless" if file.endswith(".py") else "% harmless")
    jobs = with_paper.plan(*targets, "results/paper.pdf").jobs
    assert set(jobs) == rules
    assert set(jobs.values()) == {1}


def test_new_sigmas_evaluate_but_do_not_train(computed: Study, targets: list[str]):
    computed.change_config(two_moons(noise={"draws": 2, "gaussian": [0.1, 0.3]}))
    outcome = computed.plan(*targets)
    assert outcome.replicates("Training") == set()
    assert outcome.replicates("Evaluating") == ALL
    assert outcome.jobs["plot_noise"] == 1
    assert not outcome.jobs.keys() & {"prepare_dataset", "plot_training", "plot_level_sets"}


def test_new_epochs_of_a_method_train_that_method_only(computed: Study, targets: list[str]):
    computed.change_config(hkr_epochs)
    outcome = computed.plan(*targets)
    assert outcome.replicates("Training") == {("hkr", "two_moons", "0-1")}
    assert outcome.replicates("Evaluating") == {("hkr", "two_moons", "0-1")}
    assert "prepare_dataset" not in outcome.jobs


@pytest.mark.parametrize(
    ("change", "kept"),
    [(hkr_label, {"plot_level_sets"}), (two_moons(label="Moons"), PLOTS | {"figures"})],
    ids=["method", "dataset"],
)
def test_new_label_redraws_only(
    computed: Study, targets: list[str], change: Callable, kept: set[str]
):
    computed.change_config(change)
    jobs = computed.plan(*targets).jobs
    assert set(jobs) == DRAWING - kept


def test_more_replicates_train_the_new_range_only(computed: Study, targets: list[str]):
    computed.change_config(two_moons(replicates=4))
    outcome = computed.plan(*targets)
    new = {(method, dataset, "2-3") for method, dataset, _ in ALL}
    assert outcome.replicates("Training") == new
    assert outcome.replicates("Evaluating") == new
    assert not outcome.jobs.keys() & {"prepare_dataset", "plot_level_sets"}


def test_new_style_redraws_only(computed: Study, targets: list[str]):
    computed.append("src/gradloss/style.py", "HARMLESS = 1")
    jobs = computed.plan(*targets).jobs
    assert set(jobs) >= PLOTS
    # Tables share the words for methods and measures with the figures.
    assert set(jobs) <= PLOTS | {
        "figures",
        "tabulate",
        "preview_tables",
        "write_provenance",
        "execute_notebook",
    }


@pytest.mark.parametrize(
    ("module", "methods"),
    [
        ("losses.py", {"gradient", "baseline"}),
        ("hkr.py", {"hkr"}),
        ("training.py", {"gradient", "baseline", "hkr"}),
        ("preparations/diabetes.py", set()),
    ],
)
def test_an_edit_trains_what_imports_it(
    computed: Study, targets: list[str], module: str, methods: set[str]
):
    computed.append(f"src/gradloss/{module}", "HARMLESS = 1")
    outcome = computed.plan(*targets)
    trained = {(method, "two_moons", "0-1") for method in methods}
    assert "prepare_dataset" not in outcome.jobs
    assert outcome.replicates("Training") == trained
    assert outcome.replicates("Evaluating") == trained


def test_an_edited_preparation_prepares_its_dataset(computed: Study, targets: list[str]):
    computed.append("src/gradloss/preparations/two_moons.py", "HARMLESS = 1")
    assert computed.plan(*targets).jobs["prepare_dataset"] == 1
