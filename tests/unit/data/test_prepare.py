"""Preparation against hand-computed values and the published notebooks' own recipes."""

import importlib
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from project import ROOT
from sklearn.datasets import load_diabetes, make_circles, make_moons
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import MinMaxScaler

from gradloss.data import scaling
from gradloss.data.pool import Pool, load_pool, split_indices
from gradloss.data.preparations import NAMES
from gradloss.data.prepare import prepare
from gradloss.data.readers import BOSTON_COLUMNS
from gradloss.data.scaling import scale_features
from gradloss.support.errors import DataError, UserError
from gradloss.support.files import write_npz

FEATURES = ["LSTAT", "INDUS", "NOX", "PTRATIO", "RM", "TAX", "DIS", "AGE"]


def boston(table: np.ndarray) -> dict[str, np.ndarray]:
    return {"table": table, "columns": np.array(BOSTON_COLUMNS)}


def test_boston_by_hand():
    # 0, 1, 2 scales to 0, 0.5, 1 with skew 0; 0, 0, 3 scales to 0, 0, 1 with skew 1.73.
    table = np.tile(np.array([[0.0], [1.0], [2.0]]), 14)
    table[:, BOSTON_COLUMNS.index("NOX")] = [0.0, 0.0, 3.0]
    table[:, BOSTON_COLUMNS.index("MEDV")] = [0.0, np.e - 1, np.e**2 - 1]
    pool = prepare("boston", boston(table), {"seed": 3})
    expected = np.tile(np.array([[0.0], [0.5], [1.0]]), 8)
    expected[:, FEATURES.index("NOX")] = [0.0, 0.0, np.log(2.0)]
    np.testing.assert_allclose(pool["x"], expected, rtol=1e-7)
    np.testing.assert_allclose(pool["y"], [0.0, 1.0, 2.0], rtol=1e-6)
    assert pool["names"].tolist() == FEATURES
    assert pool["n_train"] == 0
    assert pool["n_train"].dtype == np.int64


