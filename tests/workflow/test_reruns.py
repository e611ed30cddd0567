"""A change reruns what depends on it and nothing else."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from study import (
    ROOT,
    SNAKEMAKE,
    SOURCE_FILES,
    SOURCE_FOLDERS,
    TEX_PROGRAMS,
    Finished,
    Outcome,
    Study,
    add_programs,
)

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
    (study.folder / "scripts/paper/build_paper.py").write_text(BUILD_PAPER)
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


def test_a_copy_with_other_times_reruns_nothing(papered: Study, tmp_path: Path, targets: list[str]):
    """Files are as old as their place in the copy, and content decides."""
    shutil.copytree(papered.folder, tmp_path / "study", copy_function=shutil.copyfile)
    copied = Study(tmp_path / "study", papered.path)
    for file in (copied.folder / "results/models").rglob("*"):
        os.utime(file)
    assert copied.plan(*targets, "results/paper.pdf").jobs == {}


@pytest.mark.parametrize(
    ("file", "rules"),
    [
        (
            "scripts/figures/plot_noise.py",
            {"plot_noise", "figures", "write_provenance", "build_paper"},
        ),
        (
            "scripts/figures/plot_level_sets.py",
            {"plot_level_sets", "figures", "write_provenance", "build_paper"},
        ),
        (
            "scripts/tables/tabulate_sweep.py",
            {"tabulate", "preview_tables", "write_provenance", "build_paper"},
        ),
        ("scripts/paper/build_paper.py", {"build_paper"}),
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
    assert not outcome.jobs.keys() & {"prepare_dataset", "compute_level_sets"}


def test_new_style_redraws_only(computed: Study, targets: list[str]):
    computed.append("src/gradloss/figures/style.py", "HARMLESS = 1")
    jobs = computed.plan(*targets).jobs
    redrawn = PLOTS | {"plot_verdicts", "figures", "execute_notebook", "notebooks"}
    assert PLOTS <= set(jobs) <= redrawn | {"write_provenance"}


# Stages that compute with a module, and so run again when it is edited. What follows from them runs
# again too.
TUNE = {"tune", "tune_hkr"}
TRAIN = {"train", "train_hkr"}
EVALUATE = {"evaluate", "evaluate_hkr"}
LINEAR = {"train_linear", "evaluate_linear"}
ATTACK = {"attack", "audit_attacks"}
EPOCH, LIBRARY = {"write_first_epoch"}, {"fit_library"}
LEVELS = {"compute_level_sets"}
SHOW = {"figures", "tables", "notebooks", "paper"}
DATA = {"prepare", "corrupt", "describe_data"}
SEEDED = {"corrupt", "train_linear", "analysis", "notebooks"}
EVERYWHERE = DATA | TUNE | TRAIN | EVALUATE | LINEAR | ATTACK | LEVELS | SHOW | {"analysis"}
# Below src/gradloss. Downloads are verified and compute with none.
STAGES = {
    "__init__": EVERYWHERE | EPOCH | LIBRARY,
    "analysis/__init__": SHOW | {"analysis"},
    "analysis/claims": {"analysis", "figures", "notebooks", "paper"},
    "analysis/comparisons": {"analysis"},
    "analysis/corruption_summary": {"figures", "tables"},
    "analysis/coverage": {"analysis"},
    "analysis/crossed": {"analysis"},
    "analysis/design": {"analysis"},
    "analysis/lengths": {"figures", "tables"},
    "analysis/sampling": {"analysis"},
    "analysis/statistics": SHOW | {"analysis"},
    "analysis/summaries": SHOW | {"analysis"},
    "analysis/verdicts": {"analysis", "figures", "notebooks", "paper"},
    "analysis/verification": set(),
    "analysis/words": SHOW | {"analysis"},
    "configuration/__init__": LEVELS
    | TUNE
    | TRAIN
    | EVALUATE
    | ATTACK
    | {"notebooks", "tables", "paper"}
    | EPOCH
    | LIBRARY,
    "configuration/claims": set(),
    "configuration/faults": set(),
    "configuration/files": set(),
    "configuration/fitting": set(),
    "configuration/heads": TUNE | TRAIN | LEVELS | EVALUATE | ATTACK | {"notebooks"} | EPOCH,
    "configuration/offers": set(),
    "configuration/runs": {"notebooks", "tables"} | LIBRARY | {"paper"},
    "configuration/sizes": set(),
    "configuration/validation": set(),
    "data/__init__": EVERYWHERE - {"analysis", "figures", "tables"} | EPOCH,
    "data/arrays": {"prepare"},
    "data/corruptions": {"corrupt"},
    "data/download": set(),
    "data/forms": {"prepare"},
    "data/manifest": {"describe_data", "paper"},
    "data/pool": TUNE
    | TRAIN
    | EVALUATE
    | LINEAR
    | ATTACK
    | {"corrupt", "notebooks"}
    | EPOCH
    | LEVELS,
    "data/preparations/__init__": {"prepare", "describe_data"},
    "data/preparations/boston": {"prepare"},
    "data/preparations/diabetes": {"prepare"},
    "data/preparations/fashion_mnist": {"prepare"},
    "data/preparations/mnist": {"prepare"},
    "data/preparations/trilotropicos": {"prepare"},
    "data/preparations/two_circles": {"prepare"},
    "data/preparations/two_moons": {"prepare"},
    "data/prepare": {"prepare"},
    "data/readers": set(),
    "data/unpickling": set(),
    "data/scaling": TUNE | TRAIN | EVALUATE | ATTACK | {"notebooks", "prepare"} | EPOCH | LEVELS,
    "data/sources": set(),
    "data/surrogate": set(),
    "evaluation/__init__": TUNE
    | EVALUATE
    | ATTACK
    | {"analysis", "evaluate_linear", "notebooks"}
    | LEVELS,
    "evaluation/attacks": ATTACK,
    "evaluation/audit": {"audit_attacks"},
    "evaluation/correctness": EVALUATE | ATTACK | {"analysis"},
    "evaluation/hkr": {"evaluate_hkr"},
    "evaluation/job": EVALUATE,
    "evaluation/level_sets": LEVELS,
    "evaluation/linear": {"evaluate_linear", "notebooks"},
    "evaluation/measures": TUNE | EVALUATE | {"audit_attacks", "notebooks"},
    "evaluation/perturbations": TUNE | EVALUATE | {"notebooks"},
    "evaluation/plain": {"evaluate"},
    "evaluation/projected_gradient": ATTACK,
    "evaluation/run": TUNE | EVALUATE,
    "evaluation/toolbox": ATTACK,
    "figures/__init__": {"figures", "notebooks"},
    "figures/style": {"figures", "notebooks"},
    "lipschitz/__init__": TUNE | TRAIN | EVALUATE | ATTACK | {"notebooks"} | EPOCH | LEVELS,
    "lipschitz/activations": TUNE | TRAIN | EVALUATE | ATTACK | {"notebooks"} | EPOCH | LEVELS,
    "lipschitz/base": TUNE | TRAIN | EVALUATE | ATTACK | {"notebooks"} | EPOCH | LEVELS,
    "lipschitz/export": TUNE | TRAIN | EVALUATE | ATTACK | {"notebooks"} | EPOCH | LEVELS,
    "lipschitz/layers": TUNE | TRAIN | EVALUATE | ATTACK | {"notebooks"} | EPOCH | LEVELS,
    "lipschitz/normalization": TUNE | TRAIN | EVALUATE | ATTACK | {"notebooks"} | EPOCH | LEVELS,
    "losses/__init__": TUNE | TRAIN | EVALUATE | ATTACK | {"notebooks"},
    "losses/balls": ATTACK | {"evaluate", "notebooks", "train", "tune"},
    "losses/binding": TUNE | TRAIN | EVALUATE | {"notebooks"},
    "losses/hkr": {"evaluate_hkr", "notebooks", "train_hkr", "tune_hkr"},
    "losses/plain": {"evaluate", "notebooks", "train", "tune"},
    "networks/__init__": TUNE
    | TRAIN
    | EVALUATE
    | LINEAR
    | ATTACK
    | {"notebooks", "tables"}
    | EPOCH
    | LEVELS,
    "networks/architectures": TUNE | TRAIN | EVALUATE | ATTACK | {"notebooks"} | EPOCH | LEVELS,
    "networks/linear": LINEAR | {"notebooks"},
    "networks/prediction": TUNE | TRAIN | EVALUATE | {"audit_attacks", "notebooks"},
    "networks/replicate": TUNE | TRAIN | EVALUATE | ATTACK | {"notebooks"} | EPOCH | LEVELS,
    "networks/saving": TUNE | TRAIN | EVALUATE | {"notebooks", "train_linear"} | LEVELS,
    "networks/tuned_constant": TRAIN | EVALUATE | {"tables"},
    "notebooks/__init__": {"notebooks"},
    "notebooks/execution": {"notebooks"},
    "notebooks/page": {"notebooks"},
    "notebooks/pictures": {"notebooks"},
    "notebooks/study": {"notebooks"},
    "paper/__init__": {"paper"},
    "paper/archive": set(),
    "paper/transposition": set(),
    "paper/benchmark": set(),
    "paper/crate": {"paper"},
    "paper/plan": set(),
    "paper/provenance": {"paper"},
    "paper/publication": set(),
    "paper/stages": set(),
    "paper/quotations": {"paper"},
    "paper/typesetting": {"paper"},
    "support/__init__": EVERYWHERE | EPOCH | LIBRARY,
    "support/command": EVERYWHERE | EPOCH | LIBRARY,
    "support/device": TUNE
    | TRAIN
    | EVALUATE
    | ATTACK
    | {"notebooks", "train_linear"}
    | LIBRARY
    | LEVELS,
    "support/errors": set(),
    "support/files": EVERYWHERE | EPOCH | LIBRARY,
    "support/job_options": TUNE | TRAIN | EVALUATE | LINEAR | ATTACK | EPOCH | LIBRARY,
    "support/letters": {"paper", "tables"},
    "support/machine": TRAIN,
    "support/product_options": {"analysis", "corrupt", "figures", "paper", "tables"},
    "support/progress": TUNE | TRAIN | ATTACK | {"paper", "tables"},
    "support/results": EVERYWHERE - LEVELS - {"prepare", "corrupt", "train_linear"} | LIBRARY,
    "support/seeds": TUNE | TRAIN | EVALUATE | ATTACK | SEEDED | EPOCH | LEVELS,
    "tables/__init__": {"paper", "tables"},
    "tables/claims": {"tables"},
    "tables/html": {"tables"},
    "tables/latex": {"paper", "tables"},
    "training/__init__": TUNE | TRAIN | {"notebooks", "train_linear"} | EPOCH | LIBRARY,
    "training/deel_lip": LIBRARY,
    "training/checkpoints": TUNE | TRAIN,
    "training/double_backpropagation": TUNE | TRAIN,
    "training/engine": TUNE | TRAIN,
    "training/first_epoch": EPOCH,
    "training/job": TRAIN,
    "training/linear": {"notebooks", "train_linear"},
    "training/orders": TUNE | TRAIN | EPOCH,
    "training/run": TUNE | TRAIN,
    "training/stacked": TUNE | TRAIN,
    "training/timing": TRAIN,
    "tuning/__init__": TUNE,
    "tuning/job": TUNE,
}
STAGED_BY_SCRIPT = {"data", "tuning", "training", "evaluation"}


def stage_of(digest: Path) -> str:
    """A script's own name or, of products, that of its room."""
    room, script = digest.stem.split("-")[0].split(".")
    return script if room in STAGED_BY_SCRIPT else room


