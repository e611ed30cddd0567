"""Data without a record of the job that wrote them are those of the manifest, or are refused."""

from base64 import urlsafe_b64encode
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from project import module_at

from gradloss.data.manifest import content_hash, load_manifest
from gradloss.support.errors import DataError
from gradloss.support.files import write_npz

downloads = module_at("workflow/downloads.py")
ARRAYS = {"table": np.arange(6.0).reshape(3, 2)}
ENTRY = replace(load_manifest()["trilotropicos"], content_sha256=content_hash(ARRAYS))
STRICT = replace(ENTRY, surrogate=False)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def check(entry: object) -> None:
    downloads.check_downloads(Path("data"), Path("records"), [entry])


def write(source: str, arrays: dict[str, np.ndarray], recorded: bool = False) -> None:
    path = Path("data/trilotropicos.npz")
    write_npz(path, {**arrays, "source": np.array(source)})
    if recorded:
        record = Path("records", urlsafe_b64encode(str(path).encode()).decode())
        record.parent.mkdir()
        record.touch()


def test_what_is_not_there_yet_is_no_fault():
    check(ENTRY)


@pytest.mark.parametrize("entry", [ENTRY, STRICT])
def test_the_data_of_the_manifest_are_taken_from_wherever_they_came(entry: object):
    write("elsewhere", ARRAYS)
    check(entry)


@pytest.mark.parametrize("entry", [ENTRY, STRICT])
def test_other_data_are_refused(entry: object):
    write("elsewhere", {"table": ARRAYS["table"] + 1})
    with pytest.raises(DataError, match=r"data/trilotropicos\.npz holds other data .*; delete it"):
        check(entry)


def test_a_surrogate_is_taken_where_it_may_stand_in():
    write("surrogate", {"table": ARRAYS["table"] + 1})
    check(ENTRY)


def test_a_surrogate_is_refused_where_none_may_stand_in():
    write("surrogate", {"table": ARRAYS["table"] + 1})
    with pytest.raises(DataError, match="holds other data"):
        check(STRICT)


def test_recorded_data_were_verified_when_they_were_written():
    write("a url", {"table": ARRAYS["table"] + 1}, recorded=True)
    check(STRICT)


def test_a_file_that_is_no_data_is_refused():
    Path("data").mkdir()
    Path("data/trilotropicos.npz").write_bytes(b"text")
    with pytest.raises(DataError):
        check(STRICT)
