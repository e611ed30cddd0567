"""Downloading from mirrors and a local HTTP server, and what happens when one fails."""

import gzip
import hashlib
import logging
import runpy
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from local_server import NAME, Server
from project import ROOT
from tiny_dataset import GOOD, TABLE, assert_good, dataset, mirror_with, sha256, url

from gradloss.data import sources
from gradloss.data.download import download
from gradloss.data.manifest import Source, content_hash, load_manifest
from gradloss.data.readers import IDX_FILES, READERS
from gradloss.support.errors import DataError
from gradloss.support.files import read_npz, write_npz

OTHER = b"longitud,densidad_escamas\n1.5,2\n3,4.5\n"


def idx_file(array: np.ndarray) -> bytes:
    """Unsigned bytes in the format of MNIST."""
    return bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes() + array.tobytes()


def test_the_mirror_comes_first(tmp_path, server, output):
    mirror_with(tmp_path / "mirror" / "tiny")
    entry = dataset(url(server.serve("a", (200, GOOD))))
    assert download(entry, output, tmp_path / "mirror") == "mirror"
    assert_good(output, "mirror")
    assert not server.hits


def test_files_directly_in_the_mirror_serve_where_the_data_set_allows(tmp_path, output):
    mirror = mirror_with(tmp_path / "mirror")
    entry = dataset(url("http://127.0.0.1:9"), mirror_flat=True)
    assert download(entry, output, mirror) == "mirror"
    with pytest.raises(DataError, match="no complete set of files"):
        download(replace(entry, mirror_flat=False, sources=()), output, mirror)


def test_a_mirror_file_packed_anew_serves(tmp_path, server, output):
    mirror_with(tmp_path / "mirror" / "tiny", GOOD.replace(b"\n", b"\r\n"))
    entry = dataset(url(server.serve("a", (404, b"")), sha256(GOOD)))
    assert download(entry, output, tmp_path / "mirror") == "mirror"


@pytest.mark.parametrize(
    "spelling",
    [str, lambda name: name.removesuffix(".gz"), lambda name: name.replace("-idx", ".idx")[:-3]],
    ids=["packed", "unpacked", "with a dot"],
)
def test_a_mirror_may_hold_images_unpacked(tmp_path, output, spelling):
    arrays = {
        "x_train": np.arange(24, dtype=np.uint8).reshape(2, 3, 4),
        "x_test": np.arange(12, dtype=np.uint8).reshape(1, 3, 4),
        "y_train": np.array([3, 1], np.uint8),
        "y_test": np.array([9], np.uint8),
    }
    folder = tmp_path / "mirror/tiny"
    folder.mkdir(parents=True)
    for name, file in IDX_FILES.items():
        data = idx_file(arrays[name])
        (folder / spelling(file)).write_bytes(
            data if spelling(file) != file else gzip.compress(data)
        )
    source = Source("url", "http://127.0.0.1:9", "idx", dict.fromkeys(IDX_FILES.values()))
    shapes = {name: array.shape for name, array in arrays.items()}
    entry = dataset(source, shapes=shapes, content_sha256=content_hash(arrays))
    assert download(entry, output, tmp_path / "mirror") == "mirror"
    np.testing.assert_array_equal(read_npz(output)["x_train"], arrays["x_train"])