def published_recipe(x: pd.DataFrame, y: pd.Series) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Notebook 000, column by column; also which columns it transformed."""
    x = pd.DataFrame(MinMaxScaler().fit_transform(x), columns=x.columns)
    transformed = []
    for column in x.columns:
        if np.abs(x[column].skew()) > 0.3:
            transformed.append(column)
            x[column] = np.log1p(x[column])
    return x.values.astype(np.float32), np.log1p(y).values.astype(np.float32), transformed


def test_boston_follows_the_published_recipe():
    rng = np.random.default_rng(1)
    table = rng.lognormal(2.0, np.geomspace(0.005, 1.0, 14), (506, 14))
    frame = pd.DataFrame(table, columns=list(BOSTON_COLUMNS))
    x, y, transformed = published_recipe(frame[FEATURES], frame["MEDV"])
    assert 0 < len(transformed) < len(FEATURES)
    pool = prepare("boston", boston(table), {})
    np.testing.assert_array_equal(pool["x"], x)
    np.testing.assert_array_equal(pool["y"], y)


def test_diabetes_follows_the_same_recipe():
    data = load_diabetes(scaled=False, as_frame=True)
    x, y, transformed = published_recipe(data.data, data.target)
    assert transformed
    pool = prepare("diabetes", {}, {})
    np.testing.assert_array_equal(pool["x"], x)
    np.testing.assert_array_equal(pool["y"], y)
    assert pool["x"].shape == (442, 10)
    assert pool["names"].tolist() == list(data.data.columns)


def test_a_skew_at_the_limit_is_not_transformed(monkeypatch):
    table = np.random.default_rng(2).lognormal(0, 0.5, (50, 14))
    columns = [BOSTON_COLUMNS.index(name) for name in FEATURES]
    column = FEATURES.index("RM")
    everything = MinMaxScaler().fit_transform(table[:, columns])
    skew, scaled = abs(pd.DataFrame(everything).skew()[column]), everything[:, [column]]
    monkeypatch.setattr(scaling, "SKEW_LIMIT", skew)
    at_limit = prepare("boston", boston(table), {})["x"][:, column]
    np.testing.assert_array_equal(at_limit, scaled[:, 0].astype(np.float32))
    monkeypatch.setattr(scaling, "SKEW_LIMIT", np.nextafter(skew, 0))
    above = prepare("boston", boston(table), {})["x"][:, column]
    np.testing.assert_array_equal(above, np.log1p(scaled[:, 0]).astype(np.float32))


def images() -> dict[str, np.ndarray]:
    """Seven training and three test images, in which every grey level occurs."""
    x = (np.arange(10 * 784) % 256).astype(np.uint8).reshape(10, 28, 28)
    y = np.arange(10, dtype=np.uint8)
    return {"x_train": x[:7], "y_train": y[:7], "x_test": x[7:], "y_test": y[7:]}


def test_mnist_divides_in_float32():
    raw = images()
    pool = prepare("mnist", raw, {})
    x = np.concatenate([raw["x_train"], raw["x_test"]])
    expected = x.astype("float32").reshape([-1, 28 * 28]) / 255.0
    assert pool["x"].dtype == np.float32
    np.testing.assert_array_equal(pool["x"], expected)
    np.testing.assert_array_equal(pool["y"], np.arange(10))
    assert pool["y"].dtype == np.int64
    assert pool["n_train"] == 7


def test_fashion_mnist_divides_in_float64():
    raw = images()
    pool = prepare("fashion_mnist", raw, {})
    x = np.concatenate([raw["x_train"], raw["x_test"]])
    assert pool["x"].dtype == np.float32
    np.testing.assert_array_equal(pool["x"], (x / 255.0).astype("float32")[..., None])
    assert pool["n_train"] == 7


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist"])
def test_limits_keep_the_first_images_of_both_parts(name):
    whole = prepare(name, images(), {})
    pool = prepare(name, images(), {"seed": 0, "limit_train": 4, "limit_test": 2})
    np.testing.assert_array_equal(pool["x"], whole["x"][[0, 1, 2, 3, 7, 8]])
    assert pool["y"].tolist() == [0, 1, 2, 3, 7, 8]
    assert pool["n_train"] == 4


def test_two_moons():
    pool = prepare("two_moons", {}, {"pool_size": 101, "seed": 5})
    x, y = make_moons(101, shuffle=True, noise=0.05, random_state=5)
    np.testing.assert_array_equal(pool["x"], x.astype(np.float32))
    np.testing.assert_array_equal(pool["y"], y)
    assert (pool["x"].dtype, pool["y"].dtype, pool["n_train"]) == (np.float32, np.int64, 0)


def test_two_circles():
    settings = {"pool_size": 100, "seed": 6, "noise": 0.14, "factor": 0.3}
    x, y = make_circles(100, shuffle=True, noise=0.14, factor=0.3, random_state=6)
    pool = prepare("two_circles", {}, settings)
    np.testing.assert_array_equal(pool["x"], x.astype(np.float32))
    np.testing.assert_array_equal(pool["y"], y)
    x, _ = make_circles(100, noise=0.05, factor=0.4, random_state=6)
    defaults = prepare("two_circles", {}, {"pool_size": 100, "seed": 6})
    np.testing.assert_array_equal(defaults["x"], x.astype(np.float32))


def test_trilotropicos_keeps_its_source():
    raw = {"table": np.array([[1.0, 2.0], [3.0, 4.0]]), "source": np.array("surrogate")}
    pool = prepare("trilotropicos", raw, {})
    assert pool["x"].tolist() == [[1.0], [3.0]]
    assert pool["y"].tolist() == [2.0, 4.0]
    assert (pool["x"].dtype, pool["y"].dtype, pool["n_train"]) == (np.float32, np.float32, 2)
    assert str(pool["source"]) == "surrogate"


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("iris", {}, "unknown data set 'iris'"),
        ("boston", {"noise": 1}, r"boston: unknown settings \['noise'\], it takes \['scaling', "),
        ("diabetes", {"scaling": "rows"}, "scaling is 'rows', choose among"),
        ("two_moons", {"seed": 1}, r"two_moons: the settings \['pool_size'\] are missing"),
        ("two_moons", {"pool_size": 9}, r"two_moons: the settings \['seed'\] are missing"),
        ("two_moons", {"pool_size": 1, "seed": 1}, "pool_size is 1, give a whole number of"),
        ("two_moons", {"pool_size": 9.5, "seed": 1}, "pool_size is 9.5"),
        ("two_moons", {"pool_size": 9, "seed": -1}, "seed is -1, give a whole number from 0"),
        ("two_moons", {"pool_size": 9, "seed": 2**32}, "seed is 4294967296"),
        ("two_moons", {"pool_size": 9, "seed": True}, "seed is True"),
        ("two_moons", {"pool_size": 9, "seed": 1, "noise": -0.1}, "noise is -0.1"),
        ("two_moons", {"pool_size": 9, "seed": 1, "noise": "loud"}, "noise is 'loud'"),
        ("two_circles", {"pool_size": 9, "seed": 1, "factor": 1}, "factor is 1, give a number"),
        ("mnist", {"limit_train": 8}, "limit_train is 8, give a whole number from 1 to 7"),
        ("mnist", {"limit_test": 0}, "limit_test is 0"),
    ],
)
def test_settings_are_checked(name, settings, message):
    with pytest.raises(UserError, match=message):
        prepare(name, images(), settings)


@pytest.mark.parametrize("name", ["boston", "mnist", "fashion_mnist", "trilotropicos"])
def test_a_missing_input_is_named(name):
    with pytest.raises(DataError, match=f"{name}: the input lacks the array"):
        prepare(name, {}, {})


def test_a_fault_of_a_preparation_is_no_fault_of_the_download(monkeypatch):
    module = importlib.import_module("gradloss.data.preparations.mnist")
    monkeypatch.setattr(module, "image_rows", lambda *_: {}["misspelt"])
    with pytest.raises(KeyError, match="misspelt"):
        prepare("mnist", images(), {})


@pytest.mark.parametrize(
    "form",
    [
        {"shape": (28, 28)},
        {"classes": 9},
        {"classes": 0},
        {"fixed_split": False},
    ],
)
def test_a_pool_of_another_form_than_stated_is_refused(monkeypatch, form):
    module = importlib.import_module("gradloss.data.preparations.mnist")
    monkeypatch.setattr(module, "FORM", replace(module.FORM, **form))
    with pytest.raises(DataError, match="mnist: the prepared arrays are a Form"):
        prepare("mnist", images(), {})


def pool_of(rows: int, n_train: int) -> Pool:
    return Pool(np.zeros((rows, 2), np.float32), np.zeros(rows, np.int64), n_train)


def test_fixed_split():
    train, test = split_indices(pool_of(5, 3), {}, seed=1)
    assert train.tolist() == [0, 1, 2]
    assert test.tolist() == [3, 4]
    assert train.dtype == test.dtype == np.int64


def test_fixed_split_without_rest_tests_on_the_training_set():
    train, test = split_indices(pool_of(3, 3), None, seed=1)
    assert train.tolist() == test.tolist() == [0, 1, 2]


@pytest.mark.parametrize("settings", [{}, {"test_size": 0.25}, {"train_size": 30, "test_size": 20}])
def test_random_split_is_scikit_learns(settings):
    train, test = split_indices(pool_of(101, 0), settings, seed=7)
    expected = train_test_split(np.arange(101), **settings, random_state=7)
    np.testing.assert_array_equal(train, expected[0])
    np.testing.assert_array_equal(test, expected[1])
    assert not set(train) & set(test)
    assert train.dtype == test.dtype == np.int64


@pytest.mark.parametrize(
    ("n_train", "settings", "seed", "message"),
    [
        (3, {"test_size": 0.25}, 0, "the training set is fixed"),
        (0, {"stratify": True}, 0, r"unknown split settings \['stratify'\]"),
        (0, {"train_size": 9, "test_size": 9}, 0, "cannot split 10 rows"),
        (0, {}, 2**32, "cannot split 10 rows"),
    ],
)
def test_split_refuses(n_train, settings, seed, message):
    with pytest.raises(UserError, match=message):
        split_indices(pool_of(10, n_train), settings, seed)


def stored(path: Path, **changes) -> Path:
    arrays = {"x": np.zeros((4, 2), np.float32), "y": np.zeros(4, np.int64), "n_train": np.int64(3)}
    write_npz(path, {name: np.asarray(a) for name, a in (arrays | changes).items()})
    return path


def test_load_pool(tmp_path):
    pool = load_pool(stored(tmp_path / "pool.npz", x=np.ones((4, 2), np.float32)))
    np.testing.assert_array_equal(pool.x, np.ones((4, 2)))
    assert (pool.y.dtype, pool.n_train) == (np.int64, 3)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"x": np.zeros((4, 2))}, "x is float64 and y is int64; prepare it anew"),
        ({"y": np.zeros(5, np.int64)}, "do not fit together"),
        ({"n_train": np.int64(5)}, "n_train 5 do not fit"),
    ],
)
def test_load_pool_refuses(tmp_path, changes, message):
    with pytest.raises(DataError, match=message):
        load_pool(stored(tmp_path / "pool.npz", **changes))


def test_load_pool_refuses_another_npz(tmp_path):
    write_npz(tmp_path / "raw.npz", {"x": np.zeros(3)})
    with pytest.raises(DataError, match=r"raw\.npz: not a prepared file, it lacks \['n_train'"):
        load_pool(tmp_path / "raw.npz")


def run_script(*arguments: str) -> subprocess.CompletedProcess:
    command = [sys.executable, str(ROOT / "scripts/data/prepare.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_script_writes_the_same_bytes_again(tmp_path):
    settings = json.dumps({"pool_size": 20, "seed": 1})
    paths = [tmp_path / "new" / "first.npz", tmp_path / "second.npz"]
    for path in paths:
        arguments = ["--dataset", "two_moons", "--settings", settings, "--output", str(path)]
        done = run_script(*arguments)
        assert done.returncode == 0, done.stderr
    assert load_pool(paths[0]).x.shape == (20, 2)
    assert paths[0].read_bytes() == paths[1].read_bytes()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--settings", "{"], "error: --settings is not JSON"),
        (["--settings", "[1]"], "error: --settings is [1], give a JSON object"),
        (["--input", "nowhere.npz"], "error: nowhere.npz: No such file or directory"),
    ],
)
def test_script_errors_are_one_line(tmp_path, arguments, message):
    output = tmp_path / "pool.npz"
    done = run_script("--dataset", "two_moons", *arguments, "--output", str(output))
    assert done.returncode == 1
    assert done.stderr.startswith(message)
    assert done.stderr.count("\n") == 1
    assert not output.exists()


def test_every_preparation_is_documented():
    modules = [importlib.import_module(f"gradloss.data.preparations.{name}") for name in NAMES]
    assert all(module.prepare.__doc__ for module in modules)


def test_features_are_scaled_by_the_rows_they_are_fitted_on():
    rng = np.random.default_rng(4)
    x = np.stack([rng.uniform(2, 5, 60), rng.lognormal(0, 1, 60)], axis=1).astype(np.float32)
    part = x[:40]
    scaled = scale_features(x, fitted_on=part)
    ranges = part.max(axis=0) - part.min(axis=0)
    expected = (x.astype(float) - part.min(axis=0)) / ranges
    assert scaled.dtype == np.float32
    np.testing.assert_allclose(scaled[:, 0], expected[:, 0], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(scaled[:, 1], np.log1p(expected[:, 1]), rtol=1e-5, atol=1e-6)


def test_boston_as_it_is_for_replicates_that_scale_themselves():
    table = np.random.default_rng(2).lognormal(0, 0.5, (50, 14))
    as_it_is = prepare("boston", boston(table), {"scaling": "training_part"})
    scaled = prepare("boston", boston(table), {})
    np.testing.assert_array_equal(as_it_is["y"], scaled["y"])
    columns = [BOSTON_COLUMNS.index(name) for name in FEATURES]
    np.testing.assert_array_equal(as_it_is["x"], table[:, columns].astype(np.float32))
    whole = scale_features(as_it_is["x"], fitted_on=as_it_is["x"])
    np.testing.assert_allclose(whole, scaled["x"], atol=1e-6)
