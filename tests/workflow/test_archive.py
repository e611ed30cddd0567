"""A run, packed and laid into a fresh checkout, is as if it had been computed there."""

import os
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from study import ROOT, Finished, Outcome, Study

from gradloss.paper.archive import TRANSPOSED

GIT = ["git", "-c", "user.name=A tester", "-c", "user.email=tester@example.invalid"]
# What no reader of an archive should have to do.
COMPUTING = {
    *("download_dataset", "prepare_dataset", "train_gradient", "train_baseline", "train_hkr"),
    *("evaluate_run", "evaluate_hkr", "compute_level_sets", "execute_notebook"),
}
HOST = {"logs", "benchmarks"}


@dataclass(frozen=True)
class Archived:
    """A finished study that is a commit, and its archives."""

    study: Study
    small: Path
    whole: Path


def script(study: Study, name: str, *arguments: object) -> Outcome:
    """Run a script of the paper, with git on the path."""
    variables = ["PYTHONPATH=src", f"PATH={study.path}"]
    command = [sys.executable, f"scripts/paper/{name}.py", *map(str, arguments)]
    return study.run("env", *variables, *command, path=os.environ["PATH"])


def git(folder: Path, *arguments: str) -> str:
    return subprocess.check_output([*GIT, *arguments], cwd=folder, text=True).strip()


@pytest.fixture(scope="module")
def path_with_git(tmp_path_factory: pytest.TempPathFactory, path_without_tex: str) -> str:
    folder = tmp_path_factory.mktemp("git")
    (folder / "git").symlink_to(shutil.which("git"))
    return f"{folder}:{path_without_tex}"


@pytest.fixture(scope="module")
def archived(
    finished: Finished, tmp_path_factory: pytest.TempPathFactory, path_with_git: str
) -> Archived:
    """Its sources are committed after the run, which changes nothing but the provenance."""
    folder = tmp_path_factory.mktemp("archived")
    study = Study(finished.study.copy(folder / "study").folder, path_with_git)
    shutil.copy(ROOT / ".gitignore", study.folder)
    git(study.folder, "init", "--quiet")
    git(study.folder, "add", "--all")
    git(study.folder, "commit", "--quiet", "--message", "A commit")
    outcome = study.snakemake()
    assert outcome.code == 0, outcome.text
    archives = Archived(study, folder / "small.tar.xz", folder / "whole.tar.xz")
    for outcome in (
        script(study, "archive", "--small", "--output", archives.small),
        script(study, "archive", "--output", archives.whole),
    ):
        assert outcome.code == 0, outcome.text
    return archives


def checkout(archived: Archived, folder: Path) -> Study:
    git(folder.parent, "clone", "--quiet", str(archived.study.folder), str(folder))
    return Study(folder, archived.study.path)


@pytest.fixture
def fresh_checkout(archived: Archived, tmp_path: Path) -> Study:
    return checkout(archived, tmp_path / "checkout")


@pytest.fixture(scope="module")
def restored(archived: Archived, tmp_path_factory: pytest.TempPathFactory) -> Study:
    """A checkout with the small archive; not to be changed."""
    study = checkout(archived, tmp_path_factory.mktemp("restored") / "study")
    outcome = script(study, "restore", archived.small)
    assert outcome.code == 0, outcome.text
    return study


def products(study: Study) -> dict[str, bytes]:
    results = study.folder / "results"
    files = {file.relative_to(results): file for file in results.rglob("*") if file.is_file()}
    return {
        str(name): file.read_bytes()
        for name, file in files.items()
        if not HOST & set(name.parts) and not name.name.startswith(".")
    }


def test_a_small_archive_gives_every_product_to_the_byte(
    archived: Archived, restored: Study, tmp_path: Path
):
    study = restored.copy(tmp_path / "study")
    outcome = study.snakemake()
    assert outcome.code == 0, outcome.text
    assert not outcome.jobs.keys() & COMPUTING
    assert outcome.jobs["plot_noise"] == outcome.jobs["write_provenance"] == 1
    expected = products(archived.study)
    left_out = {name for name in expected if name.endswith(".keras") or name.startswith("data/")}
    left_out |= {name for name in expected if name.startswith("checkpoints/")}
    # No claim compares methods point by point where each replicate has test points of its own.
    left_out |= {name for name in expected if re.fullmatch(r"evaluations/two_moons/.*\.npz", name)}
    assert any(name.startswith("evaluations/") for name in left_out)
    found = products(study)
    assert found.keys() == expected.keys() - left_out
    assert [name for name in found if found[name] != expected[name]] == []
    assert study.plan().jobs == {}


