"""An archive of results is whole and of the same sources, or is refused."""

import io
import json
import lzma
import tarfile
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from project import module_at

from gradloss.paper.archive import MANIFEST, TIME, Origin, unpack_archive, write_archive
from gradloss.support.errors import DataError, UserError
from gradloss.support.files import sha256_of

ROOTS = ["results"]
FILES = {
    "results/a/1.csv": b"measure,value\naccuracy,1\nloss,0.5\n",
    "results/a/2.csv": b'claim,value\n"robust, and accurate",1\n',
    "results/b.npz": bytes(range(256)),
}
SOURCE = "src/module.py"


@pytest.fixture
def origin(tmp_path: Path) -> Origin:
    """Of a working copy in `tmp_path / "root"`."""
    file = tmp_path / "root" / SOURCE
    file.parent.mkdir(parents=True)
    file.write_text("x = 1\n")
    return Origin("commit 0123456", {SOURCE: sha256_of(file)}, [f"numpy {np.__version__}"])


@pytest.fixture
def archive(tmp_path: Path, origin: Origin) -> Path:
    members = {}
    for name, content in FILES.items():
        members[name] = tmp_path / name.replace("/", "-")
        members[name].write_bytes(content)
    write_archive(tmp_path / "archive.tar.xz", members, origin)
    return tmp_path / "archive.tar.xz"


def test_what_is_packed_is_unpacked(archive: Path, origin: Origin, tmp_path: Path):
    folder = tmp_path / "unpacked"
    assert unpack_archive(archive, folder, ROOTS) == origin
    found = [file for file in folder.rglob("*") if file.is_file()]
    assert {str(file.relative_to(folder)): file.read_bytes() for file in found} == FILES
    assert {place.stat().st_mtime for place in folder.rglob("*")} == {TIME}


def test_tables_lie_in_an_archive_by_columns(archive: Path):
    with tarfile.open(archive) as content:
        table = content.extractfile("results/a/1.csv.transposed").read()
        ragged = content.extractfile("results/a/2.csv").read()
    assert table == b"measure,accuracy,loss\nvalue,1,0.5\n"
    assert ragged == FILES["results/a/2.csv"]


@pytest.mark.parametrize("content", [b"a,b\nc\n", b"a,b", b""])
def test_a_faulty_table_is_refused(tmp_path: Path, content: bytes):
    files = {"results/a": sha256(content).hexdigest()}
    path = forged(tmp_path / "a.tar.xz", files, (tarfile.TarInfo("results/a.transposed"), content))
    with pytest.raises(DataError, match="not a whole archive of results"):
        unpack_archive(path, tmp_path / "unpacked", ROOTS)


def test_equal_members_give_equal_bytes(archive: Path, origin: Origin, tmp_path: Path):
    members = {name: tmp_path / name.replace("/", "-") for name in reversed(FILES)}
    write_archive(tmp_path / "again.tar.xz", members, origin)
    assert (tmp_path / "again.tar.xz").read_bytes() == archive.read_bytes()


def test_any_flipped_byte_is_noticed(archive: Path, tmp_path: Path):
    content = archive.read_bytes()
    for place in range(len(content)):
        changed = bytearray(content)
        changed[place] ^= 1 << place % 8
        archive.write_bytes(changed)
        with pytest.raises(DataError, match=r"archive\.tar\.xz: .*fetch (it|the archive) again$"):
            unpack_archive(archive, tmp_path / "unpacked", ROOTS)


def test_any_cut_is_noticed(archive: Path, tmp_path: Path):
    content = archive.read_bytes()
    for size in range(0, len(content), 7):
        archive.write_bytes(content[:size])
        with pytest.raises(DataError, match=r"not a whole archive of results .*; fetch it again$"):
            unpack_archive(archive, tmp_path / "unpacked", ROOTS)


def forged(path: Path, files: dict[str, str], *members: tuple[tarfile.TarInfo, bytes]) -> Path:
    """A tar file that xz finds whole, with a manifest that names some files."""
    manifest = json.dumps({"commit": "", "sources": {}, "versions": [], "files": files}).encode()
    with tarfile.open(path, "w:xz") as archive:
        for member, content in ((tarfile.TarInfo(MANIFEST), manifest), *members):
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize(
    "name",
    ["/results/a", "results/../../a", "../a", "src/a", "results", "results//a", "./results/a"],
)
def test_a_member_elsewhere_is_refused(tmp_path: Path, name: str):
    path = forged(tmp_path / "a.tar.xz", {name: EMPTY}, (tarfile.TarInfo(name), b""))
    with pytest.raises(DataError, match="does not belong there; do not use it"):
        unpack_archive(path, tmp_path / "deep/unpacked", ROOTS)
    assert [file.name for file in tmp_path.rglob("*") if file.is_file()] == ["a.tar.xz"]


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE])
def test_a_member_that_is_no_file_is_refused(tmp_path: Path, kind: bytes):
    member = tarfile.TarInfo("results/a")
    member.type, member.linkname = kind, "/etc/passwd"
    path = forged(tmp_path / "a.tar.xz", {"results/a": EMPTY}, (member, b""))
    with pytest.raises(DataError, match="the member results/a does not belong there"):
        unpack_archive(path, tmp_path / "unpacked", ROOTS)


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({}, "the member results/a does not belong there"),
        ({"results/a": "00"}, "results/a is not the file of the manifest"),
        ({"results/a": EMPTY, "results/b": EMPTY}, "results/b is missing"),
    ],
)
def test_members_are_those_of_the_manifest(tmp_path: Path, files: dict, told: str):
    path = forged(tmp_path / "a.tar.xz", files, (tarfile.TarInfo("results/a"), b""))
    with pytest.raises(DataError, match=told):
        unpack_archive(path, tmp_path / "unpacked", ROOTS)


