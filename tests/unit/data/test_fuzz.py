"""Whatever a file holds, a reader gives arrays or refuses in one sentence: 12,000 hostile files."""

import copy
import gzip
import io
import pickle
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from project import ROOT
from test_readers import BOSTON_CSV, BOSTON_ROWS, as_python2, idx, keras_arrays, pairs

from gradloss.configuration.files import read_config_file
from gradloss.configuration.runs import (
    canonical_json,
    leave_out_nulls,
    replicates_of,
    run_settings,
    runs,
    sort_keys,
)
from gradloss.configuration.validation import validate_config
from gradloss.data import readers
from gradloss.data.manifest import content_hash
from gradloss.support.errors import UserError

SCHEMA = yaml.safe_load((ROOT / "workflow/config.schema.yaml").read_text(encoding="utf-8"))
LONGEST_SENTENCE = 1000  # characters

# The same files in each run of the tests, and none kept for the next.
fuzz = partial(settings, derandomize=True, database=None, deadline=None)


def edited(data: bytes, edits: list[tuple[int, int, bytes]]) -> bytes:
    for start, removed, added in edits:
        data = data[:start] + added + data[start + removed :]
    return data


def mutations(data: bytes) -> st.SearchStrategy[bytes]:
    """The bytes with up to four pieces replaced, taken out or put in."""
    edit = st.tuples(st.integers(0, len(data)), st.integers(0, 9), st.binary(max_size=9))
    return st.lists(edit, max_size=4).map(partial(edited, data))


def packed(strategy: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    return strategy.map(partial(gzip.compress, compresslevel=1, mtime=0))


@pytest.fixture(scope="module")
def refuse(tmp_path_factory: pytest.TempPathFactory) -> Callable:
    """Write a file and read it; the reader may refuse, in one sentence of its own."""
    path = tmp_path_factory.mktemp("fuzz") / "file"

    def read(reader: Callable[[Path], object], data: bytes) -> None:
        path.write_bytes(data)
        try:
            reader(path)
        except UserError as error:
            sentence = str(error)
            assert 0 < len(sentence) < LONGEST_SENTENCE
            assert sentence.splitlines() == [sentence]

    return read


def decoded(reader: Callable[[dict[str, Path]], readers.Arrays], path: Path) -> str:
    """What the manifest compares."""
    return content_hash(reader({path.name: path}))


IDX = idx(np.arange(24, dtype=np.uint8).reshape(2, 3, 4))
IDX_HEADERS = st.builds(
    lambda kind, sizes, rest: b"".join(
        [bytes([0, 0, kind, len(sizes)]), *(size.to_bytes(4, "big") for size in sizes), rest]
    ),
    st.sampled_from([8, 8, 8, 13]),
    st.lists(st.sampled_from([0, 1, 2, 2**16, 2**31, 2**32 - 1]), max_size=5),
    st.binary(max_size=8),
)
IDX_FILES = mutations(IDX) | IDX_HEADERS | st.binary(max_size=40)


@fuzz(max_examples=2500)
@given(data=IDX_FILES | packed(IDX_FILES) | mutations(gzip.compress(IDX, mtime=0)))
def test_idx(refuse: Callable, data: bytes):
    refuse(lambda path: content_hash({"x": readers.read_idx(path)}), data)


def lines(*texts: str) -> st.SearchStrategy[bytes]:
    """Mutated texts, and rows of whatever stands in tables."""
    cell = st.sampled_from(["1", "-2.5", "1e999", "nan", "", '"', '"a\nb"', "x", "1_0", "\0", "é"])
    row = st.lists(cell, max_size=15).map(",".join)
    table = st.lists(row | st.sampled_from(texts), max_size=4).map("\n".join).map(str.encode)
    return table | st.one_of(mutations(text.encode()) for text in texts)


@fuzz(max_examples=2000)
@given(data=lines(BOSTON_ROWS[0], BOSTON_CSV, "506,13,,,,,,,,,,,,"))
def test_boston(refuse: Callable, data: bytes):
    refuse(partial(decoded, readers.read_boston), data)


@fuzz(max_examples=2000)
@given(data=lines("longitud,densidad_escamas", "longitud,densidad_escamas\n1.5,2\n3,4.25\n"))
def test_trilotropicos(refuse: Callable, data: bytes):
    refuse(partial(decoded, readers.read_trilotropicos), data)


@fuzz(max_examples=2000)
@given(data=lines("a,b", "a,b\n1.5,2\n3,4.25\n", "1,2\n3,4\n"))
def test_csv(refuse: Callable, data: bytes):
    refuse(partial(decoded, readers.read_csv), data)


def archive(members: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as zipped:
        for name, data in members.items():
            zipped.writestr(zipfile.ZipInfo(f"{name}.npy"), data)
    return file.getvalue()


def npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


SMALL = {name: npy(array[:1, ...]) for name, array in keras_arrays().items()}
LABELS = mutations(SMALL["y_test"]).map(lambda data: archive({**SMALL, "y_test": data}))


@fuzz(max_examples=1500)
@given(data=LABELS | mutations(archive({"y_test": SMALL["y_test"]})))
def test_keras_npz(refuse: Callable, data: bytes):
    refuse(partial(decoded, readers.read_keras_npz), data)


PICKLE = as_python2(pickle.dumps([(x[:, :2], y) for x, y in pairs()], protocol=3))


@fuzz(max_examples=1500)
@given(data=packed(mutations(PICKLE)))
def test_mnist_pickle(refuse: Callable, data: bytes):
    refuse(partial(decoded, readers.read_mnist_pickle), data)


def cut(config: dict) -> dict:
    """One dataset of each kind; the others take time and have the same keys."""
    kept = {"mnist", "two_moons", "boston_leak_free", "trilotropicos"}
    datasets = {name: entry for name, entry in config["datasets"].items() if name in kept}
    arms = {name for name, method in config["methods"].items() if "changes" in method}
    datasets["mnist"]["methods"] = {
        name: entry
        for name, entry in datasets["mnist"]["methods"].items()
        if name not in arms - {"brier"}
    }
    datasets["mnist"]["attacks"]["methods"] = ["gradient"]
    used = {name for entry in datasets.values() for name in entry["methods"]}
    methods = {name: method for name, method in config["methods"].items() if name in used}
    return {**config, "datasets": datasets, "methods": methods}


CONFIG_TEXT = yaml.safe_dump(
    cut(yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))), sort_keys=False
)


