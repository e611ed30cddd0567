"""Networks by name, their heads and the form of their targets."""

import keras
import numpy as np
import pytest

from gradloss import lipschitz
from gradloss.networks.architectures import build_network, decode_classes, encode_targets
from gradloss.support.errors import UserError

PERCEPTRON = {"name": "multilayer_perceptron", "hidden": [6, 5]}
CONVOLUTIONAL = {"name": "convolutional", "filters": [4, 3], "hidden": [5]}
LIPSCHITZ = {"name": "lipschitz_perceptron", "hidden": [6, 4]}


@pytest.mark.parametrize(
    ("network", "inputs", "outputs", "head", "shapes"),
    [
        (PERCEPTRON, (3,), 1, "value", [(3, 6), (6,), (6, 5), (5,), (5, 1), (1,)]),
        (PERCEPTRON, (3,), 4, "softmax", [(3, 6), (6,), (6, 5), (5,), (5, 4), (4,)]),
        (
            CONVOLUTIONAL,
            (12, 11, 2),
            3,
            "softmax",
            # 12 x 11, convolved 10 x 9, pooled 5 x 4, convolved 3 x 2, pooled 1 x 1
            [(3, 3, 2, 4), (4,), (3, 3, 4, 3), (3,), (3, 5), (5,), (5, 3), (3,)],
        ),
        (LIPSCHITZ, (2,), 2, "sign", [(2, 6), (6,), (6, 4), (4,), (4, 1), (1,)]),
    ],
)
def test_shapes_of_the_weights(network, inputs, outputs, head, shapes):
    model = build_network(network, inputs, outputs, head, seed=0)
    assert [variable.shape for variable in model.trainable_variables] == shapes
    assert model.input_shape == (None, *inputs)


def test_heads():
    x = np.random.default_rng(0).normal(scale=5, size=(50, 3)).astype(np.float32)
    model = build_network(PERCEPTRON, (3,), 1, "value", 0)
    value = np.asarray(model(x))
    assert value.shape == (50, 1)
    kernel, bias = model.layers[-1].get_weights()
    model.layers[-1].set_weights([-kernel, bias])
    np.testing.assert_array_equal(model(x), -value)
    classes = np.asarray(build_network(PERCEPTRON, (3,), 4, "softmax", 0)(x))
    assert classes.min() > 0
    np.testing.assert_allclose(classes.sum(axis=1), 1, atol=1e-6)


def test_perceptron_against_numpy():
    model = build_network(PERCEPTRON, (3,), 2, "softmax", seed=5)
    x = np.random.default_rng(1).normal(size=(8, 3)).astype(np.float32)
    first, bias, second, second_bias, last, last_bias = model.get_weights()
    hidden = np.maximum(np.maximum(x @ first + bias, 0) @ second + second_bias, 0)
    powers = np.exp(hidden @ last + last_bias)
    expected = powers / powers.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(model(x), expected, atol=1e-6)


def test_lipschitz_perceptron_has_orthonormal_kernels_and_full_sorting():
    model = build_network(LIPSCHITZ, (2,), 2, "sign", seed=0)
    for largest, smallest in lipschitz.singular_values(model).values():
        assert (largest, smallest) == pytest.approx((1, 1), abs=2e-3)
    assert sum(isinstance(layer, lipschitz.FullSort) for layer in model.layers) == 2
    pairs = build_network(LIPSCHITZ | {"name": "lipschitz_perceptron_pairs"}, (2,), 2, "sign", 0)
    assert sum(isinstance(layer, lipschitz.GroupSort2) for layer in pairs.layers) == 2
    for one, two in zip(model.get_weights(), pairs.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize(
    ("network", "inputs"), [(PERCEPTRON, (3,)), (CONVOLUTIONAL, (12, 12, 1)), (LIPSCHITZ, (3,))]
)
def test_the_seed_alone_decides_the_weights(network, inputs):
    first, other = (build_network(network, inputs, 2, "softmax", seed) for seed in (7, 8))
    keras.utils.set_random_seed(0)
    again = build_network(network, inputs, 2, "softmax", seed=7)
    for one, two in zip(first.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)
    assert np.abs(first.get_weights()[0] - other.get_weights()[0]).max() > 0.01


@pytest.mark.parametrize(
    ("y", "head", "outputs", "expected"),
    [
        (np.array([2, 0]), "softmax", 3, [[0, 0, 1], [1, 0, 0]]),
        (np.array([0, 1, 1]), "sign", 2, [[1], [-1], [-1]]),
        (np.array([0.5, -2.0]), "value", 1, [[0.5], [-2.0]]),
    ],
)
def test_encoded_targets(y, head, outputs, expected):
    encoded = encode_targets(y, head, outputs)
    assert encoded.dtype == np.float32
    np.testing.assert_array_equal(encoded, np.array(expected, np.float32))


def test_decoded_classes():
    probabilities = np.array([[0.2, 0.5, 0.3], [0.6, 0.3, 0.1]])
    assert decode_classes(probabilities, "softmax").tolist() == [1, 0]
    assert decode_classes(np.array([[0.1], [-3.0], [0.0]]), "sign").tolist() == [0, 1, 0]


@pytest.mark.parametrize("head", ["softmax", "sign"])
def test_decoding_undoes_encoding(head):
    labels = np.array([0, 1, 1, 0])
    np.testing.assert_array_equal(decode_classes(encode_targets(labels, head, 2), head), labels)


@pytest.mark.parametrize(
    ("network", "message"),
    [
        ({"name": "mlp", "hidden": [3]}, "network 'mlp' is unknown; known are multilayer_perc"),
        (
            {"name": "convolutional", "hidden": [3]},
            r"takes \['filters', 'hidden'\], not \['hidden'\]",
        ),
        (
            {"name": "convolutional", "filters": [2, 2, 2, 2], "hidden": [3]},
            r"cannot take examples of shape \(28, 28, 1\); choose another network",
        ),
        ({"name": "multilayer_perceptron", "filters": [2], "hidden": [3]}, r"takes \['hidden'\]"),
    ],
)
def test_a_network_that_does_not_exist_or_fit(network, message):
    with pytest.raises(UserError, match=message):
        build_network(network, (28, 28, 1), 10, "softmax", seed=0)
