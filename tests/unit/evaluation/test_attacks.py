"""Attacks against closed forms of linear classifiers, certificates and their own promises."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.special import logsumexp, softmax

from gradloss import lipschitz
from gradloss.evaluation.attacks import (
    attack_model,
    logits_of,
    scores_of,
    withstand,
    withstand_targets,
)
from gradloss.evaluation.toolbox import (
    Classifier,
    auto_pgd,
    classify,
    log_odds,
    margin,
    one_hot,
    perturb,
    square,
    targeted_ratio,
)
from gradloss.networks.architectures import build_network, decode_classes

# Keras 3.15 reads a variable with numpy.array(variable), which NumPy 2 finds outdated.
pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning:keras"
)

PERCEPTRON = {"name": "multilayer_perceptron", "hidden": [16]}
CONVOLUTIONAL = {"name": "convolutional", "filters": [4], "hidden": [6]}
BUILDERS = {"apgd": auto_pgd, "square": square}
DUAL = {"l2": 2, "linf": 1}


def seed_of(purpose):
    return len(purpose)


def images(count, seed=0, side=10):
    return np.random.default_rng(seed).random((count, side, side, 1), dtype=np.float32)


def network(head="softmax", outputs=3, side=10, seed=0, sureness=4.0):
    model = build_network(CONVOLUTIONAL, (side, side, 1), outputs, head, seed)
    kernel, bias = model.layers[-1].get_weights()
    model.layers[-1].set_weights([sureness * kernel, bias])
    return model


def linear_model(head, weights, offset, scale=1.0):
    """f = scale (w x - offset) of one output, or of the difference of two."""
    column = scale * np.asarray(weights, np.float32)[:, None]
    kernel = column if head == "sign" else np.hstack([column / 2, -column / 2])
    bias = -scale * offset if head == "sign" else scale * np.array([-offset / 2, offset / 2])
    activation = {"sign": None, "softmax": "softmax"}[head]
    units = kernel.shape[1]
    model = keras.Sequential([keras.Input((len(weights),)), keras.layers.Dense(units, activation)])
    model.set_weights([kernel, np.atleast_1d(bias)])
    return model


def accuracies(model, head, x, y, attacks):
    rows = attack_model(scores_of(model, head), x, y, {"starts": 2, **attacks}, seed_of)
    return {(perturbation, level): right.mean() for perturbation, level, right in rows}


def classifier_of(model, head="softmax", x=None, loss=log_odds):
    return Classifier(scores_of(model, head), images(1) if x is None else x, loss)


def attack_named(name, norm, level, model, x):
    return BUILDERS[name](classifier_of(model, x=x), norm, level, 10)


def test_logits_are_those_behind_the_probabilities():
    x = images(5)
    model = network()
    probabilities = np.asarray(model(x))
    logits = np.asarray(logits_of(model)(x))
    np.testing.assert_allclose(softmax(logits, axis=1), probabilities, atol=1e-6)
    assert np.abs(logits.sum(axis=1) - 1).min() > 1e-3
    np.testing.assert_array_equal(model(x), probabilities)


@pytest.mark.parametrize("head", ["softmax", "sign", "scores"])
def test_classes_of_the_scores_are_those_of_the_head(head):
    x = images(50).reshape(50, 100)
    name = "multilayer_perceptron" if head == "softmax" else "lipschitz_perceptron"
    model = build_network({"name": name, "hidden": [8]}, (100,), 3, head, 1)
    outputs = np.log(model(x)) if head == "softmax" else np.asarray(model(x))
    model.layers[-1].bias.assign(-outputs.mean(axis=0))
    labels = decode_classes(np.asarray(model(x)), head)
    assert len(set(labels)) > 1
    classifier = Classifier(scores_of(model, head), x.reshape(50, 10, 10, 1), log_odds)
    assert classifier.nb_classes == (2 if head == "sign" else 3)
    np.testing.assert_array_equal(classify(classifier, x.reshape(50, 10, 10, 1)), labels)
    np.testing.assert_array_equal(classify(classifier, x), labels)


def test_log_odds_are_the_cross_entropy_without_its_saturation():
    scores = np.random.default_rng(0).normal(scale=3, size=(20, 4)).astype(np.float32)
    y = np.eye(4, dtype=np.float32)[np.arange(20) % 4]
    cross_entropy = logsumexp(scores.astype(float), axis=1) - (scores * y).sum(axis=1)
    odds = np.asarray(log_odds(y, scores)).astype(float)
    np.testing.assert_allclose(np.log1p(np.exp(odds)), cross_entropy, rtol=1e-5, atol=1e-6)
    sure = tf.constant([[200.0, 1.0, 1.0, 0.0]])
    with tf.GradientTape() as tape:
        tape.watch(sure)
        loss = log_odds(np.eye(4, dtype=np.float32)[:1], sure)
    others = softmax([1.0, 1.0, 0.0])
    np.testing.assert_allclose(tape.gradient(loss, sure)[0], [-1, *others], rtol=1e-6)


def test_targeted_ratio_by_hand():
    scores = np.tile(np.array([3.0, 1.0, 0.0, -1.0, -2.0], np.float32), (2, 1))
    y = one_hot(np.array([0, 1]), 5) - one_hot(np.array([1, 4]), 5)
    assert y.argmax(axis=1).tolist() == [0, 1]
    np.testing.assert_allclose(targeted_ratio(y, scores), [-2 / 3.5, -3 / 3.5], rtol=1e-6)


def test_gradients_and_losses_of_the_classifier_are_the_models():
    x, y = images(4), np.eye(3, dtype=np.float32)[[0, 1, 2, 0]]
    model = network()
    classifier = classifier_of(model)
    logits = logits_of(model)
    with tf.GradientTape() as tape:
        inputs = tf.constant(x)
        tape.watch(inputs)
        losses = log_odds(y, logits(inputs))
    np.testing.assert_allclose(classifier.compute_loss(x, y, reduction="none"), losses, rtol=1e-5)
    gradient = tape.gradient(losses, inputs)
    assert np.abs(gradient).max() > 1e-3
    np.testing.assert_allclose(classifier.loss_gradient(x, y), gradient, atol=1e-6)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        outputs = logits(inputs)
    jacobian = tape.batch_jacobian(outputs, inputs)
    np.testing.assert_allclose(classifier.class_gradient(x), jacobian, atol=1e-6)


@pytest.mark.parametrize("scale", [1.0, 300.0], ids=["unsure", "sure"])
@pytest.mark.parametrize("head", ["softmax", "sign"])
@pytest.mark.parametrize("norm", ["l2", "linf"])
def test_linear_classifiers_fall_at_their_distance(norm, head, scale):
    """|w x - b| / |w|_dual is the distance from the boundary as long as no pixel is clipped."""
    rng = np.random.default_rng(2)
    weights = rng.choice([-1.0, 1.0], 40) * rng.uniform(0.5, 1.5, 40)
    dual = np.linalg.norm(weights, DUAL[norm])
    unit = 0.02 if norm == "l2" else 0.01
    distances = unit * (np.arange(30) % 5 + 0.5)
    y = np.arange(30) % 2
    side = np.where(y == 0, 1.0, -1.0)
    center = np.full(40, 0.5)
    steepest = weights / np.sum(weights**2)
    x = center + (side * distances * dual)[:, None] * steepest
    model = linear_model(head, weights, weights @ center, scale)
    levels = [unit * k for k in (1, 2, 3, 4)]
    attacks = {"steps": 20, norm: levels}
    measured = accuracies(model, head, x.astype(np.float32), y, attacks)
    assert measured.pop(("subset", 0.0)) == 1
    assert measured == {
        (f"pgd_{norm}", level): pytest.approx(np.mean(distances > level)) for level in levels
    }


def test_accuracy_falls_with_the_radius_to_nothing():
    y = np.arange(60) % 3
    band = np.arange(10) // 3 == y[:, None]  # the rows that are bright tell the class
    x = (0.6 * images(60) + 0.4 * band[:, :, None, None]).astype(np.float32).reshape(60, 100)
    model = build_network(PERCEPTRON, (100,), 3, "softmax", 0)
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
    model.fit(x, y, epochs=60, verbose=0, shuffle=False)
    assert (classify(classifier_of(model, x=x), x) == y).all()
    y[:6] = (y[:6] + 1) % 3
    attacks = {"steps": 20, "l2": [4.0, 0.01, 1.0, 2.0, 3.0], "linf": [0.001, 0.4, 0.1, 0.2]}
    measured = accuracies(model, "softmax", x, y, attacks)
    assert measured.pop(("subset", 0.0)) == 0.9
    for norm in ("l2", "linf"):
        curve = [value for (name, _), value in measured.items() if name == f"pgd_{norm}"]
        levels = [level for name, level in measured if name == f"pgd_{norm}"]
        assert levels == sorted(attacks[norm], reverse=True)
        assert curve[0] == 0
        assert curve == sorted(curve)
        assert 0.9 >= curve[-1] > 0.5


def test_only_what_was_right_is_attacked_and_counted():
    x, model = images(20), network()
    attack = attack_named("apgd", "l2", 1e-6, model, x)
    y = classify(attack.estimator, x)
    robust = np.arange(20) % 3 > 0
    np.testing.assert_array_equal(withstand(attack, x, y, robust, 0), robust)
    nothing = np.zeros(20, bool)
    np.testing.assert_array_equal(withstand(attack, x, y, nothing, 0), nothing)


@pytest.mark.parametrize("norm", ["l2", "linf"])
@pytest.mark.parametrize("name", BUILDERS)
def test_candidates_stay_in_the_ball_and_in_the_box(name, norm):
    x = images(130)
    model = network()
    level = {"l2": 0.8, "linf": 0.08}[norm]
    attack = attack_named(name, norm, level, model, x)
    y = classify(attack.estimator, x)
    adversarial = perturb(attack, x, one_hot(y, 3), seed=3)
    assert adversarial.shape == x.shape
    assert adversarial.min() == 0
    assert adversarial.max() == 1
    order = {"l2": 2, "linf": np.inf}[norm]
    norms = np.linalg.norm((adversarial - x).reshape(130, -1), order, axis=1)
    assert 0.5 * level < norms.max() <= level + 1e-5
    assert np.mean(classify(attack.estimator, adversarial) == y) < 1


@pytest.mark.parametrize("norm", ["l2", "linf"])
@pytest.mark.parametrize("name", BUILDERS)
def test_a_seed_gives_the_same_bytes(name, norm):
    x, model = images(12), network()
    y = classify(classifier_of(model), x)
    first, again, other = (
        perturb(attack_named(name, norm, 0.3, model, x), x, one_hot(y, 3), seed).tobytes()
        for seed in (5, 5, 6)
    )
    assert first == again
    assert first != other


@pytest.mark.parametrize("norm", ["l2", "linf"])
def test_targets_fall_up_to_the_distance_of_the_nearest_boundary(norm):
    """Of linear scores, within a hair; aimed at the likeliest class alone, no more of them."""
    generator = np.random.default_rng(0)
    weights = generator.normal(size=(20, 5)).astype(np.float32)
    model = keras.Sequential([keras.Input((20,)), keras.layers.Dense(5, "softmax")])
    model.set_weights([weights, np.zeros(5, np.float32)])
    x = generator.uniform(0.3, 0.7, (60, 20)).astype(np.float32)
    scores = x @ weights
    y = scores.argmax(axis=1)
    slopes = np.linalg.norm(weights[:, y, None] - weights[:, None], DUAL[norm], axis=0)
    gaps = scores.max(axis=1, keepdims=True) - scores
    distance = np.where(gaps > 0, gaps / np.maximum(slopes, 1e-9), np.inf).min(axis=1)
    level = float(np.median(distance))
    attack = auto_pgd(classifier_of(model, x=x, loss=targeted_ratio), norm, level, 30)
    everywhere = np.ones(60, bool)
    left = withstand_targets(attack, x, y, everywhere, 4, seed_of)
    assert left[distance > level].all()
    assert not left[distance < 0.97 * level].any()
    likeliest = withstand_targets(attack, x, y, everywhere, 1, seed_of)
    assert (likeliest >= left).all()
    np.testing.assert_array_equal(withstand_targets(attack, x, y, left, 0, seed_of), left)


def test_what_is_no_image_has_no_margin_to_gain_from():
    x = images(3).astype(np.float64)
    classifier = classifier_of(network())
    scores = classifier.predict(x.astype(np.float32))
    y = np.eye(3, dtype=np.float32)[[0, 1, 2]]
    right = scores[range(3), range(3)]
    best = [np.delete(row, k).max() for k, row in enumerate(scores)]
    np.testing.assert_allclose(margin(classifier, x, y), right - best, atol=1e-6)
    x[1, 0, 0, 0] = np.nan
    values = margin(classifier, x, y)
    assert np.isposinf(values[1])
    assert np.isfinite(values[[0, 2]]).all()


def test_the_ensemble_sees_through_vanishing_gradients():
    """The sum of the signs of all pixels - 1/2 has no gradient; random search still lowers it."""
    model = keras.Sequential(
        [
            keras.Input((10, 10, 1)),
            keras.layers.Rescaling(1.0, offset=-0.5),
            keras.layers.Activation(keras.ops.sign),
            keras.layers.Flatten(),
            keras.layers.Dense(1, use_bias=False, kernel_initializer="ones"),
        ]
    )
    x, y = np.full((8, 10, 10, 1), 0.55, np.float32), np.zeros(8, np.int64)
    attacks = {
        "steps": 5,
        "linf": [0.1],
        "ensemble": {"linf": 0.1, "targets": 0, "square_queries": 60},
    }
    measured = accuracies(model, "sign", x, y, attacks)
    assert measured["pgd_linf", 0.1] == 1
    assert measured["ensemble_linf", 0.1] == 0


@pytest.mark.parametrize("head", ["sign", "scores"])
def test_no_attack_beats_a_certificate(head):
    """Within |f| (two classes) or half the gap of the best two scores no class can change."""
    outputs = 1 if head == "sign" else 3
    model = keras.Sequential(
        [
            keras.Input((100,)),
            lipschitz.SpectralDense(32, kernel_initializer=keras.initializers.Orthogonal(seed=0)),
            lipschitz.FullSort(),
            lipschitz.FrobeniusDense(
                outputs, kernel_initializer=keras.initializers.RandomNormal(seed=1)
            ),
        ]
    )
    x = images(60)
    model.layers[-1].bias.assign(-np.asarray(model(x.reshape(60, -1))).mean(axis=0))
    plain = lipschitz.export(model)
    kernels = [layer.kernel.numpy() for layer in plain.layers if hasattr(layer, "kernel")]
    # The first layer as a whole, then the steepest of the outputs, which are bounded one by one.
    slope = np.linalg.norm(kernels[0], 2) * np.linalg.norm(kernels[1], axis=0).max()
    assert slope == pytest.approx(1, abs=1e-2)
    values = np.asarray(plain(x.reshape(60, -1)))
    y = decode_classes(values, head)
    assert len(set(y)) == max(outputs, 2)
    top = np.sort(values, axis=1)
    radii = np.abs(values[:, 0]) if head == "sign" else (top[:, -1] - top[:, -2]) / 2
    radii /= slope
    wrong = np.arange(60) % 10 == 0
    y[wrong] = (y[wrong] + 1) % max(outputs, 2)
    radii[wrong] = 0
    levels = np.quantile(radii[~wrong], [0.25, 0.5, 0.75]).tolist()
    ensemble = {"l2": levels[1], "targets": 0, "square_queries": 20}
    attacks = {"steps": 20, "l2": levels, "ensemble": ensemble}
    measured = accuracies(plain, head, x, y, attacks)
    assert measured["subset", 0.0] == 0.9
    for (_, level), accuracy in measured.items():
        assert accuracy >= np.mean(radii > level)
    assert measured["pgd_l2", levels[2]] < 0.7
