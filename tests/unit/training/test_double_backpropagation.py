"""The cheap layers against Keras' own, to the second order and with ties."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from gradloss.losses.plain import cross_entropy, gradient_loss
from gradloss.training.double_backpropagation import (
    CheapConv2D,
    CheapMaxPooling2D,
    with_cheap_gradients,
)


def network():
    keras.utils.set_random_seed(3)
    return keras.Sequential(
        [
            keras.Input((15, 12, 1)),
            keras.layers.Conv2D(4, (3, 2), activation="relu"),
            keras.layers.MaxPooling2D(2),
            keras.layers.Conv2D(3, 3, activation="relu"),
            keras.layers.MaxPooling2D(2),
            keras.layers.Flatten(),
            keras.layers.Dense(5, "softmax"),
        ]
    )


def batch(levels):
    """Few levels make many windows tie, as the constant background of an image does."""
    rng = np.random.default_rng(0)
    x = tf.constant(rng.integers(levels, size=(6, 15, 12, 1)) / levels, tf.float32)
    return x, tf.one_hot(rng.integers(5, size=6), 5)


def test_the_first_convolution_and_the_pooling_are_replaced():
    crop, *others = (type(layer) for layer in with_cheap_gradients(network()).layers)
    assert crop is keras.layers.Cropping2D
    assert others[:4] == [CheapConv2D, CheapMaxPooling2D, keras.layers.Conv2D, CheapMaxPooling2D]


CONVOLUTION, POOLING = keras.layers.Conv2D, keras.layers.MaxPooling2D


def border_cut_off(layers, shape):
    """Rows and columns that training leaves out of the inputs of a network."""
    model = keras.Sequential([keras.Input((*shape, 1)), *layers])
    first = with_cheap_gradients(model).layers[0]
    if not isinstance(first, keras.layers.Cropping2D):
        return model, [0, 0]
    assert [before for before, _ in first.cropping] == [0, 0]
    return model, [after for _, after in first.cropping]


@pytest.mark.parametrize(
    ("layers", "shape"),
    [
        (lambda: [CONVOLUTION(2, 3), POOLING(2), CONVOLUTION(2, 3), POOLING(2)], (28, 28)),
        (lambda: [CONVOLUTION(2, 3), POOLING(2), CONVOLUTION(2, 3), POOLING(2)], (31, 30)),
        (lambda: [CONVOLUTION(2, 3, strides=2)], (8, 9)),
        (lambda: [CONVOLUTION(2, (2, 3), dilation_rate=2), POOLING((3, 2))], (14, 16)),
    ],
)
def test_the_border_that_is_cut_off_is_all_that_no_output_depends_on(layers, shape):
    """Where a network of positive weights has no slope."""
    model, found = border_cut_off(layers(), shape)
    model.set_weights([np.abs(weight.numpy()) for weight in model.weights])
    x = tf.constant(np.random.default_rng(1).random((40, *shape, 1)), tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(x)
        total = tf.reduce_sum(model(x))
    read = np.abs(tape.gradient(total, x)).sum(axis=(0, 3)) > 0
    rows, columns = np.flatnonzero(read.any(axis=1)), np.flatnonzero(read.any(axis=0))
    assert found == [shape[0] - 1 - rows.max(), shape[1] - 1 - columns.max()]


@pytest.mark.parametrize(
    "layers",
    [
        lambda: [CONVOLUTION(2, 3, padding="same"), POOLING(2)],
        lambda: [CONVOLUTION(2, 3), keras.layers.ReLU(), POOLING(2)],
        lambda: [keras.layers.Flatten()],
    ],
)
def test_nothing_is_cut_off_before_other_layers_than_unpadded_ones(layers):
    assert border_cut_off(layers(), (11, 11))[1] == [0, 0]


@pytest.mark.parametrize("levels", [1, 3, 10**6])
@pytest.mark.parametrize("loss", [gradient_loss, cross_entropy])
def test_losses_and_their_gradients_are_those_of_the_plain_network(levels, loss):
    plain = network()
    cheap = with_cheap_gradients(plain)
    cheap.set_weights([weight.numpy() for weight in plain.variables])
    found = []
    for model in (plain, cheap):
        with tf.GradientTape() as tape:
            value = loss(model, *batch(levels))
        found.append([value, *tape.gradient(value, [v.value for v in model.trainable_variables])])
    for expected, actual in zip(*found, strict=True):
        scale = np.abs(expected).max()
        np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-6 * scale)


def test_other_layers_are_left_alone():
    layers = [
        keras.layers.MaxPooling2D(2, strides=1),
        keras.layers.MaxPooling2D(2, padding="same"),
        keras.layers.MaxPooling2D(3),
        keras.layers.Conv2D(2, 3, padding="same"),
        keras.layers.Conv2D(2, 1),
    ]
    model = keras.Sequential([keras.Input((20, 20, 1)), *layers])
    kinds = [type(layer) for layer in with_cheap_gradients(model).layers]
    assert kinds == [type(layer) for layer in layers]


def test_in_bfloat16_the_last_layer_stays_float32():
    model = with_cheap_gradients(network(), "bfloat16")
    *hidden, last = (layer.compute_dtype for layer in model.layers)
    assert set(hidden) == {"bfloat16"}
    assert last == model(batch(3)[0]).dtype == "float32"
    assert {weight.dtype for weight in model.weights} == {"float32"}