def read_config(path: Path) -> None:
    """As Snakefile does."""
    read_config_file(path)
    config = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    leave_out_nulls(config)
    validate_config(config, SCHEMA)
    config = sort_keys(config)
    for dataset, method in runs(config):
        canonical_json(run_settings(config, dataset, method))
        range(replicates_of(config, dataset, method))


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.dates()
KEYS = st.sampled_from(["gradient", "hkr", "methods", "two_moons", "label", "<<", ""]) | SCALARS
VALUES = st.recursive(
    SCALARS | st.sampled_from(["../x", "name\n", "src"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=2),
    max_leaves=4,
)


def places(value: object, *path: object) -> list[tuple]:
    """Paths of all parts of a document, itself excluded."""
    entries = value.items() if isinstance(value, dict) else enumerate(value)
    return [
        place
        for key, entry in entries
        for place in (
            (*path, key),
            *(places(entry, *path, key) if isinstance(entry, dict | list) else ()),
        )
    ]


def changed(change: tuple[tuple, object]) -> bytes:
    """The text of the configuration with another value in one place."""
    (*parents, key), value = change
    document = part = copy.deepcopy(CONFIG)
    for parent in parents:
        part = part[parent]
    part[key] = value
    text = yaml.dump(document, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True)
    return text.encode()


CONFIG = yaml.safe_load(CONFIG_TEXT)
PLACES = places(CONFIG)


@fuzz(max_examples=1000)
@given(data=st.tuples(st.sampled_from(PLACES), VALUES).map(changed))
def test_config_with_another_value(refuse: Callable, data: bytes):
    refuse(read_config, data)


TOKENS = st.sampled_from(
    [
        *("- ", ": ", "{", "}", "[", "]", "&a ", "*a", "<<: *a", "!!int ", "!!python/tuple "),
        *("\n", "  ", "\t", "#", "'", '"', "%", "--- ", "? ", ", ", "|\n"),
        *("0x", "1e9", "2024-13-01", "~", "é", "a"),
    ]
).map(str.encode)
YAML_EDIT = st.tuples(st.integers(0, len(CONFIG_TEXT)), st.integers(0, 9), TOKENS)


@fuzz(max_examples=1500)
@given(
    data=st.lists(YAML_EDIT, max_size=3).map(partial(edited, CONFIG_TEXT.encode()))
    | st.lists(TOKENS, max_size=12).map(b"".join)
    | st.binary(max_size=20)
)
def test_config_text(refuse: Callable, data: bytes):
    refuse(read_config, data)
