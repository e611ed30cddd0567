"""The compiled search against closed forms of linear classifiers and against the toolbox's PGD."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from gradloss.evaluation.attacks import scores_of
from gradloss.evaluation.projected_gradient import build_search, lead_of_wrong
from gradloss.evaluation.toolbox import NORMS, Classifier, classify, evasion, one_hot, perturb
from gradloss.losses.balls import project
from gradloss.networks.architectures import build_network

# Keras 3.15 reads a variable with numpy.array(variable), which NumPy 2 finds outdated.
pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning:keras"
)


def survivors(scores, x, y, norm, level, steps=100, starts=1):
    """Which inputs keep their class in every start, bool [N]."""
    search = build_search(scores, x.shape[1:], norm)
    wrong = np.arange(scores(x[:1]).shape[1]) != y[:, None]
    left = np.ones(len(x), bool)
    for seed in range(starts):
        kept = np.zeros(len(x), bool)
        kept[search(x, y, wrong, level, steps, seed)] = True
        left &= kept
    return left


def linear_scores(weights):
    kernel = tf.constant(weights, tf.float32)
    return lambda x: tf.reshape(x, (-1, len(weights))) @ kernel


@pytest.mark.parametrize("norm", NORMS)
def test_a_linear_margin_falls_by_the_dual_norm_times_the_radius(norm):
    """Of two classes the margin of the scores w_0 x and w_1 x falls by |w_0 - w_1|_dual at most."""
    rng = np.random.default_rng(0)
    weights = rng.normal(size=(50, 2))
    slope = np.linalg.norm(weights[:, 0] - weights[:, 1], {"l2": 2, "linf": 1}[norm])
    x = (0.5 + 0.05 * rng.normal(size=(200, 50))).astype(np.float32)
    scores = x.astype(float) @ weights
    y = scores.argmax(axis=1)
    margins = np.abs(scores[:, 0] - scores[:, 1])
    level = float(np.median(margins) / slope)
    clear = np.abs(margins / slope - level) > 1e-3 * level
    kept = survivors(linear_scores(weights), x, y, norm, level)
    assert 50 < kept.sum() < 150
    np.testing.assert_array_equal(kept[clear], (margins > level * slope)[clear])


def test_pixels_at_their_bound_give_nothing_more():
    """Within the box each pixel lowers a linear margin by its weight times the way it has left."""
    rng = np.random.default_rng(1)
    weights = rng.normal(size=(30, 2))
    x = rng.choice([0.0, 0.02, 0.5, 1.0], size=(300, 30)).astype(np.float32)
    scores = x.astype(float) @ weights
    y = scores.argmax(axis=1)
    margins = np.abs(scores[:, 0] - scores[:, 1])
    ascent = (weights[:, 1] - weights[:, 0]) * np.where(y == 0, 1, -1)[:, None]
    room = np.where(ascent > 0, 1 - x, x)
    falls = np.sum(np.abs(ascent) * np.minimum(room, 0.1), axis=1)
    kept = survivors(linear_scores(weights), x, y, "linf", 0.1)
    clear = np.abs(margins - falls) > 1e-3
    assert 30 < kept.sum() < 270
    np.testing.assert_array_equal(kept[clear], (margins > falls)[clear])


def test_it_is_never_weaker_than_the_toolboxs():
    rng = np.random.default_rng(2)
    y = np.arange(120) % 3
    band = np.arange(10) // 3 == y[:, None]
    x = (0.6 * rng.random((120, 10, 10)) + 0.4 * band[:, :, None]).astype(np.float32)
    model = build_network(
        {"name": "multilayer_perceptron", "hidden": [16]}, (100,), 3, "softmax", 0
    )
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
    model.fit(x.reshape(120, 100), y, epochs=40, verbose=0, shuffle=False)
    images, scores = x[..., None], scores_of(model, "softmax")
    classifier = Classifier(scores, images)
    for norm, level in (("l2", 1.3), ("linf", 0.15)):
        attack = evasion.ProjectedGradientDescent(
            classifier,
            *(NORMS[norm], level, 2.5 * level / 40),
            **{"max_iter": 40, "num_random_init": 1, "batch_size": 200, "verbose": False},
        )
        toolbox = classify(classifier, perturb(attack, images, one_hot(y, 3), 0)) == y
        own = survivors(scores, images, y, norm, level, starts=3)
        assert 0 < toolbox.mean() < 1
        assert not (own & ~toolbox).any()


@pytest.mark.parametrize("norm", NORMS)
def test_points_are_moved_into_the_ball_and_the_box(norm):
    rng = np.random.default_rng(3)
    centers = rng.random((40, 5, 5, 1), dtype=np.float32)
    far = centers + rng.normal(size=centers.shape).astype(np.float32)
    moved = project(far, centers, norm, tf.constant(0.3)).numpy()
    sizes = np.linalg.norm((moved - centers).reshape(40, -1), NORMS[norm], axis=1)
    assert sizes.max() <= 0.3 + 1e-6
    assert moved.min() >= 0
    assert moved.max() <= 1
    np.testing.assert_allclose(project(moved, centers, norm, tf.constant(0.3)), moved, atol=1e-6)


def test_a_seed_gives_the_same_search_and_a_wrong_input_falls_at_once():
    weights = np.random.default_rng(4).normal(size=(9, 3))
    x = np.random.default_rng(5).random((30, 9), dtype=np.float32)
    y = (x @ weights).argmax(axis=1)
    first, again = (survivors(linear_scores(weights), x, y, "l2", 0.1, steps=2) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    wrong = (y + 1) % 3
    assert not survivors(linear_scores(weights), x, wrong, "l2", 1e-6, steps=1).any()


def test_a_search_moves_towards_the_class_that_it_aims_at():
    """Two classes lie on opposite sides; one of them beyond the radius."""
    kernel = tf.constant([[0.0, 1.0, -1.0]] + [[0.0] * 3] * 8)
    x, y = np.full((50, 9), 0.5, np.float32), np.zeros(50, np.int64)
    search = build_search(lambda x: (x - 0.5) @ kernel - [[0.0, 0.29, 0.5]], (9,), "l2")
    near, far = (np.tile(np.arange(3) == k, (50, 1)) for k in (1, 2))
    assert len(search(x, y, near, 0.3, 100, 0)) == 0
    assert len(search(x, y, far, 0.3, 100, 0)) > 45


def test_leads_of_the_best_wrong_score():
    scores = np.array([[3.0, 1.0, 0.0], [3.0, 1.0, 0.0]], np.float32)
    np.testing.assert_allclose(lead_of_wrong(np.array([0, 1]), scores), [-2, 2])
