"""Ranges of replicates on the command line, and errors without a file name."""

import argparse
import errno
import re
import subprocess
import sys

import pytest

from gradloss.support import command
from gradloss.support.errors import UserError
from gradloss.support.files import atomic_write
from gradloss.support.job_options import parse_replicates


@pytest.mark.parametrize(
    ("text", "expected"), [("0-0", [0]), ("0-2", [0, 1, 2]), ("8-10", [8, 9, 10])]
)
def test_ranges_include_both_ends(text, expected):
    assert parse_replicates(text) == expected


@pytest.mark.parametrize("text", ["", "3", "2-1", "-1", "0-", "a-b", "0-1-2", "0 - 1", "0-1\n"])
def test_other_texts_are_refused(text):
    message = re.escape(f"{text!r} is not a range FIRST-LAST such as 0-9")
    with pytest.raises(argparse.ArgumentTypeError, match=message):
        parse_replicates(text)


def test_the_parser_shows_the_sentence(capsys):
    parser = argparse.ArgumentParser()
    parser.add_argument("--replicates", type=parse_replicates)
    with pytest.raises(SystemExit):
        parser.parse_args(["--replicates", "5"])
    assert "'5' is not a range FIRST-LAST such as 0-9" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (OSError("the pipe is gone"), "the pipe is gone"),
        (
            OSError(errno.EACCES, "Permission denied"),
            "a file: Permission denied; check the path and its permissions",
        ),
        (
            OSError(errno.EDQUOT, "Disk quota exceeded", "big.npz"),
            "big.npz: no space left on the disk; free some space and run again",
        ),
    ],
)
def test_errors_of_the_system_in_one_line(error, expected, capsys):
    def main():
        raise error

    with pytest.raises(SystemExit) as caught:
        command.run(main)
    assert caught.value.code == 1
    assert capsys.readouterr().err == f"error: {expected}\n"


def test_a_main_that_succeeds_ends_the_process_quietly():
    script = (
        "from gradloss.support.command import run; run(lambda: print('all of it')); print('more')"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "all of it\n", "")


def run_failing(error: Exception, capsys) -> str:
    def main() -> None:
        raise error

    with pytest.raises(SystemExit) as caught:
        command.run(main)
    assert caught.value.code == 1
    return capsys.readouterr().err


def test_run_makes_expected_errors_one_line(capsys):
    assert run_failing(UserError("bad\n  input"), capsys) == "error: bad input\n"
    missing = FileNotFoundError(errno.ENOENT, "No such file or directory", "there.npz")
    expected = "error: there.npz: No such file or directory; check the path and its permissions\n"
    assert run_failing(missing, capsys) == expected


def test_run_names_the_file_when_the_disk_is_full(tmp_path, capsys):
    target = tmp_path / "big.npz"

    def main() -> None:
        with atomic_write(target):
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(SystemExit):
        command.run(main)
    expected = f"error: {target}: no space left on the disk; free some space and run again\n"
    assert capsys.readouterr().err == expected
    assert not list(tmp_path.iterdir())


def test_run_lets_other_errors_through():
    def main() -> None:
        raise ZeroDivisionError("a bug")

    with pytest.raises(ZeroDivisionError, match="a bug"):
        command.run(main)
