"""Seeds and the noise that they draw: paired over methods, different for everything else."""

import inspect
import itertools

import numpy as np

from gradloss.evaluation.perturbations import gaussian_directions
from gradloss.support.seeds import derive_seed


def test_the_scheme_is_frozen():
    assert derive_seed(20240319, "boston", 0, "split") == 1259690354
    assert derive_seed(20240319, "mnist", 3, "gaussian noise 1") == 2870258325


def test_every_part_changes_the_seed():
    parts = ([1, 2, 12], ["a", "b"], [0, 1, 21], ["split", "order of epoch 1"])
    seeds = [derive_seed(*key) for key in itertools.product(*parts)]
    assert len(set(seeds)) == len(seeds) == 36
    assert all(0 <= seed < 2**32 for seed in seeds)


def test_seeds_are_spread_evenly():
    seeds = np.array([derive_seed(1, "a", replicate, "split") for replicate in range(4000)])
    counts = np.bincount(seeds >> 29, minlength=8)
    # 4000 draws over 8 octants: mean 500, standard deviation sqrt(4000 / 8 * 7 / 8) = 20.9
    assert np.abs(counts - 500).max() < 5 * 20.9


def test_noise_does_not_know_the_method():
    names = {*inspect.signature(gaussian_directions).parameters}
    assert names == {"shape", "root_seed", "dataset", "replicate", "draw"}
    key = ((50, 3), 7, "boston", 2, 1)
    np.testing.assert_array_equal(gaussian_directions(*key), gaussian_directions(*key))


def test_noise_differs_by_replicate_draw_dataset_and_root():
    base = (7, "boston", 2, 1)
    others = [(7, "boston", 3, 1), (7, "boston", 2, 0), (7, "diabetes", 2, 1), (8, "boston", 2, 1)]
    drawn = np.stack([gaussian_directions((400,), *key) for key in (base, *others)])
    correlations = np.corrcoef(drawn)[0, 1:]
    assert np.abs(correlations).max() < 5 / np.sqrt(400)


def test_noise_is_standard_normal_float32():
    noise = gaussian_directions((1000, 20), 7, "boston", 0, 0)
    assert noise.dtype == np.float32
    assert noise.shape == (1000, 20)
    assert abs(noise.mean()) < 5 / np.sqrt(20000)
    assert abs(noise.var() - 1) < 5 * np.sqrt(2 / 20000)


def test_noise_is_frozen():
    expected = np.random.default_rng(2870258325).standard_normal((4, 5), dtype=np.float32)
    np.testing.assert_array_equal(gaussian_directions((4, 5), 20240319, "mnist", 3, 1), expected)
