"""Jobs have the same environment whatever the shell says, and files the same bytes."""

import getpass
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from project import ROOT, module_at

from gradloss.support.errors import UserError

environment = module_at("workflow/environment.py")


@pytest.fixture
def variables(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, str]:
    """Variables of a shell, which a test may change."""
    shell = {"HOME": "/home/a", "CUDA_VISIBLE_DEVICES": "1", "GRADLOSS_MIRROR": "/mirror"}
    monkeypatch.setattr(os, "environ", shell)
    return shell


def test_foreign_variables_go_and_others_stay(variables: dict[str, str], tmp_path: Path):
    variables["USER"] = "a"
    environment.set_environment(Path("/source"), tmp_path)
    clean = dict(variables)
    foreign = {"PYTHONHOME": "/", "PYTHONPATH": "/", "KERAS_BACKEND": "jax", "OMP_NUM_THREADS": "7"}
    foreign |= {"TF_ENABLE_ONEDNN_OPTS": "0", "MPLBACKEND": "TkAgg", "TF_USE_LEGACY_KERAS": "1"}
    variables.update(foreign)
    environment.set_environment(Path("/source"), tmp_path)
    assert variables == clean
    assert clean["HOME"] == "/home/a" and clean["CUDA_VISIBLE_DEVICES"] == "1"
    assert clean["PYTHONPATH"] == "/source"


def test_a_user_without_a_name_gets_one(
    variables: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def unknown() -> str:
        raise KeyError("getpwuid(): uid not found: 54321")

    monkeypatch.setattr(getpass, "getuser", unknown)
    environment.set_environment(Path("/source"), tmp_path)
    assert variables["USER"] == str(os.getuid())


def test_a_path_that_no_list_of_folders_can_hold_is_refused():
    environment.refuse_separator(Path("/a b/'c'/$d"))
    with pytest.raises(UserError, match="/a:b: this path holds the character :, which separates"):
        environment.refuse_separator(Path("/a:b"))


def test_line_ends_are_those_of_unix_whatever_the_settings_of_git(tmp_path: Path):
    def git(*arguments: str) -> None:
        settings = ["user.name=A", "user.email=a@b.c", "core.autocrlf=true", "core.eol=crlf"]
        options = [word for setting in settings for word in ("-c", setting)]
        subprocess.run(["git", *options, *arguments], cwd=tmp_path, check=True, capture_output=True)

    for name in (".gitattributes", "Makefile", "docs/headline.png"):
        (tmp_path / "origin" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / "origin" / name)
    git("init", "origin")
    git("-C", "origin", "add", ".")
    git("-C", "origin", "commit", "-m", "files")
    git("clone", "origin", "clone")
    for name in ("Makefile", "docs/headline.png"):
        assert (tmp_path / "clone" / name).read_bytes() == (ROOT / name).read_bytes()