@pytest.fixture(scope="module")
def stages(shipped: Study) -> dict[str, set[str]]:
    """Stages whose digests name a module, by module."""
    shipped.plan("data")
    found: dict[str, set[str]] = {module: set() for module in STAGES}
    for digest in (shipped.folder / ".snakemake/modules").iterdir():
        for module in re.findall(r"  src/gradloss/(.+)\.py$", digest.read_text(), re.MULTILINE):
            found.setdefault(module, set()).add(stage_of(digest))
    return found


def test_every_module_has_one_row():
    package = ROOT / "src/gradloss"
    files = {str(file.relative_to(package).with_suffix("")) for file in package.rglob("*.py")}
    assert files - STAGES.keys() == set(), "modules without a row"
    assert STAGES.keys() - files == set(), "rows without a module"


@pytest.mark.parametrize("module", STAGES)
def test_a_module_is_an_input_of_the_stages_that_compute_with_it(stages: dict, module: str):
    assert stages[module] == STAGES[module]


@contextmanager
def edited(study: Study, file: str, line: str) -> Iterator[None]:
    """Append a line, and put the file back."""
    path = study.folder / file
    text = path.read_bytes()
    study.append(file, line)
    try:
        yield
    finally:
        path.write_bytes(text)


# An edit of a module, and the kinds of methods that are trained, evaluated and attacked again.
@pytest.mark.parametrize(
    ("module", "trained", "evaluated", "attacked"),
    [
        ("losses/hkr.py", {"hkr"}, {"hkr"}, {"hkr"}),
        ("losses/plain.py", {"plain"}, {"plain"}, {"plain"}),
        ("training/engine.py", {"hkr", "plain"}, {"hkr", "plain"}, {"hkr", "plain"}),
        ("training/linear.py", {"linear"}, set(), set()),
        ("evaluation/job.py", set(), {"hkr", "plain"}, set()),
        # By noise a constant is tuned too.
        ("evaluation/perturbations.py", {"plain"}, {"hkr", "plain"}, set()),
        ("evaluation/attacks.py", set(), set(), {"hkr", "plain"}),
        ("figures/style.py", set(), set(), set()),
        ("data/preparations/diabetes.py", set(), set(), set()),
        ("data/download.py", set(), set(), set()),
        ("support/errors.py", set(), set(), set()),
    ],
)
def test_an_edit_costs_what_computes_with_it(
    stubbed: Finished, module: str, trained: set[str], evaluated: set[str], attacked: set[str]
):
    with edited(stubbed.study, f"src/gradloss/{module}", "# harmless"):
        outcome = stubbed.study.plan()
    for verb, kinds in (("Training", trained), ("Evaluating", evaluated), ("Attacking", attacked)):
        methods = {method for method, *_ in outcome.replicates(verb)}
        assert {kind_of(method) for method in methods} == kinds, verb
    assert not outcome.jobs.keys() & {"download_dataset", "prepare_dataset"}


