"""A full disk or a read-only folder gives one sentence, and nothing is lost or half-written."""

import os
import re
import shutil
import sys
from pathlib import Path

import pytest
from study import SNAKEMAKE, Outcome, Study

READ_ONLY = "mount --bind {0} {0} && mount -o remount,bind,ro {0}"
SMALL = "mount -t tmpfs -o size={1} tmpfs {0}"
READ_ONLY_SENTENCE = "error: {}: Read-only file system; check the path and its permissions"
FULL_SENTENCE = "error: {}: no space left on the disk; free some space and run again"

NETWORK = {"name": "multilayer_perceptron", "hidden": [600, 600]}  # 1.5 MB for each replicate


def run_mounted(study: Study, mount: str, *command: str) -> Outcome:
    """Run a command where something is mounted that nobody else sees; what it leaves in
    `results` stays there."""
    programs = {name: shutil.which(name) for name in ("unshare", "sh")}
    assert all(programs.values()), "the tests need util-linux"
    script = (
        f'export PATH="{os.environ["PATH"]}:/sbin:$PATH" && {mount} || exit 99\n'
        '"$@"; code=$?\n'
        "cp -a results left; exit $code"
    )
    namespace = ["--mount", *([] if os.getuid() == 0 else ["--map-root-user"])]
    return study.run(programs["unshare"], *namespace, programs["sh"], "-c", script, "sh", *command)


def contents(folder: Path) -> dict[Path, bytes]:
    files = [file for file in folder.rglob("*") if file.is_file()]
    return {file.relative_to(folder): file.read_bytes() for file in files}


@pytest.mark.parametrize("folder", ["results", "data", "."])
def test_a_read_only_folder_is_told_at_once_and_stays_as_it_is(
    computed: Study, targets: list[str], folder: str
):
    (computed.folder / "data").mkdir()
    before = contents(computed.folder / "results")
    computed.append("src/gradloss/training/engine.py", "HARMLESS = 1")
    outcome = run_mounted(computed, READ_ONLY.format(folder), *SNAKEMAKE, *targets)
    told = ".snakemake" if folder == "." else folder
    assert (outcome.code, outcome.last_line) == (1, READ_ONLY_SENTENCE.format(told))
    assert contents(computed.folder / "results") == before
    assert "Traceback" not in outcome.text


def test_a_full_disk_is_told_at_once(fresh: Study):
    (fresh.folder / "results").mkdir()
    outcome = run_mounted(fresh, SMALL.format("results", "512k"), *SNAKEMAKE, "data")
    assert (outcome.code, outcome.last_line) == (1, FULL_SENTENCE.format("results"))
    assert "Traceback" not in outcome.text
    assert contents(fresh.folder / "left") == {}


def test_a_disk_that_fills_up_fails_the_job_and_keeps_what_is_whole(fresh_regression: Study):
    study, job = fresh_regression, "results/models/diabetes/gradient/0-1"
    study.change_config(lambda config: config["datasets"]["diabetes"].update(network=NETWORK))
    (study.folder / "results").mkdir()
    outcome = run_mounted(study, SMALL.format("results", "2m"), *SNAKEMAKE, job)
    assert outcome.code == 1
    # A checkpoint or a model, whichever is written first.
    (path,) = re.findall(FULL_SENTENCE.format(r"(\S+)"), outcome.text)
    assert path.startswith(("results/checkpoints/diabetes/", "results/models/diabetes/"))
    assert "Traceback" not in outcome.text
    kept = contents(study.folder / "left")
    assert {file.parts[0] for file in kept} == {"data", "logs", "benchmarks"}
    (study.folder / "results").rmdir()
    (study.folder / "left").rename(study.folder / "results")
    again = study.snakemake(job)
    assert again.code == 0, again.text
    assert again.jobs == {"train_gradient": 1}


FILLS_THE_DISK = """
from pathlib import Path

with Path("results/filler").open("wb", buffering=0) as file:
    while True:
        file.write(bytes(4096))
"""


def test_a_disk_too_full_for_a_log_is_told_at_the_end(fresh: Study):
    (fresh.folder / "scripts/data/prepare.py").write_text(FILLS_THE_DISK)
    (fresh.folder / "results").mkdir()
    outcome = run_mounted(fresh, SMALL.format("results", "2m"), *SNAKEMAKE, "data")
    assert (outcome.code, outcome.last_line) == (1, FULL_SENTENCE.format("results"))
    assert "Traceback" not in outcome.text


@pytest.mark.parametrize(
    ("mount", "sentence"),
    [
        (READ_ONLY.format("results"), READ_ONLY_SENTENCE),
        (SMALL.format("results", "8k"), FULL_SENTENCE),
    ],
    ids=["read-only", "full"],
)
def test_a_script_by_hand_says_the_same(fresh: Study, mount: str, sentence: str):
    (fresh.folder / "results").mkdir()
    options = ["--dataset=two_moons", '--settings={"pool_size": 9999, "noise": 0.1, "seed": 1}']
    script = [sys.executable, "scripts/data/prepare.py", *options, "--output=results/pool.npz"]
    outcome = run_mounted(fresh, mount, "env", "PYTHONPATH=src", *script)
    assert outcome.code == 1
    assert re.fullmatch(sentence.format(r"results/\S+\.npz") + "\n", outcome.text)
    assert contents(fresh.folder / "left") == {}
