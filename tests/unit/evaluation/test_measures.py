"""Jacobian norms, margins, certificates and distances against closed forms and brute force."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from gradloss import lipschitz
from gradloss.evaluation.measures import (
    JacobianNorms,
    certified_radii,
    certified_radii_2k,
    difference_bounds,
    lipschitz_bound,
    margins,
    wasserstein_distance,
)
from gradloss.losses.hkr import kr
from gradloss.networks.architectures import build_network, decode_classes, encode_targets
from gradloss.networks.prediction import BATCH, Predictor

# Keras 3.15 reads a variable with numpy.array(variable), which NumPy 2 finds outdated.
pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning:keras"
)

RNG = np.random.default_rng(0)


def dense(units, activation, seed):
    keras.utils.set_random_seed(seed)
    return keras.Sequential([keras.Input((5,)), keras.layers.Dense(units, activation)])


@pytest.fixture(scope="module")
def plane():
    """Points of the plane, and by head a 1-Lipschitz model that tells several classes there."""
    x = RNG.uniform(-2, 2, size=(60, 2)).astype(np.float32)
    models = {}
    for head, outputs in (("sign", 1), ("scores", 3)):
        network = {"name": "lipschitz_perceptron", "hidden": [8, 6]}
        models[head] = lipschitz.export(build_network(network, (2,), outputs, head, seed=1))
        models[head].layers[-1].bias.assign(-np.median(models[head](x), axis=0))
    return x, models


def test_jacobian_norm_of_a_linear_model_is_that_of_its_kernel():
    x = RNG.normal(size=(BATCH + 3, 5)).astype(np.float32)
    models = [dense(3, None, seed) for seed in (0, 1)]
    norms = JacobianNorms(models[0])
    for model in models:
        expected = np.linalg.norm(model.get_weights()[0])
        np.testing.assert_allclose(norms(model, x), np.full(len(x), expected), rtol=1e-5)


def test_jacobian_norm_of_a_linear_softmax():
    x = RNG.normal(size=(7, 5)).astype(np.float32)
    model = dense(4, "softmax", 0)
    kernel = model.get_weights()[0].astype(float)
    logits = np.exp(x @ kernel)
    expected = []
    for p in logits / logits.sum(axis=1, keepdims=True):
        expected.append(np.linalg.norm(kernel @ (np.diag(p) - np.outer(p, p))))
    np.testing.assert_allclose(JacobianNorms(model)(model, x), expected, rtol=1e-4)


def test_jacobian_norm_of_a_convolutional_network_by_finite_differences():
    sizes = {"filters": [3], "hidden": [4]}
    model = build_network({"name": "convolutional", **sizes}, (6, 6, 1), 3, "softmax", 0)
    x = RNG.random((2, 6, 6, 1)).astype(np.float32)
    step = 1e-3 * np.eye(36, dtype=np.float32).reshape(36, 6, 6, 1)
    for example, norm in zip(x, JacobianNorms(model)(model, x), strict=True):
        slopes = (np.asarray(model(example + step)) - np.asarray(model(example - step))) / 2e-3
        assert norm == pytest.approx(np.linalg.norm(slopes), rel=0.01)


def test_the_gradient_of_a_one_lipschitz_output_has_at_most_norm_one(plane):
    x, models = plane
    norms = JacobianNorms(models["sign"])(models["sign"], x)
    assert norms.shape == (60,)
    assert 0.5 < norms.max() < 1 + 1e-4


def test_margins_by_hand():
    scores = np.array([[3.0, 1.0, 2.5], [0.0, -1.0, 4.0], [1.0, 1.0, 0.0]])
    np.testing.assert_allclose(margins(scores, np.array([0, 1, 0]), "scores"), [0.5, -5.0, 0.0])
    np.testing.assert_allclose(margins(scores, np.array([1, 2, 2]), "softmax"), [-2, 4, -1])
    signed = np.array([[0.5], [0.5], [-2.0], [-2.0]])
    np.testing.assert_allclose(margins(signed, np.array([0, 1, 0, 1]), "sign"), [0.5, -0.5, -2, 2])


def linear(kernel, bias=None):
    """The network x -> x kernel + bias."""
    kernel = np.asarray(kernel, np.float32)
    layer = keras.layers.Dense(kernel.shape[1])
    model = keras.Sequential([keras.Input(kernel.shape[:1]), layer])
    model.set_weights([kernel, np.zeros(kernel.shape[1]) if bias is None else bias])
    return model


def test_certified_radii_by_hand():
    scores = np.array([[3.0, 1.0, 2.5], [0.0, -1.0, 4.0]])
    labels = np.array([0, 1])
    model = linear([[0.0, 4, 0], [0, 0, 1]])
    np.testing.assert_allclose(
        difference_bounds(model), [[0, 4, 1], [4, 0, 17**0.5], [1, 17**0.5, 0]], rtol=2e-6
    )
    np.testing.assert_allclose(
        certified_radii(scores, labels, "scores", model), [0.5, 0], rtol=2e-6
    )
    np.testing.assert_allclose(certified_radii_2k(scores, labels, model), [0.0625, 0], rtol=2e-6)
    signed = np.array([[0.5], [0.5], [-2.0]])
    radii = certified_radii(signed, np.array([0, 1, 1]), "sign", linear([[0.0], [2.0]]))
    np.testing.assert_allclose(radii, [0.25, 0, 1], rtol=2e-6)


def test_the_certificate_of_a_signed_linear_model_is_the_distance_to_its_boundary():
    w = np.array([[0.6], [0.8]])
    x = RNG.normal(size=(20, 2))
    radii = certified_radii(x @ w, decode_classes(x @ w, "sign"), "sign", linear(w))
    np.testing.assert_allclose(radii, np.abs(x @ w)[:, 0], rtol=2e-6)


def test_the_certificate_of_linear_scores_is_the_distance_to_the_nearest_hyperplane():
    """Whatever the biases, and hidden layers that only turn and reflect."""
    kernel, bias = RNG.normal(size=(6, 4)), RNG.normal(size=4)
    turn = np.linalg.qr(RNG.normal(size=(6, 6)))[0]
    model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(6), keras.layers.Dense(4)])
    model.set_weights([turn, np.ones(6), kernel, bias])
    x = RNG.normal(size=(50, 6))
    outputs = (x @ turn + 1) @ kernel + bias
    labels = outputs.argmax(axis=1)
    expected = [
        min(
            (f[y] - f[j]) / np.linalg.norm(turn @ (kernel[:, y] - kernel[:, j]))
            for j in range(4)
            if j != y
        )
        for f, y in zip(outputs, labels, strict=True)
    ]
    radii = certified_radii(outputs, labels, "scores", model)
    np.testing.assert_allclose(radii, expected, rtol=1e-5)
    assert (radii < expected).all()  # rounded down
    assert (certified_radii_2k(outputs, labels, model) < radii).all()


def test_the_bound_of_a_pair_is_never_looser_than_that_of_single_outputs(plane):
    x, models = plane
    outputs = Predictor(models["scores"])(models["scores"], x)
    for labels in (decode_classes(outputs, "scores"), np.zeros(60, np.int64)):
        tight = certified_radii(outputs, labels, "scores", models["scores"])
        loose = certified_radii_2k(outputs, labels, models["scores"])
        assert (tight >= loose).all() and (tight > loose).any()
        assert ((tight > 0) == (loose > 0)).all()


def moved_towards(model, x, labels, radii, other, steps=20):
    """Points [N, 2] of balls, moved by gradients in favour of one class against the own one."""
    centres, limits = tf.constant(x), tf.constant(radii[:, None], tf.float32)
    moved, own = tf.identity(centres), tf.one_hot(labels, model.output_shape[-1])
    for _ in range(steps):
        with tf.GradientTape() as tape:
            tape.watch(moved)
            outputs = model(moved)
            gain = tf.reduce_sum(outputs[:, other] - tf.reduce_sum(own * outputs, axis=1))
        offset = moved + tf.math.l2_normalize(tape.gradient(gain, moved), axis=1) * limits / 4
        moved = centres + tf.clip_by_norm(offset - centres, limits, axes=1)
    return moved


def test_no_gradient_leads_to_another_class_within_the_certified_radius(plane):
    x, models = plane
    model = models["scores"]
    predict = Predictor(model)
    labels = decode_classes(predict(model, x), "scores")
    radii = certified_radii(predict(model, x), labels, "scores", model)
    for other in range(3):
        inside = moved_towards(model, x, labels, 0.999 * radii, other)
        np.testing.assert_array_equal(decode_classes(predict(model, inside), "scores"), labels)


@pytest.mark.parametrize("head", ["sign", "scores"])
def test_no_point_within_the_certified_radius_has_another_class(plane, head):
    x, models = plane
    model = models[head]
    predict = Predictor(model)
    outputs = predict(model, x)
    labels = decode_classes(outputs, head)
    assert len(set(labels)) > 1
    radii = certified_radii(outputs, labels, head, model)
    angles = np.linspace(0, 2 * np.pi, 90, endpoint=False)
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    disc = np.concatenate([share * circle for share in (0.25, 0.5, 0.75, 0.999)])
    for centre, radius, label in zip(x, radii, labels, strict=True):
        around = (centre + radius * disc).astype(np.float32)
        assert set(decode_classes(predict(model, around), head)) == {label}
    # The radii are not idle: a little further out the class does change somewhere.
    beyond = (x[:, None] + 3 * radii[:, None, None] * circle).astype(np.float32).reshape(-1, 2)
    changed = decode_classes(predict(model, beyond), head).reshape(len(x), -1) != labels[:, None]
    assert changed.any(axis=1).mean() > 0.2


def test_the_bound_of_a_normalised_perceptron_is_one(plane):
    for model in plane[1].values():
        assert lipschitz_bound(model) == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize(("size", "stride", "bound"), [(3, 1, 1.059), (4, 2, 1), (3, 2, 1)])
def test_the_bound_of_a_convolution(size, stride, bound):
    """It covers the exact norm, which for a step of one exceeds that of a normalised layer."""
    convolution = lipschitz.SpectralConv2D(16, size, strides=stride)
    flatten, dense = keras.layers.Flatten(), lipschitz.FrobeniusDense(2)
    model = keras.Sequential([keras.Input((12, 12, 1)), convolution, flatten, dense])
    basis = np.eye(144, dtype=np.float32).reshape(144, 12, 12, 1)
    exact = np.linalg.norm(np.reshape(convolution(basis), (144, -1)), 2)
    assert lipschitz_bound(lipschitz.export(model)) == pytest.approx(bound, abs=1e-3)
    assert 0.99 * bound < exact < bound + 1e-3


def test_the_bound_is_the_product_of_the_layers():
    model = keras.Sequential(
        [
            keras.Input((2,)),
            keras.layers.Dense(2),
            lipschitz.MaxMin(k_coef_lip=0.5),
            lipschitz.GroupSort2(k_coef_lip=3.0),
            keras.layers.Dense(2),
        ]
    )
    last = np.array([[3.0, 0], [0, 1], [4, 0], [0, 1]])
    weights = [np.diag([2.0, 5.0]), np.zeros(2), last, np.ones(2)]
    model.set_weights(weights)
    assert lipschitz_bound(model) == pytest.approx(5 * 0.5 * 3 * 5)


@pytest.mark.parametrize(
    "layer", [keras.layers.Dense(2, "relu"), keras.layers.LayerNormalization()], ids=["a", "b"]
)
def test_a_layer_without_a_known_bound_is_refused(layer):
    model = keras.Sequential([keras.Input((2,)), layer, keras.layers.Dense(1)])
    with pytest.raises(ValueError, match=f"{layer.name}: no bound of its Lipschitz constant is kn"):
        lipschitz_bound(model)


def test_wasserstein_distance_in_one_dimension():
    first, second = RNG.normal(size=40), RNG.normal(1.0, 2.0, size=55)
    expected = stats.wasserstein_distance(first, second)
    assert wasserstein_distance(first[:, None], second[:, None]) == pytest.approx(expected)


def test_wasserstein_distance_in_the_plane_by_hand():
    """Crossing pairs would cost 2 sqrt(17) / 2; the straight ones cost (3 + 3) / 2."""
    first = np.array([[0.0, 0], [0, 4]], np.float32)
    second = np.array([[3.0, 4], [3, 0]], np.float32)
    assert wasserstein_distance(first, second) == pytest.approx(3)
    # A mass of 1 splits over two points, at distances 3 and 5.
    assert wasserstein_distance(first[:1], second) == pytest.approx(4)
    images = first.reshape(2, 1, 2, 1), second.reshape(2, 1, 2, 1)
    assert wasserstein_distance(*images) == pytest.approx(3)


def test_no_one_lipschitz_function_exceeds_the_wasserstein_distance(plane):
    x, models = plane
    y = (x[:, 0] > 0).astype(np.int64)
    distance = wasserstein_distance(x[y == 0], x[y == 1])
    for shift in (-1.0, 1.0):
        outputs = shift * Predictor(models["sign"])(models["sign"], x)
        estimate = np.mean(kr(encode_targets(y, "sign", 2), outputs))
        assert estimate <= distance + 1e-5
    coordinate = np.mean(kr(encode_targets(y, "sign", 2), -x[:, :1]))
    assert 0.9 * distance < coordinate <= distance + 1e-5
