"""Files of bits that say which examples are right."""

import numpy as np
import pytest

from gradloss.evaluation.correctness import read_correct, write_correct
from gradloss.support.errors import DataError
from gradloss.support.files import write_npz


def some_correct() -> dict[str, np.ndarray]:
    generator = np.random.default_rng(0)
    return {
        "none": generator.random((3, 101)) < 0.9,
        "gaussian@0.1": generator.random((3, 101)) < 0.5,
        "pgd_l2@1": generator.random((3, 16)) < 0.5,
    }


def test_what_is_read_is_what_was_written(tmp_path):
    write_correct(tmp_path / "correct.npz", some_correct())
    read = read_correct(tmp_path / "correct.npz")
    assert list(read) == list(some_correct())
    for name, array in some_correct().items():
        assert read[name].dtype == bool
        np.testing.assert_array_equal(read[name], array)


def test_equal_arrays_give_equal_bytes_and_few(tmp_path):
    paths = [tmp_path / name for name in ("one.npz", "other.npz")]
    for path in paths:
        write_correct(path, {"none": np.random.default_rng(1).random((5, 10_000)) < 0.5})
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert paths[0].stat().st_size < 5 * 10_000 / 8 + 1000


@pytest.mark.parametrize(
    "correct",
    [
        {"none": np.ones((2, 5))},
        {"none": np.ones(5, dtype=bool)},
        {"none": np.ones((2, 5), dtype=bool), "more": np.ones((3, 5), dtype=bool)},
    ],
)
def test_only_bool_of_replicate_and_example_is_written(tmp_path, correct):
    with pytest.raises(ValueError, match="needs bool"):
        write_correct(tmp_path / "correct.npz", correct)


def test_another_file_is_refused(tmp_path):
    write_npz(tmp_path / "other.npz", {"x": np.ones(3)})
    with pytest.raises(DataError, match="holds no bits"):
        read_correct(tmp_path / "other.npz")
