"""Data from Python and Debian packages, and what happens with damaged or foreign ones."""

import os
import shutil
import subprocess
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from local_server import NAME
from tiny_dataset import DEB_SOURCE, GOOD, assert_good, dataset, mirror_with, sha256

from gradloss.data import sources
from gradloss.data.download import download
from gradloss.data.manifest import Source
from gradloss.support.errors import DataError


def wheel_source(**changes) -> Source:
    files = {NAME: sha256(GOOD)}
    source = Source("wheel", "tiny/data", "trilotropicos", files, "tiny-data", "1.0")
    return replace(source, **changes)


def wheel(folder: Path, member: bytes = GOOD) -> Path:
    folder.mkdir()
    path = folder / "tiny_data-1.0-py3-none-any.whl"
    metadata = "Metadata-Version: 2.1\nName: tiny-data\nVersion: 1.0\n"
    tags = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../escaped.txt", "never extracted")
        archive.writestr(f"tiny/data/{NAME}", member)
        archive.writestr("tiny_data-1.0.dist-info/METADATA", metadata)
        archive.writestr("tiny_data-1.0.dist-info/WHEEL", tags)
        archive.writestr("tiny_data-1.0.dist-info/RECORD", "")
    return path


@pytest.fixture
def local_packages(tmp_path, monkeypatch):
    """A folder that pip uses instead of a registry."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    return tmp_path / "wheels"


def test_wheel_serves(local_packages, output):
    digest = sha256(wheel(local_packages).read_bytes())
    download(dataset(wheel_source(package_sha256=digest)), output)
    assert_good(output, "package tiny-data 1.0")


def test_another_wheel_of_the_same_name_is_refused(local_packages, output):
    path = wheel(local_packages)
    with pytest.raises(DataError, match=r"tiny_data-1\.0-py3-none-any\.whl has SHA-256"):
        download(dataset(wheel_source(package_sha256=sha256(b""))), output)
    content = path.read_bytes()
    kept = output.parent / "rejected" / sha256(content)[:12] / path.name
    assert kept.read_bytes() == content


def test_an_unknown_wheel_is_reported(local_packages, output):
    local_packages.mkdir()
    with pytest.raises(DataError, match=r"package tiny-data 1\.0: pip failed: ERROR: No matching"):
        download(dataset(wheel_source()), output)


def test_only_the_member_leaves_the_wheel(tmp_path):
    work = tmp_path / "work"
    work.mkdir()
    paths = sources.extract_wheel(wheel(tmp_path / "wheels"), wheel_source(), work)
    assert paths[NAME].read_bytes() == GOOD
    assert list(work.iterdir()) == [paths[NAME]]
    assert not list(tmp_path.rglob("escaped.txt"))


def test_damaged_wheels_are_refused(tmp_path, monkeypatch):
    path = wheel(tmp_path / "wheels")
    with pytest.raises(sources.SourceError, match="no item named 'nowhere/trilotropicos") as error:
        sources.extract_wheel(path, wheel_source(base="nowhere"), tmp_path)
    assert error.value.refused == (path,)
    monkeypatch.setattr(sources, "MAX_TRANSFER_BYTES", 20)
    with pytest.raises(sources.SourceError, match=r"trilotropicos\.csv: longer than 20 bytes"):
        sources.extract_wheel(path, wheel_source(), tmp_path)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(sources.SourceError, match="not a zip file"):
        sources.extract_wheel(path, wheel_source(), tmp_path)


@pytest.fixture
def deb(tmp_path) -> Path:
    tree = tmp_path / "tree"
    mirror_with(tree / "usr" / "share" / "tiny")
    (tree / "usr" / "share" / "tiny" / "link").symlink_to("/etc/passwd")
    (tree / "DEBIAN").mkdir()
    control = (
        "Package: tiny\nVersion: 1\nArchitecture: all\nMaintainer: T <t@x.org>\nDescription: t\n"
    )
    (tree / "DEBIAN" / "control").write_text(control)
    path = tmp_path / "tiny_1_all.deb"
    subprocess.run(["dpkg-deb", "--build", tree, path], check=True, capture_output=True)
    shutil.rmtree(tree)
    return path


def test_only_the_member_leaves_the_debian_package(tmp_path, deb):
    work = tmp_path / "work"
    work.mkdir()
    paths = sources.extract_deb(deb, DEB_SOURCE, work)
    assert paths[NAME].read_bytes() == GOOD
    assert {path.name for path in work.iterdir()} == {NAME, "content.tar"}


@pytest.mark.parametrize("name", ["absent", "link"])
def test_a_member_that_is_no_file_is_refused(tmp_path, deb, name):
    source = replace(DEB_SOURCE, files={name: None})
    with pytest.raises(sources.SourceError, match=f"usr/share/tiny/{name} is not there") as error:
        sources.extract_deb(deb, source, tmp_path)
    assert error.value.refused == (deb,)


def test_a_cut_debian_package_is_refused(tmp_path, deb):
    deb.write_bytes(deb.read_bytes()[:-40])
    with pytest.raises(sources.SourceError, match="dpkg-deb failed") as error:
        sources.extract_deb(deb, DEB_SOURCE, tmp_path)
    assert error.value.refused == (deb,)


APT = """#!/bin/sh
case "$*" in
  *Dir::State::Lists=*download*) cp "$DEB" . ;;
  *Dir::State::Lists=*update*) [ -d lists/partial ] || exit 100 ;;
  *) echo "E: Unable to locate package" >&2; exit 100 ;;
esac
"""


def test_debian_package_with_private_lists_where_the_system_has_none(
    tmp_path, deb, output, monkeypatch
):
    client = tmp_path / "bin" / "apt-get"
    client.parent.mkdir()
    client.write_text(APT)
    client.chmod(0o755)
    monkeypatch.setenv("DEB", str(deb))
    monkeypatch.setenv("PATH", f"{client.parent}{os.pathsep}{os.environ['PATH']}")
    download(dataset(DEB_SOURCE), output)
    assert_good(output, "package tiny")


def test_a_missing_client_is_reported(output, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(DataError, match="package tiny: apt-get is not installed"):
        download(dataset(DEB_SOURCE), output)
