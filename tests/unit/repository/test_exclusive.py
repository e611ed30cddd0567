"""One run at a time in a folder."""

import errno
import fcntl
import os
from pathlib import Path

import pytest
from project import module_at

from gradloss.support.errors import UserError

exclusive = module_at("workflow/exclusive.py")


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch):
    """Descriptors of the locks that a test takes, which are given back after it."""
    descriptors: list[int] = []
    monkeypatch.setattr(exclusive, "_held", descriptors)
    yield descriptors
    for descriptor in descriptors:
        os.close(descriptor)


def test_a_second_run_is_told_of_the_first(held: list[int], tmp_path: Path):
    exclusive.take_folder(tmp_path)
    with pytest.raises(UserError, match=f"process {os.getpid()} runs the workflow in {tmp_path}"):
        exclusive.take_folder(tmp_path)


@pytest.mark.parametrize("reason", [errno.ENOSYS, errno.ENOLCK])
def test_a_file_system_without_locks_is_warned_of(
    held: list[int],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture,
    reason: int,
):
    def refuse(*_: object) -> None:
        raise OSError(reason, os.strerror(reason))

    monkeypatch.setattr(fcntl, "flock", refuse)
    exclusive.take_folder(tmp_path)
    assert capsys.readouterr().err == (
        f"warning: the file system of {tmp_path} cannot lock files; start no second run in this"
        " folder while this one runs\n"
    )
    assert (tmp_path / ".snakemake/run.lock").read_text() == f"{os.getpid()}\n"
    reason = errno.EIO
    with pytest.raises(OSError, match="Input/output"):
        exclusive.take_folder(tmp_path)


def test_who_only_looks_does_not_keep_a_run_from_its_folder(
    held: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / ".snakemake").mkdir()
    looking = (tmp_path / ".snakemake/run.lock").open("w")
    fcntl.flock(looking, fcntl.LOCK_SH)
    monkeypatch.setattr(exclusive.time, "sleep", lambda _seconds: looking.close())
    assert not exclusive.is_taken(tmp_path)
    exclusive.take_folder(tmp_path)
    assert exclusive.is_taken(tmp_path)
