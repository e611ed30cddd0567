"""A change reruns what depends on it and nothing else."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from study import Study

ALL = {(method, "two_moons", "0-1") for method in ("gradient", "baseline", "hkr")}
PLOTS = {"plot_noise", "plot_training", "plot_level_sets"}
DRAWING = PLOTS | {"figures", "tabulate", "write_numbers"}


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


def test_touched_but_equal_sources_rerun_nothing(computed: Study, targets: list[str]):
    for folder in ("scripts", "src", "workflow"):
        for file in (computed.folder / folder).rglob("*.*"):
            os.utime(file)
    for name in ("config.yaml", "Snakefile"):
        os.utime(computed.folder / name)
    assert computed.plan(*targets).jobs == {}


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
    [(hkr_label, {"plot_level_sets"}), (two_moons(label="Moons"), set())],
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
    assert set(jobs) <= PLOTS | {"figures", "tabulate"}


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
