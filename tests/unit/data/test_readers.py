"""Decoders: right files give the right arrays; wrong, cut and hostile ones are refused."""

import gzip
import pickle
import pickletools
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest

from gradloss.data import readers
from gradloss.support.errors import DataError, UserError
from gradloss.support.files import read_npz

PIXELS = np.random.default_rng(0).integers(0, 256, (3, 28, 28), np.uint8)


def idx(array: np.ndarray) -> bytes:
    header = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return header + array.tobytes()


def written(path: Path, data: bytes | str) -> Path:
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


@pytest.mark.parametrize("reader", sorted(set(readers.READERS) - {"idx"}))
@pytest.mark.parametrize("names", [[], ["a.csv", "b.csv"]])
def test_a_reader_of_one_file_takes_one(tmp_path, reader, names):
    paths = {name: written(tmp_path / name, "x\n1\n") for name in names}
    with pytest.raises(UserError, match="for a reader that takes one file; name one"):
        readers.READERS[reader](paths)


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_idx_gives_back_the_array(tmp_path, pack):
    array = readers.read_idx(written(tmp_path / "images", pack(idx(PIXELS))))
    assert array.dtype == np.uint8
    np.testing.assert_array_equal(array, PIXELS)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not an IDX file"),
        (b"<html>not found</html>", "not an IDX file"),
        (bytes([0, 0, 13, 1]) + struct.pack(">I", 1) + bytes(4), "not an IDX file"),
        (bytes([0, 0, 8, 3]) + struct.pack(">I", 3), "cut inside the IDX header"),
        (idx(PIXELS)[:-1], "cut; the header"),
        (idx(PIXELS) + b"\0", "too long; the header"),
        (bytes([0, 0, 8, 2]) + struct.pack(">2I", 2**31, 2**31), "the header claims"),
        (bytes([0, 0, 8, 3]) + struct.pack(">3I", 0, 2**32 - 1, 2**32 - 1), "an impossible shape"),
    ],
)
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_idx_refuses(tmp_path, pack, data, message):
    path = written(tmp_path / "images", pack(data))
    with pytest.raises(DataError, match=message):
        readers.read_idx(path)


@pytest.mark.parametrize("kept", [5, 15, 200, -1])
def test_idx_refuses_cut_gzip(tmp_path, kept):
    path = written(tmp_path / "images.gz", gzip.compress(idx(PIXELS))[:kept])
    with pytest.raises(DataError, match=r"images\.gz: damaged or cut gzip"):
        readers.read_idx(path)


def test_idx_refuses_wrong_checksum(tmp_path):
    data = bytearray(gzip.compress(idx(PIXELS)))
    data[-8] ^= 1
    with pytest.raises(DataError, match="damaged or cut gzip"):
        readers.read_idx(written(tmp_path / "images.gz", bytes(data)))


def test_idx_reads_no_more_than_the_header_asks_for(tmp_path):
    endless = idx(PIXELS) + bytes(10**7)
    with pytest.raises(DataError, match="too long"):
        readers.read_idx(written(tmp_path / "images.gz", gzip.compress(endless)))


def idx_files(folder: Path, **changes: np.ndarray) -> dict[str, Path]:
    arrays = {
        "x_train": PIXELS,
        "y_train": np.array([1, 2, 3], np.uint8),
        "x_test": PIXELS[:2],
        "y_test": np.array([4, 9], np.uint8),
    } | changes
    return {
        file: written(folder / file, gzip.compress(idx(arrays[name])))
        for name, file in readers.IDX_FILES.items()
    }


def test_idx_images_go_to_their_names(tmp_path):
    arrays = readers.read_idx_images(idx_files(tmp_path))
    np.testing.assert_array_equal(arrays["x_train"], PIXELS)
    np.testing.assert_array_equal(arrays["x_test"], PIXELS[:2])
    assert arrays["y_train"].tolist() == [1, 2, 3]
    assert arrays["y_test"].tolist() == [4, 9]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"y_train": np.zeros(2, np.uint8)}, r"train images \(3, 28, 28\) do not match"),
        ({"x_test": np.zeros((2, 784), np.uint8)}, r"test images \(2, 784\) do not match"),
        ({"y_test": np.array([0, 10], np.uint8)}, "test label 10 is above 9"),
    ],
)
def test_idx_images_refuse_what_does_not_fit(tmp_path, changes, message):
    with pytest.raises(DataError, match=message):
        readers.read_idx_images(idx_files(tmp_path, **changes))


def keras_arrays() -> dict[str, np.ndarray]:
    labels = np.array([1, 2, 3], np.uint8)
    return {"x_train": PIXELS, "y_train": labels, "x_test": PIXELS[:2], "y_test": labels[:2]}


