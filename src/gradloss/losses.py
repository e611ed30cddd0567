"""The gradient loss and the losses that it is compared with.

Every training loss has the signature ``loss(predict, x, y)``: ``predict`` maps inputs
[batch, ...] to outputs [batch, n], ``y`` are targets [batch, n], and the result is a scalar.
A Keras model is such a ``predict``. All of them are float32 and differentiable twice.
"""

import functools
import inspect
from collections.abc import Callable
from typing import Literal

import keras
import tensorflow as tf

from gradloss import lipschitz
from gradloss.errors import UserError

Predict = Callable[[tf.Tensor], tf.Tensor]
PerExampleLoss = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
BatchLoss = Callable[[Predict, tf.Tensor, tf.Tensor], tf.Tensor]


def gradient_loss(
    predict: Predict,
    x: tf.Tensor,
    y: tf.Tensor,
    per_example_loss: PerExampleLoss = keras.losses.mean_squared_error,
    reduction: Literal["sum", "mean"] = "sum",
) -> tf.Tensor:
    """Mean squared gradient of a loss with respect to its inputs and its targets.

    With S the per-example loss and v running over {x, y}, the value is
    ``sum over v of mean over all elements of (d reduce(S) / d v)^2``.

    With ``reduction="sum"`` every example contributes through its own loss only (the per-example
    form). With ``reduction="mean"`` the gradient is that of the batch mean, so the value is
    1 / batch^2 of the per-example form; that small scale meets the epsilon of Adam, which is why
    the two forms train differently.

    For the mean squared error over n outputs, residual r = y - f(x) and Jacobian J of f at
    x in R^m, the per-example form is ``4 / n^3 * mean(|r|^2 + n / m * |J^T r|^2)``: double
    backpropagation (Drucker and LeCun, 1992) on the Brier score, with a penalty that vanishes
    with the residual.

    Args:
        predict: A Keras model, or any function from inputs to outputs [batch, n].
        x: Inputs [batch, ...], floating.
        y: Targets [batch, n], floating.
        per_example_loss: Maps (targets, outputs) to losses [batch].
        reduction: How the per-example losses become the scalar that is differentiated.

    Returns:
        Scalar loss.

    Raises:
        ValueError: If the reduction is unknown or the per-example losses are not one per example.
    """
    if reduction not in ("sum", "mean"):
        raise ValueError(f"reduction must be 'sum' or 'mean', not {reduction!r}")
    reduce = tf.reduce_sum if reduction == "sum" else tf.reduce_mean
    with tf.GradientTape() as tape:
        tape.watch((x, y))
        losses = per_example_loss(y, predict(x))
        if losses.shape.rank != 1:
            raise ValueError(f"the per-example loss must have shape [batch], not {losses.shape}")
        total = reduce(losses)
    gradients = tape.gradient(total, (x, y))
    return tf.add_n([tf.reduce_mean(tf.square(gradient)) for gradient in gradients])


def gradient(predict: Predict, x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    """Gradient loss of the mean squared error, per example."""
    return gradient_loss(predict, x, y)


def gradient_of_batch_mean(predict: Predict, x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    """Gradient loss of the batch's mean squared error, as published for Boston housing."""
    return gradient_loss(predict, x, y, reduction="mean")


def mean_squared_error(predict: Predict, x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    """Mean squared error over outputs and examples."""
    return tf.reduce_mean(keras.losses.mean_squared_error(y, predict(x)))


def cross_entropy(predict: Predict, x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    """Mean cross-entropy of predicted class probabilities against one-hot targets."""
    return tf.reduce_mean(keras.losses.categorical_crossentropy(y, predict(x)))


def hkr(predict: Predict, x: tf.Tensor, y: tf.Tensor, margin: float, alpha: float) -> tf.Tensor:
    """Hinge-regularised Kantorovich-Rubinstein loss of one signed output (Serrurier, 2021)."""
    return tf.reduce_mean(lipschitz.hkr(y, predict(x), alpha, margin))


LOSSES: dict[str, Callable[..., tf.Tensor]] = {
    function.__name__: function
    for function in (gradient, gradient_of_batch_mean, mean_squared_error, cross_entropy, hkr)
}


def build_loss(settings: dict) -> BatchLoss:
    """The loss that a run's settings name, with the parameters that it takes from them.

    Raises:
        UserError: If no loss has that name, or a parameter that it needs is missing.
    """
    name = settings["loss"]
    if name not in LOSSES:
        raise UserError(f"loss '{name}' is unknown; known are {', '.join(LOSSES)}")
    parameters = list(inspect.signature(LOSSES[name]).parameters)[3:]
    missing = [parameter for parameter in parameters if parameter not in settings]
    if missing:
        raise UserError(f"loss '{name}' needs '{missing[0]}'; add it to the method in the config")
    return functools.partial(
        LOSSES[name], **{parameter: settings[parameter] for parameter in parameters}
    )
