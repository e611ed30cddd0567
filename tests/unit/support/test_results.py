"""The tables that travel between the stages."""

import numpy as np
import pandas as pd

from gradloss.support.results import METRIC_KEYS, metric_rows, write_csv


def test_metric_rows_are_tidy_and_sorted_by_their_keys():
    frame = metric_rows(
        "boston",
        "gradient",
        [
            (1, "mse", "none", 0.0, 0, 0.5),
            (0, "mse", "none", 0.0, 0, 0.25),
            (0, "mse", "gaussian", 0.2, 1, 4.0),
            (0, "mse", "gaussian", 0.1, 1, 3.0),
            (0, "mse", "gaussian", 0.1, 0, 2.0),
            (0, "loss", "none", 0.0, 0, 1.0),
        ],
    )
    assert frame.columns.tolist() == [*METRIC_KEYS, "value"]
    assert ",".join(METRIC_KEYS) == "dataset,method,replicate,measure,perturbation,level,draw"
    assert frame["value"].tolist() == [1.0, 2.0, 3.0, 4.0, 0.25, 0.5]
    assert set(frame["dataset"]) == {"boston"}
    assert set(frame["method"]) == {"gradient"}
    assert frame.index.tolist() == list(range(6))


def test_rows_can_come_from_a_generator():
    rows = ((replicate, "mse", "none", 0.0, 0, 1.0) for replicate in (2, 1))
    assert metric_rows("d", "m", rows)["replicate"].tolist() == [1, 2]


def test_files_restore_every_float32(tmp_path):
    bits = np.random.default_rng(0).integers(2**31, size=5000, dtype=np.uint32)
    values = bits.view(np.float32)
    values = values[np.isfinite(values)]
    path = tmp_path / "deep" / "table.csv"
    write_csv(pd.DataFrame({"value": values.astype(float)}), path)
    restored = pd.read_csv(path)["value"]
    np.testing.assert_array_equal(restored.to_numpy(np.float32), values)
    assert [entry.name for entry in path.parent.iterdir()] == ["table.csv"]


def test_equal_tables_give_equal_bytes_without_an_index(tmp_path):
    frame = pd.DataFrame({"name": ["a", "b"], "value": [0.1, 1 / 3]}, index=[5, 7])
    for name in ("first.csv", "second.csv"):
        write_csv(frame, tmp_path / name)
    assert (tmp_path / "first.csv").read_bytes() == (tmp_path / "second.csv").read_bytes()
    assert (tmp_path / "first.csv").read_text() == "name,value\na,0.1\nb,0.333333333\n"