def test_models_that_come_out_the_same_are_not_evaluated_or_attacked_again(
    stubbed: Finished, tmp_path: Path
):
    study = stubbed.study.copy(tmp_path / "study")
    study.append("src/gradloss/training/engine.py", "# harmless")
    trained = study.snakemake("models")
    assert trained.code == 0, trained.text
    assert trained.replicates("Training")
    outcome = study.plan()
    for verb in ("Training", "Evaluating", "Attacking"):
        assert outcome.replicates(verb) == set()


def kind_of(method: str) -> str:
    kind = method.partition("_")[0]
    return kind if kind in ("hkr", "linear") else "plain"


def test_what_failures_are_called_reruns_nothing(stubbed: Finished):
    with edited(stubbed.study, "src/gradloss/support/errors.py", "# harmless"):
        assert stubbed.study.plan().jobs == {}


def test_a_new_download_is_described_and_touches_no_other(stubbed: Finished):
    manifest = yaml.safe_load((ROOT / "src/gradloss/data/manifest.yaml").read_text())
    entry = yaml.safe_dump({"another": {**manifest["boston"], "title": "Another"}})
    with edited(stubbed.study, "src/gradloss/data/manifest.yaml", entry):
        jobs = stubbed.study.plan().jobs
    described = {"describe_data", "tabulate", "preview_tables", "write_numbers"}
    assert set(jobs) == described | {"write_provenance", "write_crate", "all"}


