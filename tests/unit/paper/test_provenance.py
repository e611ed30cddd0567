"""What the paper's figures, tables and numbers were made from."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from project import ROOT, module_at

from gradloss.paper.provenance import FILES, SOURCES, Origins, State, read_state
from gradloss.paper.quotations import COMMANDS

write_provenance = module_at("scripts/paper/write_provenance.py")

COMMIT = "0123456789abcdef0123456789abcdef01234567"
SWHID = "swh:1:dir:" + "5" * 40
RULES = {
    "results/figures/noise_boston.pdf": "plot_noise",
    "results/tables/sweep.tex": "tabulate",
    "results/numbers.tex": "write_numbers",
    "results/metrics.csv": "collect_metrics",
    "results/claims.csv": "judge_claims",
}
SETTINGS = {
    "rules": RULES,
    "defined_in": dict.fromkeys(RULES.values(), "workflow/a_b.smk"),
    "configuration": {"seed": 7},
    "config": "c0" * 32,
    "commit": "commit 0123456 with changes",
    "hash": COMMIT,
    "swhid": SWHID,
    "date": "2026-02-03T04:05:06+00:00",
    "repository": "",
}
NUMBERS = r"""\newcommand*\gradloss@measured[4]{\gradloss@define{#1}{#2}{\numberlink{#3}#4}}
\gradloss@measured{resultci}{boston/gradient/mse@0.1}{0.0702}{ [0.0650, 0.0751]}
\gradloss@measured{finding}{p1}{\num{2.1e-05}}{}
\gradloss@define{verdict}{p1}{not reproduced}
\gradloss@define{setting}{seed}{7}
\gradloss@define{version}{keras}{3.15.1}
"""


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=A", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false")
    subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True)


def commit(folder: Path, file: str) -> None:
    (folder / file).parent.mkdir(exist_ok=True)
    (folder / file).write_text(file)
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", file)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "-q")
    commit(folder, "src/module.py")
    return folder


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Files of RULES and the lock file, in the working folder."""
    for file in [*RULES, "requirements.lock", "paper/published_timings.csv"]:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(NUMBERS if "numbers" in file else file)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_state_is_the_last_commit_of_the_sources(repository: Path):
    before = read_state(repository)
    assert re.fullmatch("[0-9a-f]{40}", before.commit) and not before.changed
    commit(repository, "README.md")
    assert read_state(repository) == before
    commit(repository, "paper/published_timings.csv")
    (repository / "paper/published.csv").write_text("of a run")
    assert read_state(repository) == before
    commit(repository, "paper/main.tex")
    assert read_state(repository).commit != before.commit


def test_the_sources_are_identified_as_software_heritage_does(repository: Path):
    """By the hash of git's objects, header and content; here of one file in a folder."""

    def hash_of(kind: str, content: bytes) -> bytes:
        return hashlib.sha1(
            f"{kind} {len(content)}\0".encode() + content, usedforsecurity=False
        ).digest()

    file = hash_of("blob", (repository / "src/module.py").read_bytes())
    folder = hash_of("tree", b"100644 module.py\0" + file)
    tree = hash_of("tree", b"40000 src\0" + folder)
    assert read_state(repository).swhid == f"swh:1:dir:{tree.hex()}"


def test_the_date_is_that_of_the_commit_of_the_sources(
    repository: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("GIT_COMMITTER_DATE", "2026-02-03T04:05:06+02:00")
    commit(repository, "paper/main.tex")
    monkeypatch.setenv("GIT_COMMITTER_DATE", "2026-07-08T00:00:00+00:00")
    commit(repository, "README.md")
    assert read_state(repository).date == "2026-02-03T02:05:06+00:00"


@pytest.mark.parametrize("file", ["src/module.py", "scripts/new.py"])
def test_changes_of_the_sources_are_told(repository: Path, file: str):
    (repository / "notes.txt").write_text("no source")
    assert not read_state(repository).changed
    (repository / file).parent.mkdir(exist_ok=True)
    (repository / file).write_text("changed")
    state = read_state(repository)
    assert state.changed
    assert str(state) == f"commit {state.commit[:7]} with changes"


def test_without_a_repository_of_its_own_a_folder_has_no_commit(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    assert read_state(tmp_path) == State(None, changed=False)
    assert read_state(repository / "src") == State(None, changed=False)
    monkeypatch.setenv("PATH", "")
    assert str(read_state(repository)) == "unknown commit"


def test_no_variable_or_setting_of_the_user_names_another_commit(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    state = read_state(repository)
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "-q")
    commit(other, "src/other.py")
    settings = tmp_path / "gitconfig"
    settings.write_text(
        "[log]\n  showSignature = true\n  decorate = short\n[color]\n  ui = always\n"
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    assert read_state(repository) == state


def test_the_owner_of_the_folder_is_no_matter(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    state = read_state(repository)
    real = shutil.which("git")
    stranger = tmp_path / "programs" / "git"
    stranger.parent.mkdir()
    stranger.write_text(f'#!/bin/sh\nGIT_TEST_ASSUME_DIFFERENT_OWNER=1 exec {real} "$@"\n')
    stranger.chmod(0o755)
    monkeypatch.setenv("PATH", f"{stranger.parent}:{os.environ['PATH']}")
    refused = subprocess.run(["git", "-C", str(repository), "status"], capture_output=True)
    assert b"dubious ownership" in refused.stderr
    assert read_state(repository) == state


def test_a_shallow_clone_does_not_name_the_commit_at_which_it_ends(
    repository: Path, tmp_path: Path
):
    commit(repository, "src/second.py")
    state = read_state(repository)
    commit(repository, "README.md")
    for depth, expected in [(1, "unknown commit"), (2, "unknown commit"), (3, str(state))]:
        clone = tmp_path / f"clone{depth}"
        git(tmp_path, "clone", "-q", f"--depth={depth}", repository.as_uri(), str(clone))
        assert str(read_state(clone)) == expected


def test_sources_are_there():
    assert [name for name in SOURCES if not (ROOT / name).exists()] == []


def test_every_command_has_a_file():
    assert FILES.keys() | {"setting", "timing", "version"} == COMMANDS.keys()


def test_records_name_file_rule_config_commit_and_hash(results: Path):
    origins = Origins(RULES, "c0", "commit 1")
    file = "results/figures/noise_boston.pdf"
    record = {
        "file": file,
        "sha256": hashlib.sha256(file.encode()).hexdigest(),
        "rule": "plot_noise",
        "config": "c0",
        "commit": "commit 1",
    }
    assert origins.products("figures") == {"noise_boston": record}
    assert origins.products("tables").keys() == {"sweep"}
    found = origins.numbers([("verdict", "p1", "inconclusive"), ("setting", "seed", "7")])
    assert found[r"\verdict{p1}"]["rule"] == "judge_claims"
    assert found[r"\verdict{p1}"]["text"] == "inconclusive"
    assert found[r"\setting{seed}"]["file"] == "config.yaml"
    assert found[r"\setting{seed}"]["sha256"] == found[r"\setting{seed}"]["config"] == "c0"
    assert found[r"\setting{seed}"]["rule"] is None


def test_script_writes_every_number_and_the_links(results: Path, monkeypatch: pytest.MonkeyPatch):
    words = ["--numbers", "results/numbers.tex", "--settings", json.dumps(SETTINGS)]
    words += ["--latex", "results/provenance.tex", "--output", "results/provenance.json"]
    monkeypatch.setattr(sys, "argv", ["write_provenance.py", *words])
    write_provenance.main()
    written = json.loads((results / "results/provenance.json").read_text())
    assert written["configuration"] == {"seed": 7}
    names = ("commit", "hash", "date", "swhid", "repository")
    assert written["sources"] == {name: SETTINGS[name] for name in names}
    texts = {macro: record["text"] for macro, record in written["numbers"].items()}
    assert texts == {
        r"\resultci{boston/gradient/mse@0.1}": "0.0702 [0.0650, 0.0751]",
        r"\finding{p1}": r"\num{2.1e-05}",
        r"\verdict{p1}": "not reproduced",
        r"\setting{seed}": "7",
        r"\version{keras}": "3.15.1",
    }
    latex = (results / "results/provenance.tex").read_text()
    assert r"\newcommand*\commit{commit 0123456 with changes}" in latex
    assert rf"\newcommand*\identity{{ (\nolinkurl{{{SWHID}}})}}" in latex
    assert r"\gradloss@define{made}{figures/noise_boston}{\hyperlink{rule:plot_noise}" in latex
    assert latex.count(r"\hypertarget{rule:") == len(set(RULES.values()))


def test_links_lead_into_the_repository_that_is_named():
    settings = SETTINGS | {"repository": "https://example.org/us/study"}
    latex = write_provenance.render(RULES, settings)
    address = rf"https://example.org/us/study/blob/{COMMIT}/workflow/a_b.smk"
    assert rf"\gradloss@define{{made}}{{tables/sweep}}{{\href{{{address}}}" in latex
    assert r"\hyperlink" not in latex
    identity = rf"(\url{{https://example.org/us/study}}, \nolinkurl{{{SWHID}}})"
    assert identity in latex
    nowhere = write_provenance.render(RULES, settings | {"hash": None, "swhid": None})
    assert r"\identity{ (\url{https://example.org/us/study})}" in nowhere
    assert r"\hyperlink" in nowhere and r"\href" not in nowhere