def test_what_each_job_took_is_in_the_archive(archived: Archived, restored: Study):
    def measurements(study: Study) -> dict[str, bytes]:
        files = (study.folder / "results/benchmarks").rglob("*.tsv")
        return {str(file.relative_to(study.folder)): file.read_bytes() for file in files}

    found, computed = measurements(restored), measurements(archived.study)
    assert found.items() <= computed.items()
    assert {name for name in computed if "/train/" in name or "/evaluate/" in name} <= found.keys()


def test_a_whole_archive_has_data_and_models_too(archived: Archived, fresh_checkout: Study):
    outcome = script(fresh_checkout, "restore", archived.whole)
    assert outcome.code == 0, outcome.text
    expected, found = products(archived.study), products(fresh_checkout)
    assert {name for name in found if name.endswith(".keras")} == {
        name for name in expected if name.endswith(".keras")
    }
    assert "data/two_moons.npz" in found
    assert [name for name in found if found[name] != expected[name]] == []
    assert not fresh_checkout.plan("all").jobs.keys() & COMPUTING
    rerun = fresh_checkout.plan("--forcerun", "evaluate_hkr").jobs
    assert rerun["evaluate_hkr"] == 1
    assert not rerun.keys() & {"prepare_dataset", "train_hkr"}


def test_what_was_restored_is_packed_again_although_models_are_to_be_trained(
    restored: Study, tmp_path: Path
):
    study = restored.copy(tmp_path / "study")
    (study.folder / "results/level_sets/two_moons.npz").unlink()
    assert study.plan().jobs["evaluate_hkr"] == 1  # as its model is trained again
    outcome = script(study, "archive", "--small", "--output", tmp_path / "again.tar.xz")
    assert outcome.code == 0, outcome.text
    assert "the run is not finished" in outcome.text
    with tarfile.open(tmp_path / "again.tar.xz") as archive:
        names = {name.removesuffix(TRANSPOSED) for name in archive.getnames()}
    for kind in ("evaluations", "histories", "timings"):
        assert f"results/{kind}/two_moons/hkr/0-1.csv" in names
    assert "results/level_sets/two_moons.npz" not in names


def with_more_epochs(study: Study) -> None:
    study.change_config(lambda config: config["methods"]["hkr"].update(steps_per_epoch=4))


def with_other_points(study: Study) -> None:
    study.change_config(
        lambda config: config["datasets"]["two_moons"]["preparation"].update(noise=0.06)
    )


def with_line(file: str) -> Callable[[Study], None]:
    return lambda study: study.append(file, "# an edit")


TRAINED = {"train_gradient", "train_baseline", "train_hkr"}


@pytest.mark.parametrize(
    ("change", "rules"),
    [
        (with_line("scripts/figures/plot_noise.py"), set()),
        (with_line("src/gradloss/analysis/verdicts.py"), set()),
        (with_more_epochs, {"train_hkr"}),
        (with_other_points, {"prepare_dataset", *TRAINED}),
        (with_line("src/gradloss/losses/plain.py"), {"train_gradient", "train_baseline"}),
        (with_line("src/gradloss/evaluation/perturbations.py"), TRAINED),
    ],
    ids=["figure", "verdict", "key", "preparation", "loss", "noise"],
)
def test_a_change_reruns_what_it_would_rerun_of_computed_results(
    restored: Study, tmp_path: Path, change: Callable[[Study], None], rules: set[str]
):
    """Models are trained again where they are needed, as a small archive has none."""
    study = restored.copy(tmp_path / "study")
    change(study)
    jobs = study.plan("paper").jobs
    assert jobs.keys() & {"prepare_dataset", *TRAINED} >= rules
    assert bool(jobs.keys() & COMPUTING) == bool(rules)


def state(study: Study) -> list[str]:
    """Files of the results, and Snakemake's records."""
    places = [study.folder / "results", study.folder / ".snakemake"]
    return sorted(str(file) for place in places for file in place.rglob("*") if file.is_file())


def refusal(study: Study, *arguments: object) -> str:
    """The sentence with which an archive is refused; nothing is written."""
    before = state(study)
    outcome = script(study, "restore", *arguments)
    assert outcome.code == 1
    assert state(study) == before
    assert len(outcome.text.splitlines()) == 1
    return outcome.text.strip()