def test_other_content_of_one_download_is_downloaded_again(stubbed: Finished):
    path = stubbed.study.folder / "src/gradloss/data/manifest.yaml"
    text = path.read_text()
    manifest = yaml.safe_load(text)
    path.write_text(text.replace(manifest["boston"]["content_sha256"], "f" * 64))
    outcome = stubbed.study.plan()
    path.write_text(text)
    assert outcome.jobs["download_dataset"] == 1
    assert {dataset for _, dataset, _ in outcome.replicates("Training")} == {
        "boston",
        "boston_leak_free",
    }


def test_an_edited_preparation_prepares_its_dataset(stubbed: Finished):
    with edited(stubbed.study, "src/gradloss/data/preparations/two_moons.py", "# harmless"):
        assert stubbed.study.plan().jobs["prepare_dataset"] == 1


def plan_with_library(study: Study, folder: Path, name: str, version: str) -> Outcome:
    """A dry run of a Python that finds a version of a library in a folder of its own."""
    file = folder / f"{name.replace('-', '_')}-{version}.dist-info/METADATA"
    file.parent.mkdir()
    file.write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    outcome = study.run("/usr/bin/env", f"PYTHONPATH={folder}", *SNAKEMAKE, "--dry-run")
    assert outcome.code == 0, outcome.text
    return outcome


@pytest.mark.parametrize(
    ("library", "verbs"),
    [
        ("adversarial-robustness-toolbox", {"Attacking"}),
        ("tensorflow", {"Training", "Evaluating", "Attacking"}),
        ("matplotlib", set()),
    ],
)
def test_another_version_of_a_library_reruns_what_computes_with_it(
    stubbed: Finished, tmp_path: Path, library: str, verbs: set[str]
):
    outcome = plan_with_library(stubbed.study, tmp_path, library, "9.9.9")
    found = {v for v in ("Training", "Evaluating", "Attacking") if outcome.replicates(v)}
    assert outcome.jobs
    assert found == verbs


def test_the_same_version_in_another_folder_reruns_nothing(stubbed: Finished, tmp_path: Path):
    name = "tensorflow"
    assert plan_with_library(stubbed.study, tmp_path, name, metadata.version(name)).jobs == {}
