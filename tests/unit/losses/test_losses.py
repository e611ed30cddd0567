"""The gradient loss against closed forms, finite differences and the published code."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from gradloss.losses import plain as losses
from gradloss.losses.plain import build_loss, gradient_loss
from gradloss.support.errors import UserError

BATCH, INPUTS, HIDDEN, OUTPUTS = 7, 5, 6, 3


@pytest.fixture
def rng():
    return np.random.default_rng(4)


@pytest.fixture
def batch(rng):
    """Inputs and one-hot targets, float64."""
    return rng.normal(size=(BATCH, INPUTS)), np.eye(OUTPUTS)[rng.integers(OUTPUTS, size=BATCH)]


@pytest.fixture
def weights(rng):
    """Kernels and biases of a network with one hidden layer, float64."""
    shapes = [(INPUTS, HIDDEN), (HIDDEN,), (HIDDEN, OUTPUTS), (OUTPUTS,)]
    return [rng.normal(size=shape) for shape in shapes]


def keras_network(weights):
    model = keras.Sequential(
        [
            keras.Input((INPUTS,), dtype="float64"),
            keras.layers.Dense(HIDDEN, "tanh", dtype="float64"),
            keras.layers.Dense(OUTPUTS, "softmax", dtype="float64"),
        ]
    )
    model.set_weights(weights)
    return model


def numpy_network(weights, x):
    kernel, bias, last_kernel, last_bias = weights
    logits = np.tanh(x @ kernel + bias) @ last_kernel + last_bias
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def numpy_errors(weights, x, y):
    """Mean squared error of each example."""
    return np.mean((numpy_network(weights, x) - y) ** 2, axis=-1)


def central_difference(function, value, step=1e-6):
    """Derivative of a scalar function with respect to every element of an array."""
    result = np.empty_like(value)
    for index in np.ndindex(value.shape):
        change = np.zeros_like(value)
        change[index] = step
        result[index] = (function(value + change) - function(value - change)) / (2 * step)
    return result


def gradient_loss_by_differences(weights, x, y):
    at_x = central_difference(lambda moved: numpy_errors(weights, moved, y).sum(), x)
    at_y = central_difference(lambda moved: numpy_errors(weights, x, moved).sum(), y)
    return np.mean(at_x**2) + np.mean(at_y**2)


def residuals_and_jacobians(weights, x, y):
    """Residuals [B, n] and Jacobians [B, n, m] by the chain rule in NumPy."""
    kernel, bias, last_kernel, _ = weights
    hidden, outputs = np.tanh(x @ kernel + bias), numpy_network(weights, x)
    softmax_jacobian = np.eye(OUTPUTS) * outputs[:, None] - outputs[:, :, None] * outputs[:, None]
    jacobian = softmax_jacobian @ last_kernel.T @ ((1 - hidden**2)[:, :, None] * kernel.T)
    return y - outputs, jacobian


def gradient_loss_by_hand(weights, x, y, input_weight=1.0):
    """4 / n^3 * mean(|r|^2 + weight * n / m * |J^T r|^2)."""
    residual, jacobian = residuals_and_jacobians(weights, x, y)
    pulled_back = np.einsum("bnm,bn->bm", jacobian, residual)
    slopes = input_weight * OUTPUTS / INPUTS * np.sum(pulled_back**2, axis=1)
    return 4 / OUTPUTS**3 * np.mean(np.sum(residual**2, axis=1) + slopes)


def published_gradient_loss(loss_of):
    """The published code: squares of the gradients with respect to both tensors of a tuple."""

    def gradient_loss_fn(inputs):
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            loss = loss_of(inputs)
        return sum(tf.reduce_mean(tf.square(slope)) for slope in tape.gradient(loss, inputs))

    return gradient_loss_fn


@pytest.mark.parametrize("outputs", [1, 3])
def test_linear_model_in_closed_form(rng, outputs):
    x, kernel = rng.normal(size=(BATCH, INPUTS)), rng.normal(size=(INPUTS, outputs))
    bias, y = rng.normal(size=outputs), rng.normal(size=(BATCH, outputs))
    residual = x @ kernel + bias - y
    at_y = -2 / outputs * residual
    at_x = 2 / outputs * residual @ kernel.T
    value = gradient_loss(lambda inputs: inputs @ kernel + bias, tf.constant(x), tf.constant(y))
    assert float(value) == pytest.approx(np.mean(at_x**2) + np.mean(at_y**2), rel=1e-12)


def test_network_against_finite_differences(weights, batch):
    value = gradient_loss(keras_network(weights), *map(tf.constant, batch))
    assert float(value) == pytest.approx(gradient_loss_by_differences(weights, *batch), rel=1e-7)


def test_identity_with_the_jacobian_of_tensorflow(weights, batch):
    model, (x, y) = keras_network(weights), map(tf.constant, batch)
    with tf.GradientTape() as tape:
        tape.watch(x)
        outputs = model(x)
    jacobian, residual = tape.batch_jacobian(outputs, x).numpy(), (y - outputs).numpy()
    squares = np.sum(residual**2, axis=1)
    squares += OUTPUTS / INPUTS * np.sum(np.einsum("bnm,bn->bm", jacobian, residual) ** 2, axis=1)
    expected = 4 / OUTPUTS**3 * np.mean(squares)
    assert float(gradient_loss(model, x, y)) == pytest.approx(expected, rel=1e-12)
    assert gradient_loss_by_hand(weights, *batch) == pytest.approx(expected, rel=1e-12)


def test_gradient_with_respect_to_the_weights(weights, batch):
    model, (x, y) = keras_network(weights), map(tf.constant, batch)
    with tf.GradientTape() as tape:
        value = gradient_loss(model, x, y)
    slopes = tape.gradient(value, model.trainable_variables)
    for position, slope in enumerate(slopes):

        def value_at(moved, position=position):
            changed = [*weights[:position], moved, *weights[position + 1 :]]
            return gradient_loss_by_hand(changed, *batch)

        expected = central_difference(value_at, weights[position])
        np.testing.assert_allclose(slope, expected, rtol=1e-6, atol=1e-10)


def test_gradient_of_the_batch_mean_carries_the_square_of_the_batch(weights, batch):
    model, tensors = keras_network(weights), [tf.constant(part) for part in batch]
    per_example = float(gradient_loss(model, *tensors))
    of_mean = float(gradient_loss(model, *tensors, reduction="mean"))
    assert of_mean == pytest.approx(per_example / BATCH**2, rel=1e-14)


def test_an_example_does_not_see_the_others(weights, batch):
    model, (x, y) = keras_network(weights), map(tf.constant, batch)
    alone = [float(gradient_loss(model, x[i : i + 1], y[i : i + 1])) for i in range(BATCH)]
    assert float(gradient_loss(model, x, y)) == pytest.approx(np.mean(alone), rel=1e-12)


def test_inputs_do_not_count_where_the_residual_vanishes(weights, batch):
    x = tf.constant(batch[0])
    model = keras_network(weights)
    y = model(x)
    assert float(gradient_loss(model, x, y)) == 0
    shifted = y + tf.constant([1e-3, 0.0, 0.0], tf.float64)
    pull_back = float(gradient_loss(model, x, shifted)) - 4 / OUTPUTS**3 * 1e-6
    assert 0 < pull_back < 1e-6


def test_published_code_with_scalar_targets(rng):
    model = keras.Sequential([keras.Input((INPUTS,)), keras.layers.Dense(8, "relu")])
    model.add(keras.layers.Dense(1))
    x = tf.constant(rng.normal(size=(BATCH, INPUTS)), tf.float32)
    y = tf.constant(rng.normal(size=BATCH), tf.float32)
    published = published_gradient_loss(
        lambda inputs: keras.losses.mean_squared_error(inputs[1], tf.squeeze(model(inputs[0])))
    )
    ours = losses.gradient_of_batch_mean(model, x, y[:, None])
    assert float(ours) == pytest.approx(float(published((x, y))), rel=1e-6)


def test_published_code_with_vector_targets(weights, batch):
    model, tensors = keras_network(weights), tuple(map(tf.constant, batch))
    published = published_gradient_loss(
        lambda inputs: keras.losses.mean_squared_error(inputs[1], model(inputs[0]))
    )
    ours = losses.gradient(model, *tensors)
    assert float(ours) == pytest.approx(float(published(tensors)), rel=1e-14)


def test_cross_entropy_in_closed_form(weights, batch):
    kernel, bias, last_kernel, _ = weights
    x = batch[0]
    y = 0.7 * batch[1] + 0.1
    outputs = numpy_network(weights, x)
    at_logits = outputs * y.sum(axis=1, keepdims=True) - y
    hidden = np.tanh(x @ kernel + bias)
    at_x = (at_logits @ last_kernel.T * (1 - hidden**2)) @ kernel.T
    value = gradient_loss(
        keras_network(weights),
        tf.constant(x),
        tf.constant(y),
        per_example_loss=keras.losses.categorical_crossentropy,
    )
    expected = np.mean(at_x**2) + np.mean(np.log(outputs) ** 2)
    assert float(value) == pytest.approx(expected, rel=1e-6)


def test_any_function_of_targets_and_outputs_is_a_loss(batch):
    x, y = map(tf.constant, batch)
    value = gradient_loss(
        lambda inputs: inputs, x, y, lambda target, output: target[:, 0] * output[:, 1] ** 2
    )
    at_x, at_y = 2 * batch[1][:, 0] * batch[0][:, 1], batch[0][:, 1] ** 2
    expected = np.sum(at_x**2) / batch[0].size + np.sum(at_y**2) / batch[1].size
    assert float(value) == pytest.approx(expected, rel=1e-12)


def functional_model():
    inputs = keras.Input((4, 4, 2))
    flat = keras.layers.Flatten()(inputs)
    branches = [keras.layers.Dense(3, name)(flat) for name in ("tanh", "sigmoid")]
    return keras.Model(inputs, keras.layers.Add()(branches))


def convolutional_model():
    return keras.Sequential(
        [
            keras.Input((4, 4, 2)),
            keras.layers.Conv2D(3, 2, activation="relu"),
            keras.layers.MaxPooling2D(2),
            keras.layers.Flatten(),
            keras.layers.Dense(3, "softmax"),
        ]
    )


@pytest.mark.parametrize("build", [functional_model, convolutional_model])
def test_any_keras_model_serves(build, rng):
    keras.utils.set_random_seed(1)
    model = build()
    x = tf.constant(rng.normal(size=(BATCH, 4, 4, 2)), tf.float32)
    y = tf.constant(rng.normal(size=(BATCH, 3)), tf.float32)
    with tf.GradientTape(persistent=True) as outer:
        with tf.GradientTape() as tape:
            tape.watch(x)
            outputs = model(x)
        value = gradient_loss(model, x, y)
    jacobian = tape.batch_jacobian(outputs, x).numpy().reshape(BATCH, 3, 32)
    residual = (y - outputs).numpy()
    squares = np.sum(residual**2, axis=1)
    squares += 3 / 32 * np.sum(np.einsum("bnm,bn->bm", jacobian, residual) ** 2, axis=1)
    assert float(value) == pytest.approx(4 / 27 * np.mean(squares), rel=1e-5)
    slopes = outer.gradient(value, model.trainable_variables)
    assert all(np.abs(slope).max() > 0 for slope in slopes)


def test_plain_losses_against_numpy(weights, batch):
    model, tensors = keras_network(weights), [tf.constant(part) for part in batch]
    outputs = numpy_network(weights, batch[0])
    squared = float(losses.mean_squared_error(model, *tensors))
    assert squared == pytest.approx(np.mean((outputs - batch[1]) ** 2), rel=1e-12)
    entropy = float(losses.cross_entropy(model, *tensors))
    assert entropy == pytest.approx(-np.mean(np.log(outputs[batch[1] == 1])), rel=1e-6)


def losses_by_hand(weights, x, y):
    """Value in NumPy and parameters of each loss by its name, maybe with a comment."""
    residual, jacobian = residuals_and_jacobians(weights, x, y)
    error, frobenius = np.mean(residual**2), np.mean(np.sum(jacobian**2, axis=(1, 2)))
    entropies = -np.sum(y * np.log(y - residual), axis=1)
    smoothed = -np.sum((0.8 * y + 0.2 / OUTPUTS) * np.log(y - residual), axis=1)
    error_slopes = 2 / OUTPUTS * np.einsum("bnm,bn->bm", jacobian, residual)
    entropy_slopes = np.einsum("bnm,bn->bm", jacobian, y / (y - residual))
    return {
        "gradient": (gradient_loss_by_hand(weights, x, y), {}),
        "gradient, weight 7": (gradient_loss_by_hand(weights, x, y, 7), {"input_weight": 7}),
        "gradient, weight 0": (4 / OUTPUTS**2 * error, {"input_weight": 0}),
        "gradient_of_batch_mean": (gradient_loss_by_hand(weights, x, y) / BATCH**2, {}),
        "gradient_of_constant_residual": (gradient_loss_by_hand(weights, x, y), {}),
        "jacobian_penalty": (
            4 / OUTPUTS**2 * (error + 0.3 / INPUTS * frobenius),
            {"penalty": 0.3},
        ),
        "mean_squared_error": (error, {}),
        "scaled_mean_squared_error": (4 / OUTPUTS**2 * error, {}),
        "squared_error_input_gradient": (
            error + 0.3 * np.mean(np.sum(error_slopes**2, axis=1)),
            {"penalty": 0.3},
        ),
        "cross_entropy": (entropies.mean(), {}),
        "cross_entropy, smoothed": (smoothed.mean(), {"label_smoothing": 0.2}),
        "cross_entropy_input_gradient": (
            entropies.mean() + 0.3 * np.mean(np.sum(entropy_slopes**2, axis=1)),
            {"penalty": 0.3},
        ),
    }


def test_losses_against_numpy(weights, batch):
    model, tensors = keras_network(weights), [tf.constant(part) for part in batch]
    for name, (expected, parameters) in losses_by_hand(weights, *batch).items():
        loss = build_loss({"loss": name.partition(",")[0], "epochs": 1, **parameters})
        assert float(loss(model, *tensors)) == pytest.approx(expected, rel=1e-7), name


def test_a_constant_residual_changes_the_slopes_by_the_residuals_own_part(weights, batch):
    """The difference is the derivative with respect to the residual of the inputs' term."""
    model, (x, y) = keras_network(weights), map(tf.constant, batch)
    _, jacobian = residuals_and_jacobians(weights, *batch)

    def slopes_of(function):
        with tf.GradientTape() as tape:
            value = function()
        return tape.gradient(value, model.trainable_variables)

    def residuals_part():
        pulled_back = tf.einsum("bnm,bn->bm", tf.constant(jacobian), y - model(x))
        return 4 / OUTPUTS**2 * tf.reduce_mean(tf.square(pulled_back))

    full = slopes_of(lambda: losses.gradient(model, x, y))
    constant = slopes_of(lambda: losses.gradient_of_constant_residual(model, x, y))
    for one, other, part in zip(full, constant, slopes_of(residuals_part), strict=True):
        np.testing.assert_allclose(one, other + part, rtol=1e-9, atol=1e-12)


