"""Perturbed inputs: common random numbers, nested flips and the distribution of each kind."""

import numpy as np
import pytest

from gradloss.evaluation.perturbations import PERTURBATIONS, gaussian_directions, perturbed_inputs
from gradloss.support.errors import UserError
from gradloss.support.seeds import derive_seed

NOISE = {
    "draws": 2,
    "gaussian": [0.1, 0.4],
    "gaussian_clipped": [0.4],
    "uniform": [0.2, 0.5],
    "pixel_flip": [0.02, 0.1, 1.0],
}
KEY = (7, "mnist", 3)
X = np.random.default_rng(0).random((40, 50), dtype=np.float32)


def perturbed(x=X, noise=NOISE, key=KEY):
    return {entry[:3]: entry[3] for entry in perturbed_inputs(x, noise, *key)}


@pytest.fixture(scope="module")
def inputs():
    return perturbed()


def test_every_kind_level_and_draw_comes_once_and_in_float32(inputs):
    original = X.copy()
    keys = [entry[:3] for entry in perturbed_inputs(X, NOISE, *KEY)]
    expected = [
        (kind, level, draw)
        for draw in (0, 1)
        for kind in ("gaussian", "gaussian_clipped", "uniform", "pixel_flip")
        for level in NOISE[kind]
    ]
    assert keys == expected
    assert set(NOISE) == {"draws", *PERTURBATIONS}
    assert all(x.dtype == np.float32 and x.shape == X.shape for x in inputs.values())
    np.testing.assert_array_equal(X, original)


def test_gaussian_levels_scale_the_same_directions(inputs):
    for draw in (0, 1):
        directions = gaussian_directions(X.shape, *KEY, draw)
        for level in NOISE["gaussian"]:
            moved = inputs["gaussian", level, draw]
            np.testing.assert_allclose(moved, X + level * directions, atol=1e-6)


def test_clipped_noise_is_the_same_noise_clipped_to_images(inputs):
    plain, clipped = inputs["gaussian", 0.4, 1], inputs["gaussian_clipped", 0.4, 1]
    inside = (plain >= 0) & (plain <= 1)
    np.testing.assert_array_equal(clipped[inside], plain[inside])
    assert set(clipped[plain < 0]) == {0.0}
    assert set(clipped[plain > 1]) == {1.0}


def test_uniform_noise_fills_its_width_evenly(inputs):
    noise = inputs["uniform", 0.5, 0] - X
    np.testing.assert_allclose(noise, 2.5 * (inputs["uniform", 0.2, 0] - X), atol=1e-6)
    assert 0.49 < np.abs(noise).max() <= 0.5 + 1e-6
    # 2000 uniform numbers of variance 1/12
    assert abs(noise.mean()) < 5 / np.sqrt(12 * 2000)
    assert abs((noise < -0.25).mean() - 0.25) < 5 * np.sqrt(0.25 * 0.75 / 2000)


def test_flips_nest_and_occur_as_often_as_their_level(inputs):
    flipped = {level: inputs["pixel_flip", level, 0] != X for level in NOISE["pixel_flip"]}
    assert np.all(flipped[0.1][flipped[0.02]])
    assert np.all(flipped[1.0])
    for level in (0.02, 0.1):
        assert abs(flipped[level].mean() - level) < 5 * np.sqrt(level * (1 - level) / 2000)
        turned = inputs["pixel_flip", level, 0][flipped[level]]
        np.testing.assert_array_equal(turned, 1 - X[flipped[level]])


def test_a_kind_draws_the_same_whatever_stands_beside_it(inputs):
    for kind in PERTURBATIONS:
        alone = perturbed(noise={"draws": 2, kind: NOISE[kind]})
        for key, values in alone.items():
            np.testing.assert_array_equal(values, inputs[key])


def test_draws_kinds_and_keys_are_independent(inputs):
    keys = [(8, "mnist", 3), (7, "fashion_mnist", 3), (7, "mnist", 4)]
    drawn = [inputs, *(perturbed(key=key) for key in keys)]
    signals = []
    for kind, level in (("gaussian", 0.4), ("uniform", 0.5)):
        signals += [each[kind, level, 0] - X for each in drawn]
        signals.append(inputs[kind, level, 1] - X)
    signals += [each["pixel_flip", 0.1, 0] != X for each in drawn]
    signals.append(inputs["pixel_flip", 0.1, 1] != X)
    correlations = np.corrcoef([signal.ravel() for signal in signals]) - np.eye(15)
    assert np.abs(correlations).max() < 5 / np.sqrt(2000)


def test_the_streams_are_frozen(inputs):
    uniform = np.random.default_rng(derive_seed(*KEY, "uniform noise 1"))
    expected = X + 0.2 * (2 * uniform.random(X.shape, dtype=np.float32) - 1)
    np.testing.assert_allclose(inputs["uniform", 0.2, 1], expected, atol=1e-6)
    flips = np.random.default_rng(derive_seed(*KEY, "pixel flips 1"))
    chosen = flips.random(X.shape, dtype=np.float32) < 0.1
    np.testing.assert_array_equal(inputs["pixel_flip", 0.1, 1] != X, chosen)


def test_an_unknown_kind_is_refused():
    with pytest.raises(UserError, match="noise: perturbation 'blur' is unknown; known are gauss"):
        perturbed(noise={"draws": 1, "gaussian": [0.1], "blur": [1.0]})