def test_a_flipped_byte_and_a_cut_file_are_refused(
    archived: Archived, fresh_checkout: Study, tmp_path: Path
):
    content = archived.small.read_bytes()
    changed = bytearray(content)
    changed[len(content) // 2] ^= 1
    for name, damaged in {"flipped": changed, "cut": content[:-1000]}.items():
        path = tmp_path / f"{name}.tar.xz"
        path.write_bytes(damaged)
        told = refusal(fresh_checkout, path)
        assert told.startswith(f"error: {path}: not a whole archive of results (")
        assert told.endswith("; fetch it again")


def test_an_archive_of_another_commit_is_refused(archived: Archived, fresh_checkout: Study):
    commit = git(archived.study.folder, "rev-parse", "HEAD")[:7]
    fresh_checkout.append("scripts/figures/plot_noise.py", "# of no measured value")
    fresh_checkout.append("src/gradloss/losses/plain.py", "# an edit")
    assert refusal(fresh_checkout, archived.small) == (
        f"error: the archive is of commit {commit}, from which src/gradloss/losses/plain.py differs"
        " here; check that commit out, restore there, and make changes afterwards"
    )


def test_results_are_not_overwritten(archived: Archived, fresh_checkout: Study):
    (fresh_checkout.folder / "results").mkdir()
    (fresh_checkout.folder / "results/mine.csv").write_text("mine")
    assert refusal(fresh_checkout, archived.small) == (
        "error: results/mine.csv is of another run; move results away and restore again"
    )


def test_results_that_began_with_an_archive_are_left_as_they_are(
    restored: Study, archived: Archived
):
    before = state(restored)
    outcome = script(restored, "restore", archived.small)
    assert outcome.code == 0
    assert outcome.text.startswith(f"{archived.small} is restored already; ")
    assert state(restored) == before
    assert refusal(restored, archived.whole).endswith("move results away and restore again")


def test_an_archive_is_the_one_that_is_meant(archived: Archived, fresh_checkout: Study):
    digest = "0" * 64
    assert f"not the file with the SHA-256 {digest}" in refusal(
        fresh_checkout, archived.small, "--sha256", digest
    )
    assert refusal(fresh_checkout, "https://example.invalid/a.tar.xz") == (
        "error: https://example.invalid/a.tar.xz: give the SHA-256 of the archive too, as"
        " ARCHIVE_SHA256"
    )
    assert refusal(fresh_checkout, "missing.tar.xz") == (
        "error: missing.tar.xz: No such file or directory; check the path and its permissions"
    )


def test_without_a_published_run_there_is_nothing_to_restore(fresh_checkout: Study):
    (fresh_checkout.folder / "paper/published.tar.xz").unlink(missing_ok=True)
    assert refusal(fresh_checkout, "paper/published.tar.xz") == (
        "error: paper/published.tar.xz is not there yet: make publish writes it after a full run"
    )


def test_a_run_that_is_not_finished_goes_on_where_it_is_restored(
    archived: Archived, tmp_path: Path
):
    study = archived.study.copy(tmp_path / "study")
    for name in ("evaluations/two_moons/hkr/0-1.csv", "metrics.csv", "figures/noise_two_moons.pdf"):
        (study.folder / "results" / name).unlink()
    outcome = script(study, "archive", "--small", "--output", tmp_path / "part.tar.xz")
    assert outcome.code == 0, outcome.text
    assert "; the run is not finished, " in outcome.last_line
    other = checkout(archived, tmp_path / "checkout")
    outcome = script(other, "restore", tmp_path / "part.tar.xz")
    assert outcome.code == 0, outcome.text
    assert not (other.folder / "results/evaluations/two_moons/hkr/0-1.csv").exists()
    assert (other.folder / "results/evaluations/two_moons/gradient/0-1.csv").exists()
    # The data first: what is planned after them is planned as if they came out otherwise.
    assert other.snakemake("data").code == 0
    jobs = other.plan("paper").jobs
    assert jobs["train_hkr"] == jobs["evaluate_hkr"] == 1
    assert not jobs.keys() & {"train_gradient", "train_baseline", "evaluate_run"}


def test_without_results_there_is_nothing_to_pack(fresh_checkout: Study):
    outcome = script(fresh_checkout, "archive", "--output", "archive.tar.xz")
    assert outcome.code == 1
    assert outcome.last_line == (
        "error: there is nothing to archive: no results of these sources; run make paper"
    )
    assert not (fresh_checkout.folder / "archive.tar.xz").exists()