def test_a_parameter_of_another_loss():
    message = "loss 'gradient' takes no 'penalty'; remove it from the method"
    with pytest.raises(UserError, match=message):
        build_loss({"loss": "gradient", "penalty": 3.0})


def test_unknown_reduction(batch):
    with pytest.raises(ValueError, match="reduction must be 'sum' or 'mean', not 'max'"):
        gradient_loss(lambda x: x, *map(tf.constant, batch), reduction="max")


def test_a_loss_must_be_given_per_example(batch):
    def of_batch(y, outputs):
        return tf.reduce_mean(tf.square(y - outputs[:, :OUTPUTS]))

    message = r"the per-example loss must have shape \[batch\], not \(\)"
    with pytest.raises(ValueError, match=message):
        gradient_loss(lambda x: x, *map(tf.constant, batch), per_example_loss=of_batch)


def test_unknown_loss():
    with pytest.raises(UserError, match="loss 'brier' is unknown; known are gradient"):
        build_loss({"loss": "brier"})


def test_adversarial_cross_entropy_of_a_linear_model_in_closed_form(rng):
    """The worst point of a ball is along the difference of the two logits' weights."""
    weights, offset = rng.normal(size=INPUTS), 0.2
    x = 0.5 + 0.02 * rng.normal(size=(BATCH, INPUTS))
    labels = np.arange(BATCH) % 2

    def predict(inputs):
        logit = inputs @ weights[:, None] - weights.sum() / 2 - offset
        return tf.sigmoid(tf.concat([logit, -logit], axis=1))

    found = losses.adversarial_cross_entropy(predict, tf.constant(x), np.eye(2)[labels], 0.1, 5)
    side = np.where(labels == 0, 1, -1)
    worst = side * ((x - 0.5) @ weights - offset) - 0.1 * np.linalg.norm(weights)
    np.testing.assert_allclose(found, np.mean(np.log1p(np.exp(-worst))), rtol=1e-6)


def test_points_of_adversarial_training_are_constants(batch, weights):
    x, y = batch[0] * 0.1 + 0.5, batch[1]
    model = keras_network(weights)
    inputs = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        loss = losses.adversarial_cross_entropy(model, inputs, y, 0.2, 3)
    assert loss > losses.cross_entropy(model, inputs, y)
    assert tape.gradient(loss, inputs) is None
