"""The gradient loss and the losses that it is compared with.

Every training loss has the signature ``loss(predict, x, y)``: ``predict`` maps inputs
[batch, ...] to outputs [batch, n], ``y`` are targets [batch, n], and the result is a scalar.
A Keras model is such a ``predict``. All of them are float32 and differentiable twice.
"""

from collections.abc import Callable
from typing import Literal

import keras
import tensorflow as tf

from gradloss.configuration.heads import ForHeads
from gradloss.losses.balls import project, steepest
from gradloss.losses.binding import BatchLoss, Predict, bind_loss

PerExampleLoss = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
LOSSES = ForHeads()


def gradient_loss(
    predict: Predict,
    x: tf.Tensor,
    y: tf.Tensor,
    per_example_loss: PerExampleLoss = keras.losses.mean_squared_error,
    reduction: Literal["sum", "mean"] = "sum",
    input_weight: float = 1.0,
) -> tf.Tensor:
    """Mean squared gradient of a loss with respect to its inputs and its targets.

    With S the per-example loss and v running over {x, y}, the value is
    ``sum over v of weight of v * mean over all elements of (d reduce(S) / d v)^2``.

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
        input_weight: Weight of the inputs' term; the documents' is 1, and 0 leaves it out.

    Returns:
        Scalar loss.

    Raises:
        ValueError: If the reduction is unknown or the per-example losses are not one per example.
    """
    if reduction not in ("sum", "mean"):
        raise ValueError(f"reduction must be 'sum' or 'mean', not {reduction!r}")
    reduce = tf.reduce_sum if reduction == "sum" else tf.reduce_mean
    terms = [(y, 1.0)] if input_weight == 0 else [(x, input_weight), (y, 1.0)]
    watched = [tensor for tensor, _ in terms]
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(watched)
        losses = per_example_loss(y, predict(x))
        if losses.shape.rank != 1:
            raise ValueError(f"the per-example loss must have shape [batch], not {losses.shape}")
        total = reduce(losses)
    gradients = tape.gradient(total, watched)
    return tf.add_n(
        [weight * _mean_square(slope) for slope, (_, weight) in zip(gradients, terms, strict=True)]
    )


@LOSSES.for_heads("value", "softmax")
def gradient(predict: Predict, x: tf.Tensor, y: tf.Tensor, input_weight: float = 1.0) -> tf.Tensor:
    """Gradient loss of the mean squared error, per example."""
    return gradient_loss(predict, x, y, input_weight=input_weight)


