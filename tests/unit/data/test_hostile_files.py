"""What a hostile place can serve: each is refused in its own words, and the next place is asked."""

import gzip
import io
import itertools
import pickle
import tarfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from local_server import NAME, Server
from test_readers import Harmful
from tiny_dataset import DEB_SOURCE, GOOD, assert_good, dataset, sha256, url

from gradloss.data import sources
from gradloss.data.download import download
from gradloss.data.manifest import Source
from gradloss.data.readers import IDX_FILES


def saved(**arrays: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def endless():
    return itertools.repeat(bytes(2**10))


def drip():
    """Pieces that each come in time, and never end."""
    for byte in itertools.cycle(GOOD):
        yield bytes([byte])
        time.sleep(0.02)


HEADER = b"longitud,densidad_escamas\n"
HTML = b"<!doctype html><title>Sign in to this network</title>"
PICKLE = gzip.compress(pickle.dumps(Harmful(Path("touched"))))


@pytest.mark.parametrize(
    ("reader", "name", "body", "reason"),
    [
        ("trilotropicos", NAME, HTML, "the header is <!doctype html>"),
        ("trilotropicos", NAME, HEADER + b"1.5\n3\n", "data row 1 has 1 columns, expected 2"),
        ("trilotropicos", NAME, HEADER + b"1,2,3\n", "data row 1 has 3 columns, expected 2"),
        ("trilotropicos", NAME, HEADER + b"1,2\n3,nan\n", "data row 2 holds a missing or inf"),
        ("trilotropicos", NAME, HEADER + b"1,2\n3,\n", "a cell is not a number"),
        ("trilotropicos", NAME, HEADER + b"1,2\n", "the arrays have shapes {'table': (1, 2)}"),
        ("csv", NAME, b"1,2\n3,4\n", "its first line is 1,2; it must name the columns, each once"),
        ("csv", NAME, b"a,a\n3,4\n", "its first line is a,a; it must name the columns, each once"),
        ("csv", NAME, b"a,b\n3\n", "data row 1 has 1 columns, expected 2"),
        ("csv", NAME, HTML + b"\n1,2\n", "data row 1 has 2 columns, expected 1"),
        ("idx", IDX_FILES["x_train"], HTML, "not an IDX file of unsigned bytes"),
        ("mnist_pickle", "mnist.pkl.gz", HTML, "not three pairs of arrays (Not a gzipped file"),
        ("mnist_pickle", "mnist.pkl.gz", PICKLE, "the pickle asks for"),
        ("keras_npz", "mnist.npz", HTML, "not a readable .npz file of plain arrays"),
        ("keras_npz", "mnist.npz", saved(x=np.array([{}], object)), "when allow_pickle=False"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_bad_file_gives_way_to_the_next_place(
    server: Server, tmp_path: Path, caplog, monkeypatch, reader, name, body, reason
):
    monkeypatch.chdir(tmp_path)
    good = server.serve("good", (200, GOOD))
    names = IDX_FILES.values() if reader == "idx" else [name]
    bases = [server.serve("bad", (200, body), name=file) for file in names]
    bad = Source("url", bases[0], reader, dict.fromkeys(names))
    download(dataset(bad, url(good)), tmp_path / "tiny.npz")
    assert_good(tmp_path / "tiny.npz", f"url {good}")
    (message,) = [text for text in caplog.messages if "/bad: " in text]
    assert name in message
    assert reason in message
    assert (tmp_path / "rejected" / sha256(body)[:12] / name).read_bytes() == body
    assert not (tmp_path / "touched").exists()


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (302, b"/bad/" + NAME.encode(), "Exceeded 30 redirects."),
        (200, endless, "longer than 100000 bytes"),
        (200, drip, "not complete within 0.5 s"),
    ],
    ids=["redirect loop", "endless", "slow drip"],
)
def test_a_reply_without_an_end_gives_way_to_the_next_place(
    server: Server, tmp_path: Path, caplog, monkeypatch, status: int, body: Callable, reason: str
):
    monkeypatch.setattr(sources, "MAX_TRANSFER_BYTES", 100_000)
    monkeypatch.setattr(sources, "TRANSFER_SECONDS", 0.5)
    bad, good = server.serve("bad", (status, body)), server.serve("good", (200, GOOD))
    download(dataset(url(bad), url(good)), tmp_path / "tiny.npz")
    assert_good(tmp_path / "tiny.npz", f"url {good}")
    assert f"Tiny: url {bad}: {NAME}: {reason}" in caplog.messages


def crafted_deb(path: Path, *members: tarfile.TarInfo) -> Path:
    """A Debian package that dpkg-deb itself would not build: an archive of `ar`."""
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as archive:
        for member in members:
            member.size = 0 if member.linkname else len(GOOD)
            archive.addfile(member, io.BytesIO(GOOD))
    parts = {"debian-binary": b"2.0\n", "control.tar": b"", "data.tar": tar.getvalue()}
    heads = (
        f"{name:<16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(data):<10}`\n".encode()
        for name, data in parts.items()
    )
    bodies = (data + b"\n" * (len(data) % 2) for data in parts.values())
    path.write_bytes(b"!<arch>\n" + b"".join(itertools.chain(*zip(heads, bodies, strict=True))))
    return path


def link(name: str, kind: bytes) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, "../../../../outside.csv"
    return member


WANTED = f"./usr/share/tiny/{NAME}"


def test_members_that_point_outside_stay_in_the_debian_package(tmp_path: Path):
    work = tmp_path / "deep" / "work"
    work.mkdir(parents=True)
    names = ["../../outside.csv", "/tmp/outside.csv", WANTED]
    deb = crafted_deb(work / "tiny.deb", *map(tarfile.TarInfo, names))
    paths = sources.extract_deb(deb, DEB_SOURCE, work)
    assert paths[NAME].read_bytes() == GOOD
    assert {path.name for path in tmp_path.rglob("*.*")} == {NAME, "content.tar", "tiny.deb"}


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE], ids=["symbolic", "hard"])
def test_a_link_to_the_outside_is_no_member(tmp_path: Path, kind: bytes):
    (tmp_path / "outside.csv").write_bytes(GOOD)
    deb = crafted_deb(tmp_path / "tiny.deb", link(WANTED, kind))
    with pytest.raises(sources.SourceError, match=f"usr/share/tiny/{NAME} is not there"):
        sources.extract_deb(deb, DEB_SOURCE, tmp_path)