def test_keras_npz(tmp_path):
    np.savez(tmp_path / "mnist.npz", **keras_arrays())
    arrays = readers.read_keras_npz({"mnist.npz": tmp_path / "mnist.npz"})
    np.testing.assert_array_equal(arrays["x_train"], PIXELS)


def test_keras_npz_refuses_other_arrays_and_types(tmp_path):
    np.savez(tmp_path / "some.npz", x_train=PIXELS)
    with pytest.raises(DataError, match=r"some\.npz: holds \['x_train'\], expected"):
        readers.read_keras_npz({"some.npz": tmp_path / "some.npz"})
    np.savez(tmp_path / "wide.npz", **keras_arrays() | {"x_test": PIXELS[:2].astype(float)})
    with pytest.raises(DataError, match="test has dtypes float64 and uint8"):
        readers.read_keras_npz({"wide.npz": tmp_path / "wide.npz"})


def test_npz_refuses_objects(tmp_path):
    np.savez(tmp_path / "objects.npz", x=np.array([{}], dtype=object))
    with pytest.raises(DataError, match=r"objects\.npz: not a readable .npz .* allow_pickle"):
        read_npz(tmp_path / "objects.npz")


def test_npz_refuses_members_that_are_no_arrays(tmp_path):
    with zipfile.ZipFile(tmp_path / "strange.npz", "w") as archive:
        archive.writestr("x.npy", b"no array")
    with pytest.raises(DataError, match=r"strange\.npz: the member x is no array"):
        read_npz(tmp_path / "strange.npz")


def test_npz_refuses_cut_file_and_bomb(tmp_path, monkeypatch):
    np.savez_compressed(tmp_path / "whole.npz", x=PIXELS)
    cut = written(tmp_path / "cut.npz", (tmp_path / "whole.npz").read_bytes()[:-30])
    with pytest.raises(DataError, match=r"cut\.npz: not a readable"):
        read_npz(cut)
    monkeypatch.setattr("gradloss.support.files.MAX_ARRAY_BYTES", 1000)
    with pytest.raises(DataError, match="more than 1000"):
        read_npz(tmp_path / "whole.npz")


def as_python2(data: bytes) -> bytes:
    """The same pickle as Python 2 and NumPy 1 wrote it: strings for bytes, and numpy.core."""
    pieces, operations = [], list(pickletools.genops(data))
    ends = [position for _, _, position in operations[1:]] + [len(data)]
    for (operation, value, start), end in zip(operations, ends, strict=True):
        match operation.name:
            case "PROTO":
                pieces.append(b"\x80\x02")
            case "SHORT_BINBYTES" | "BINBYTES":
                pieces.append(b"T" + struct.pack("<i", len(value)) + value)
            case _:
                pieces.append(data[start:end].replace(b"numpy._core", b"numpy.core"))
    return b"".join(pieces)


def mnist_pickle(path: Path, pairs: object) -> dict[str, Path]:
    data = as_python2(pickle.dumps(pairs, protocol=3))
    return {path.name: written(path, gzip.compress(data))}


def pairs() -> list[tuple[np.ndarray, np.ndarray]]:
    images = (PIXELS / np.float32(256)).astype(np.float32).reshape(3, 784)
    return [(images[[i]], np.array([i], np.int64)) for i in range(3)]


def test_mnist_pickle_joins_training_and_validation(tmp_path):
    arrays = readers.read_mnist_pickle(mnist_pickle(tmp_path / "mnist.pkl.gz", tuple(pairs())))
    np.testing.assert_array_equal(arrays["x_train"], PIXELS[:2])
    np.testing.assert_array_equal(arrays["x_test"], PIXELS[2:])
    assert arrays["y_train"].tolist() == [0, 1]
    assert arrays["y_test"].tolist() == [2]
    assert {array.dtype for array in arrays.values()} == {np.dtype(np.uint8)}


class Harmful:
    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self):
        return Path.touch, (self.target,)


def test_mnist_pickle_runs_no_code(tmp_path):
    target = tmp_path / "touched"
    files = mnist_pickle(tmp_path / "mnist.pkl.gz", Harmful(target))
    with pytest.raises(DataError, match=r"mnist\.pkl\.gz: the pickle asks for .* refused"):
        readers.read_mnist_pickle(files)
    assert not target.exists()