def test_another_tar_file_is_refused(tmp_path: Path):
    with tarfile.open(tmp_path / "a.tar.xz", "w:xz") as archive:
        archive.addfile(tarfile.TarInfo("results/a"))
    with pytest.raises(DataError, match=r"no archive of results, which begins with manifest\.json"):
        unpack_archive(tmp_path / "a.tar.xz", tmp_path / "unpacked", ROOTS)
    (tmp_path / "b.xz").write_bytes(lzma.compress(b"text"))
    with pytest.raises(DataError, match="not a whole archive of results"):
        unpack_archive(tmp_path / "b.xz", tmp_path / "unpacked", ROOTS)


def test_other_sources_are_refused_by_name(tmp_path: Path, origin: Origin):
    root = tmp_path / "root"
    origin.refuse_others(root)
    (root / SOURCE).write_text("x = 2\n")
    with pytest.raises(UserError, match=rf"of commit 0123456, from which {SOURCE} differs here"):
        origin.refuse_others(root)
    (root / SOURCE).unlink()
    with pytest.raises(UserError, match=rf"{SOURCE} is missing here; check that commit out"):
        origin.refuse_others(root)


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ("numpy 0.1", rf"computed with numpy 0\.1, and here is {np.__version__}; install"),
        ("no-such-library 1", "computed with no-such-library 1, and here is none"),
        ("Python 2.7", r"computed with Python 2\.7, and here is 3\.\d+; install"),
    ],
)
def test_other_versions_are_refused_by_name(tmp_path: Path, entry: str, told: str):
    with pytest.raises(UserError, match=told):
        Origin("commit 0123456", {}, [entry]).refuse_others(tmp_path)


def test_downloads_of_another_checkout_need_no_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    script = module_at("scripts/paper/archive.py")
    made = {
        "results/data/points.npz": ["data/points.npz"],
        "results/evaluations/a.csv": ["results/data/points.npz"],
    }
    monkeypatch.setattr(script, "files_of_plan", lambda _root: [])
    whole = ([*made, "data/points.npz"], [])
    monkeypatch.setattr(script, "files_of_run", lambda _root, _plan: whole)
    (tmp_path / "config.yaml").write_text("results: results\ndownloads: data\n")
    for name in [*made, "data/points.npz"]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    for name, inputs in made.items():
        record = tmp_path / script.record_name(name)
        record.parent.mkdir(parents=True, exist_ok=True)
        record.write_text(json.dumps({"input": inputs, "log": []}))
    (tmp_path / "work").mkdir()
    script.pack(tmp_path, tmp_path / "a.tar.xz", small=True, work=tmp_path / "work")
    with tarfile.open(tmp_path / "a.tar.xz") as packed:
        names = {name for name in packed.getnames() if name.startswith(("results", "data"))}
    assert names == {"results/evaluations/a.csv"}


@pytest.mark.parametrize(
    ("text", "told"),
    [("results: [", "correct the YAML"), ("seed: 1", "config.yaml lacks the key 'results'; add")],
)
def test_a_broken_configuration_is_told_in_one_sentence(tmp_path: Path, text: str, told: str):
    (tmp_path / "config.yaml").write_text(text)
    pack = module_at("scripts/paper/archive.py").pack
    restore = module_at("scripts/paper/restore.py").restore
    with pytest.raises(UserError, match=told):
        pack(tmp_path, tmp_path / "a.tar.xz", small=True, work=tmp_path)
    with pytest.raises(UserError, match=told):
        restore(tmp_path / "a.tar.xz", tmp_path, tmp_path / "work")


def test_what_a_download_took_another_configuration_is_not_packed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Downloads are shared by all results, and keep the record of the run that made them."""
    script = module_at("scripts/paper/archive.py")
    made = {
        "data/points.npz": ([], "results-quick"),
        "results/data/points.npz": (["data/points.npz"], "results"),
        "results/evaluations/a.csv": (["results/data/points.npz"], "results"),
    }
    monkeypatch.setattr(script, "files_of_plan", lambda _root: [])
    monkeypatch.setattr(script, "files_of_run", lambda _root, _plan: (list(made), []))
    (tmp_path / "config.yaml").write_text("results: results\ndownloads: data\n")
    for name, (inputs, results) in made.items():
        place = name.replace("/", "-")
        record = {"input": inputs, "log": [f"{results}/logs/{place}.log"]}
        for file, text in {
            name: name,
            script.record_name(name): json.dumps(record),
            f"{results}/benchmarks/{place}.tsv": "s\n1\n",
        }.items():
            (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / file).write_text(text)
    (tmp_path / "work").mkdir()
    script.pack(tmp_path, tmp_path / "a.tar.xz", small=True, work=tmp_path / "work")
    with tarfile.open(tmp_path / "a.tar.xz") as packed:
        names = {name for name in packed.getnames() if name.endswith(".tsv")}
    assert names == {
        "results/benchmarks/results-data-points.npz.tsv",
        "results/benchmarks/results-evaluations-a.csv.tsv",
    }


def test_a_curve_that_only_an_evaluation_reads_is_not_shown():
    rows = [
        ("evaluations/arm.csv", "histories/arm.csv,models/arm"),
        ("evaluations/main.csv", "histories/main.csv,models/main"),
        ("figures/training.pdf", "histories/main.csv,scripts/plot.py"),
    ]
    plan = [{"output_file": output, "input-file(s)": inputs} for output, inputs in rows]
    found = module_at("scripts/paper/archive.py").shown(
        plan, {"evaluations/arm.csv", "evaluations/main.csv"}
    )
    assert found == {"histories/main.csv", "scripts/plot.py"}
