"""Counted operations against the matrix products counted by hand."""

import logging

import keras
import pytest

from gradloss.evaluation.plain import operations_per_example
from gradloss.losses import plain as losses

WIDE, HIDDEN, NARROW, BATCH = 300, 200, 100, 16


@pytest.fixture(autouse=True)
def _quiet():
    # TensorFlow's profiler calls a function that TensorFlow says is deprecated.
    logger = logging.getLogger("tensorflow")
    level = logger.level
    logger.setLevel(logging.ERROR)
    yield
    logger.setLevel(level)


def perceptron(*hidden):
    units = [keras.layers.Dense(width, "relu") for width in hidden]
    return keras.Sequential([keras.Input((WIDE,)), *units, keras.layers.Dense(NARROW)])


def operations(model, loss, batch=BATCH):
    return operations_per_example(model, loss, model.output_shape[-1], batch)


def test_one_dense_layer():
    """The product and its derivative with respect to the kernel, two operations per weight each."""
    counted = operations(perceptron(), losses.mean_squared_error)
    products = 2 * 2 * WIDE * NARROW
    # Elementwise work: some operations per output, and per weight and batch for the gradient.
    assert products < counted < products + 20 * NARROW + 2 * WIDE * NARROW / BATCH


def test_two_dense_layers():
    """The second layer also hands its derivative on to the first."""
    counted = operations(perceptron(HIDDEN), losses.mean_squared_error)
    products = 2 * 2 * WIDE * HIDDEN + 2 * 3 * HIDDEN * NARROW
    weights = WIDE * HIDDEN + HIDDEN * NARROW
    assert products < counted < products + 20 * (HIDDEN + NARROW) + 2 * weights / BATCH


def test_a_convolution_counts_its_products_at_every_place():
    """The product and its derivatives with respect to the kernel and to the first layer."""

    def counted(filters):
        layers = [keras.layers.Conv2D(count, 3, padding="same") for count in (4, filters)]
        pooling = keras.layers.GlobalAveragePooling2D()
        model = keras.Sequential([keras.Input((20, 20, 1)), *layers, pooling])
        return operations(model, losses.mean_squared_error)

    products_of_ten_filters = 2 * 3 * (20 * 20) * (3 * 3 * 4) * 10
    assert counted(30) - counted(20) == pytest.approx(products_of_ten_filters, rel=0.03)


def test_the_gradient_loss_of_a_dense_layer_takes_five_products():
    """Forward, back to the inputs, two from there to the kernel, one from the outputs to it."""
    counted = operations(perceptron(), losses.gradient)
    assert counted == pytest.approx(5 * 2 * WIDE * NARROW, rel=0.1)


def test_the_size_of_the_batch_hardly_matters():
    model = perceptron(HIDDEN)
    for loss in (losses.mean_squared_error, losses.gradient):
        small, large = (operations(model, loss, batch) for batch in (16, 64))
        assert small == pytest.approx(large, rel=0.02)


def test_the_gradient_loss_costs_more_than_the_plain_one():
    model = perceptron(HIDDEN)
    plain, gradient = (
        operations(model, loss) for loss in (losses.mean_squared_error, losses.gradient)
    )
    assert 1.5 * plain < gradient < 4 * plain
    assert operations(model, losses.gradient_of_batch_mean) == pytest.approx(gradient, rel=0.01)