def test_a_mirror_may_lie_in_the_home(tmp_path, output, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    mirror_with(tmp_path / "mirror" / "tiny")
    assert download(dataset(url("http://127.0.0.1:9")), output, Path("~/mirror")) == "mirror"


def test_a_mirror_without_the_data_set_says_so_and_the_next_source_serves(
    tmp_path, server, output, caplog
):
    mirror_with(tmp_path / "mirror" / "another")
    base = server.serve("a", (200, GOOD))
    assert download(dataset(url(base)), output, tmp_path / "mirror") == f"url {base}"
    expected = f"Tiny: mirror: no complete set of files in {tmp_path / 'mirror' / 'tiny'}"
    assert any(message.startswith(expected) for message in caplog.messages)


@pytest.mark.parametrize("exists", [True, False])
def test_an_empty_or_missing_mirror_is_refused(tmp_path, output, exists):
    mirror = tmp_path / "mirror"
    if exists:
        mirror.mkdir()
    with pytest.raises(DataError, match="the mirror folder is missing or empty; put the files"):
        download(dataset(url("http://127.0.0.1:9")), output, mirror)
    assert not output.exists()


def test_a_wrong_mirror_file_is_kept_aside_and_stays_in_the_mirror(
    tmp_path, server, output, caplog
):
    mirror = mirror_with(tmp_path / "mirror" / "tiny", OTHER).parent
    base = server.serve("a", (200, GOOD))
    download(dataset(url(base, sha256(GOOD))), output, mirror)
    assert_good(output, f"url {base}")
    rejected = output.parent / "rejected" / sha256(OTHER)[:12] / NAME
    assert rejected.read_bytes() == OTHER
    assert (mirror / "tiny" / NAME).read_bytes() == OTHER
    message = next(text for text in caplog.messages if "mirror" in text)
    assert "the decoded arrays have SHA-256" in message
    assert f"kept aside as {rejected}" in message


def test_url_serves(server, output):
    base = server.serve("a", (200, GOOD))
    download(dataset(url(base, sha256(GOOD))), output)
    assert_good(output, f"url {base}")


def test_server_errors_and_broken_connections_are_tried_again(server, output):
    base = server.serve("a", (500, b""), (200, GOOD, 10), (200, GOOD))
    download(dataset(url(base, sha256(GOOD))), output)
    assert_good(output, f"url {base}")
    assert server.hits[f"/a/{NAME}"] == 3


@pytest.mark.parametrize(
    ("reply", "reason", "hits"),
    [
        ((404, b""), "HTTP status 404", 1),
        ((503, b""), "HTTP status 503", 3),
        ((200, GOOD, 10), "the connection broke off", 3),
    ],
)
def test_a_failing_url_gives_way_to_the_next(server, output, caplog, reply, reason, hits):
    bad, good = server.serve("bad", reply), server.serve("good", (200, GOOD))
    download(dataset(url(bad), url(good)), output)
    assert_good(output, f"url {good}")
    assert f"Tiny: url {bad}: {NAME}: {reason}" in caplog.messages
    assert server.hits[f"/bad/{NAME}"] == hits
    assert not (output.parent / "rejected").exists()


def test_an_unreachable_url_gives_way_to_the_next(server, output, caplog):
    closed = Server()
    closed.server_close()
    dead, good = f"http://127.0.0.1:{closed.server_port}", server.serve("good", (200, GOOD))
    download(dataset(url(dead), url(good)), output)
    assert f"Tiny: url {dead}: {NAME}: cannot connect" in caplog.messages


@pytest.mark.parametrize(
    ("digest", "body", "reason"),
    [
        (sha256(GOOD), OTHER, f"{NAME} has SHA-256 {sha256(OTHER)}, expected {sha256(GOOD)}"),
        (sha256(GOOD), GOOD[:-3], f"{NAME} has SHA-256"),
        (None, OTHER, "the decoded arrays have SHA-256"),
        (None, GOOD + b"5,6\n", "the arrays have shapes {'table': (3, 2)}, expected"),
        (None, b"<html>captive portal</html>", "the header is <html>captive portal</html>"),
    ],
)
def test_a_wrong_file_is_refused_and_kept_aside(server, output, caplog, digest, body, reason):
    bad, good = server.serve("bad", (200, body)), server.serve("good", (200, GOOD))
    download(dataset(url(bad, digest), url(good, sha256(GOOD))), output)
    assert_good(output, f"url {good}")
    assert (output.parent / "rejected" / sha256(body)[:12] / NAME).read_bytes() == body
    assert any(reason in message for message in caplog.messages)


def test_an_endless_reply_is_cut_off(server, output, monkeypatch):
    monkeypatch.setattr(sources, "MAX_TRANSFER_BYTES", 20)
    bad = server.serve("bad", (200, GOOD))
    with pytest.raises(DataError, match=r"trilotropicos\.csv: longer than 20 bytes"):
        download(dataset(url(bad)), output)


def test_no_source_lists_every_reason_and_the_cure(tmp_path, server, output):
    bad, wrong = server.serve("bad", (404, b"")), server.serve("wrong", (200, OTHER))
    mirror_with(tmp_path / "mirror" / "another")
    with pytest.raises(DataError) as caught:
        download(dataset(url(bad), url(wrong)), output, tmp_path / "mirror")
    message = str(caught.value)
    assert message.startswith("Tiny: no source served the data")
    assert "mirror: no complete set of files" in message
    assert f"url {bad}: {NAME}: HTTP status 404" in message
    assert f"url {wrong}: the decoded arrays have SHA-256" in message
    assert message.endswith(f"put {NAME} into FOLDER/tiny and pass --mirror FOLDER")
    kept = [path.name for path in output.parent.rglob("*")]
    assert kept == ["rejected", sha256(OTHER)[:12], NAME]


def test_refused_files_of_one_name_are_all_kept(server, output):
    page = b"<html>captive portal</html>"
    first, second = server.serve("first", (200, OTHER)), server.serve("second", (200, page))
    with pytest.raises(DataError, match="no source served the data"):
        download(dataset(url(first), url(second)), output)
    kept = {path.read_bytes() for path in (output.parent / "rejected").glob(f"*/{NAME}")}
    assert kept == {OTHER, page}


def test_a_failure_leaves_the_old_output_alone(server, output):
    write_npz(output, {"table": TABLE})
    before = output.read_bytes()
    with pytest.raises(DataError, match="no source served"):
        download(dataset(url(server.serve("bad", (404, b"")))), output)
    assert output.read_bytes() == before


def test_the_surrogate_is_last_and_says_so(server, output, caplog):
    entry = dataset(url(server.serve("bad", (404, b""))), surrogate=True)
    assert download(entry, output) == "surrogate"
    arrays = read_npz(output)
    assert arrays["table"].shape == (150, 2)
    assert str(arrays["source"]) == "surrogate"
    warnings = [r for r in caplog.records if r.levelno == logging.WARNING]
    assert "surrogate" in warnings[-1].getMessage()


def test_the_surrogate_does_not_replace_what_can_be_had(server, output):
    base = server.serve("good", (200, GOOD))
    assert download(dataset(url(base), surrogate=True), output) == f"url {base}"


def test_image_files_from_a_url_and_cut_ones_from_a_mirror(tmp_path, server, output):
    pixels = np.arange(4 * 784, dtype=np.uint32).astype(np.uint8).reshape(4, 28, 28)
    labels = np.array([3, 1, 4, 1], np.uint8)
    arrays = dict(zip(IDX_FILES, (pixels, labels, pixels, labels), strict=True))
    mirror = tmp_path / "mirror" / "tiny"
    mirror.mkdir(parents=True)
    for name, file in IDX_FILES.items():
        packed = gzip.compress(idx_file(arrays[name]))
        base = server.serve("idx", (200, packed), name=file)
        (mirror / file).write_bytes(packed[:-9] if name == "x_test" else packed)
    source = Source("url", base, "idx", dict.fromkeys(IDX_FILES.values()))
    shapes = {name: array.shape for name, array in arrays.items()}
    entry = dataset(source, shapes=shapes, content_sha256=content_hash(arrays))
    assert download(entry, output, mirror.parent) == f"url {base}"
    np.testing.assert_array_equal(read_npz(output)["x_test"], pixels)
    kept = (output.parent / "rejected").glob("*/*")
    assert {path.name for path in kept} == {*IDX_FILES.values()}


def test_the_shipped_manifest():
    manifest = load_manifest()
    assert set(manifest) == {"mnist", "fashion_mnist", "boston", "trilotropicos"}
    assert [key for key, entry in manifest.items() if entry.surrogate] == ["trilotropicos"]
    for key, entry in manifest.items():
        assert entry.key == key
        assert len(entry.content_sha256) == 64
        assert entry.title
        assert entry.version
        assert entry.licence
        assert entry.citation
        for source in entry.sources:
            assert source.kind in sources.FETCHERS
            assert source.reader in READERS
            assert all(digest is None or len(digest) == 64 for digest in source.files.values())


def test_content_hash_sees_the_arrays_and_nothing_else():
    arrays = {"a": np.arange(6, dtype=np.float64).reshape(2, 3), "b": np.array(["x", "y"])}
    expected = hashlib.sha256(b"a <f8 (2, 3)\n" + arrays["a"].tobytes())
    expected.update(b"b <U1 (2,)\n" + "xy".encode("utf-32-le"))
    same = {"b": arrays["b"], "a": np.asfortranarray(arrays["a"].astype(">f8"))}
    assert content_hash(arrays) == content_hash(same) == expected.hexdigest()
    changes = [
        {"a": arrays["a"].reshape(3, 2)},
        {"a": arrays["a"].astype(np.float32)},
        {"a": arrays["a"] + 1e-15},
        {"c": arrays["a"]},
    ]
    assert content_hash(arrays) not in {content_hash(arrays | change) for change in changes}


def test_the_script_takes_its_mirror_from_the_environment(tmp_path, output, monkeypatch, capsys):
    mirror = mirror_with(tmp_path / "mirror" / "tiny").parent
    nowhere = Source("mirror", str(tmp_path / "nowhere"), "trilotropicos", {NAME: None})
    manifest = {"tiny": dataset(nowhere, mirror_flat=True)}
    monkeypatch.setattr("gradloss.data.manifest.load_manifest", lambda: manifest)
    script = str(ROOT / "scripts/data/download.py")
    monkeypatch.setattr(sys, "argv", [script, "--dataset", "tiny", "--output", str(output)])
    monkeypatch.setenv("GRADLOSS_MIRROR", str(mirror))
    with pytest.raises(SystemExit) as caught:
        runpy.run_path(script, run_name="__main__")
    assert caught.value.code == 0
    assert_good(output, "mirror")

    output.unlink()
    manifest["tiny"] = dataset()
    monkeypatch.delenv("GRADLOSS_MIRROR")
    with pytest.raises(SystemExit) as caught:
        runpy.run_path(script, run_name="__main__")
    assert caught.value.code == 1
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("error: Tiny: no source served the data")
    assert not output.exists()