@LOSSES.for_heads("value", "softmax")
def gradient_of_batch_mean(predict: Predict, x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    """Gradient loss of the batch's mean squared error, as published for Boston housing."""
    return gradient_loss(predict, x, y, reduction="mean")


@LOSSES.for_heads("value", "softmax")
def gradient_of_constant_residual(predict: Predict, x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    """The gradient loss, per example, whose inputs' term takes the residual for a constant.

    So that term shrinks with the Jacobian only, and not by shrinking the residual.
    """
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(x)
        residual = y - predict(x)
        projection = tf.reduce_sum(tf.stop_gradient(residual) * residual)
    slope = tape.gradient(projection, x)
    return 4 / y.shape[-1] ** 2 * (_mean_square(residual) + _mean_square(slope))


@LOSSES.for_heads("value", "softmax")
def jacobian_penalty(predict: Predict, x: tf.Tensor, y: tf.Tensor, penalty: float) -> tf.Tensor:
    """Scaled mean squared error with a penalty on the input Jacobian (Hoffman et al., 2019).

    The penalty is what the gradient loss would have if residuals were isotropic with a variance
    of ``penalty`` per output, whatever they are: ``4 / n^2 / m * penalty * mean(|J|_F^2)``.
    """
    outputs_count = y.shape[-1]
    with tf.GradientTape(watch_accessed_variables=False, persistent=True) as tape:
        tape.watch(x)
        outputs = predict(x)
        totals = [tf.reduce_sum(outputs[:, index]) for index in range(outputs_count)]
    squares = [_mean_square(tape.gradient(total, x)) for total in totals]
    scale = 4 / outputs_count**2
    return scale * (_mean_square(y - outputs) + penalty * tf.add_n(squares))


def input_gradient_penalty(
    predict: Predict,
    x: tf.Tensor,
    y: tf.Tensor,
    penalty: float,
    per_example_loss: PerExampleLoss,
) -> tf.Tensor:
    """A loss plus ``penalty`` times its mean squared input gradient (Drucker and LeCun, 1992)."""
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(x)
        losses = per_example_loss(y, predict(x))
        total = tf.reduce_sum(losses)
    slope = tf.reshape(tape.gradient(total, x), [tf.shape(x)[0], -1])
    squares = tf.reduce_sum(tf.square(slope), axis=-1)
    return tf.reduce_mean(losses + penalty * squares)


@LOSSES.for_heads("softmax")
def cross_entropy_input_gradient(
    predict: Predict, x: tf.Tensor, y: tf.Tensor, penalty: float
) -> tf.Tensor:
    """Cross-entropy with a penalty on its input gradient (Ross and Doshi-Velez, 2018)."""
    loss = keras.losses.categorical_crossentropy
    return input_gradient_penalty(predict, x, y, penalty, loss)


@LOSSES.for_heads("value", "softmax")
def squared_error_input_gradient(
    predict: Predict, x: tf.Tensor, y: tf.Tensor, penalty: float
) -> tf.Tensor:
    """Mean squared error with a penalty on its input gradient (Drucker and LeCun, 1992)."""
    return input_gradient_penalty(predict, x, y, penalty, keras.losses.mean_squared_error)


@LOSSES.for_heads("value", "softmax")
def mean_squared_error(predict: Predict, x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    """Mean squared error over outputs and examples; of class probabilities the Brier score."""
    return _mean_square(y - predict(x))


@LOSSES.for_heads("value", "softmax")
def scaled_mean_squared_error(predict: Predict, x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    """Mean squared error at the scale of the gradient loss's targets term, 4 / n^2."""
    return 4 / y.shape[-1] ** 2 * _mean_square(y - predict(x))


@LOSSES.for_heads("softmax")
def cross_entropy(
    predict: Predict, x: tf.Tensor, y: tf.Tensor, label_smoothing: float = 0.0
) -> tf.Tensor:
    """Mean cross-entropy of predicted class probabilities against one-hot targets."""
    losses = keras.losses.categorical_crossentropy(y, predict(x), label_smoothing=label_smoothing)
    return tf.reduce_mean(losses)


@LOSSES.for_heads("softmax", images=True)
def adversarial_cross_entropy(
    predict: Predict,
    x: tf.Tensor,
    y: tf.Tensor,
    adversarial_radius: float,
    adversarial_steps: int,
) -> tf.Tensor:
    """Cross-entropy where it is large within Euclidean balls (Madry et al., 2018).

    Steps of 2.5 radii in all, each along the gradient of an example's cross-entropy, lead from
    inputs of [0, 1] to points of the balls around them and of [0, 1]. They start at the inputs,
    not at random points, so that the loss is a function of its arguments; and they count as
    constants.
    """
    point, length = x, 2.5 * adversarial_radius / adversarial_steps
    for _ in range(adversarial_steps):
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(point)
            total = tf.reduce_sum(keras.losses.categorical_crossentropy(y, predict(point)))
        moved = point + length * steepest(tape.gradient(total, point), "l2")
        point = project(moved, x, "l2", adversarial_radius)
    return cross_entropy(predict, tf.stop_gradient(point), y)


def _mean_square(values: tf.Tensor) -> tf.Tensor:
    return tf.reduce_mean(tf.square(values))


def build_loss(settings: dict) -> BatchLoss:
    """The loss of a run of a gradient or baseline method; see `binding.bind_loss`."""
    return bind_loss(LOSSES, settings)