@pytest.mark.parametrize("name", ["numpy\nload\n", "numpy._core.multiarray\nfromfile\n", "os\nx\n"])
def test_mnist_pickle_refuses_every_other_name(tmp_path, name):
    path = written(tmp_path / "mnist.pkl.gz", gzip.compress(b"\x80\x02c" + name.encode() + b"."))
    with pytest.raises(DataError, match="which is refused"):
        readers.read_mnist_pickle({path.name: path})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda x, y: (x + np.float32(0.001), y), "not whole numbers"),
        (lambda x, y: (x + np.float32(1), y), "not whole numbers"),
        (lambda x, y: (x * np.float32(np.nan), y), "not whole numbers"),
        (lambda x, y: (x.astype(np.float64), y), "images are no array of float32"),
        (lambda x, y: (x, y + 8), "not digits"),
        (lambda x, y: (x, y.astype(np.int32)), "labels are no array of int64"),
        (lambda x, y: (x[:, :700], y), "not three pairs"),
        (lambda x, y: (x,), "not three pairs"),
    ],
)
def test_mnist_pickle_refuses_wrong_arrays(tmp_path, change, message):
    wrong = [*pairs()[:2], change(*pairs()[2])]
    with pytest.raises(DataError, match=message):
        readers.read_mnist_pickle(mnist_pickle(tmp_path / "mnist.pkl.gz", wrong))


def test_mnist_pickle_refuses_cut_and_endless_files(tmp_path, monkeypatch):
    (path,) = mnist_pickle(tmp_path / "mnist.pkl.gz", pairs()).values()
    cut = written(tmp_path / "cut.pkl.gz", path.read_bytes()[:-20])
    with pytest.raises(DataError, match=r"cut\.pkl\.gz: not three pairs"):
        readers.read_mnist_pickle({cut.name: cut})
    monkeypatch.setattr(readers, "MAX_DECODED_BYTES", 1000)
    with pytest.raises(DataError, match="decompresses to more than 1000 bytes"):
        readers.read_mnist_pickle({path.name: path})


BOSTON_ROWS = [
    "0.00632 18.00 2.310 0 0.5380 6.5750 65.20 4.0900 1 296.0 15.30 396.90 4.98 24.00",
    "0.02731 0.00 7.070 0 0.4690 6.4210 78.90 4.9671 2 242.0 17.80 396.90 9.14 21.60",
]
BOSTON_HEADER = ",".join(f'"{name}"' for name in readers.BOSTON_COLUMNS)
BOSTON_CSV = "\r\n".join([BOSTON_HEADER, *(row.replace(" ", ",") for row in BOSTON_ROWS), ""])


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(f" {row.replace(' ', '  ')}" for row in BOSTON_ROWS) + "\n",
        BOSTON_CSV,
        "506,13,,,,,,,,,,,,\r\n" + BOSTON_CSV,
    ],
    ids=["housing.data", "csv", "scikit-learn"],
)
def test_boston_reads_every_format_alike(tmp_path, text):
    arrays = readers.read_boston({"boston": written(tmp_path / "boston", text)})
    expected = [[float(cell) for cell in row.split()] for row in BOSTON_ROWS]
    assert arrays["table"].tolist() == expected
    assert arrays["columns"].tolist() == list(readers.BOSTON_COLUMNS)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        (b"\xff\xfe\x00", "not a text file"),
        (BOSTON_ROWS[0] + "\n1 2 3\n", "data row 2 has 3 columns, expected 14"),
        (BOSTON_ROWS[0].replace("18.00", "x"), "a cell is not a number"),
        (BOSTON_ROWS[0].replace("18.00", "nan"), "data row 1 holds a missing or infinite number"),
        (BOSTON_CSV.replace("18.00", ""), "a cell is not a number"),
        (BOSTON_CSV.replace("CRIM", "CRIME"), "the header is CRIME,ZN"),
        ("506,13\r\n", "the header is nothing"),
        ("x," * 99, r"the header is (x,){40}…, expected CRIM"),
        (f"x,{'y' * 2**18}", "not a CSV file"),
    ],
)
def test_boston_refuses(tmp_path, text, message):
    with pytest.raises(DataError, match=message):
        readers.read_boston({"boston": written(tmp_path / "boston", text)})


def test_trilotropicos(tmp_path):
    path = written(tmp_path / "t.csv", "longitud,densidad_escamas\n1.5,2\n3,4.25\n")
    table = readers.read_trilotropicos({"t.csv": path})["table"]
    assert table.dtype == np.float64
    assert table.tolist() == [[1.5, 2.0], [3.0, 4.25]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1.5,2\n", r"the header is 1\.5,2, expected longitud,densidad_escamas"),
        ("longitud,densidad_escamas\n1.5\n", "data row 1 has 1 columns, expected 2"),
        ("longitud,densidad_escamas\n1.5,inf\n", "data row 1 holds"),
    ],
)
def test_trilotropicos_refuses(tmp_path, text, message):
    with pytest.raises(DataError, match=message):
        readers.read_trilotropicos({"t.csv": written(tmp_path / "t.csv", text)})
