"""The training losses of 1-Lipschitz classifiers (Serrurier et al. 2021, 2006.06520); their terms.

`kr` and the hinges return one value per example, float32 [batch], whose mean is a term. Targets and
predictions have shape [batch, outputs] (or [batch], one output); a target > 0 is the positive class
of its output, so that +1/−1, 1/0 and one-hot targets all work, and others than one per output are a
`ValueError`. Nothing branches on values: they run inside `tf.vectorized_map`. `hkr` and
`multiclass_hkr` have the form of the losses of `losses.plain`.

The margin m is that of the formula, E[relu(m − y f)]. deel-lip >= 1.4 halves its `min_margin`, so
it agrees with `min_margin = 2m`.
"""

from functools import partial

import tensorflow as tf
from keras import ops

from gradloss.configuration.heads import ForHeads
from gradloss.losses.binding import BatchLoss, BatchTerm, Predict, bind_loss

LOSSES = ForHeads()


def kr(y_true, y_pred):
    """Kantorovich-Rubinstein estimate of W1: mean f over y > 0 minus mean f over y <= 0.

    The mean over the batch of the returned values is that difference, averaged over the outputs,
    whatever the balance of the classes. A class that is absent from the batch counts as 0.

    Args:
        y_true: targets [batch, outputs].
        y_pred: f(x), float [batch, outputs].

    Returns:
        Float [batch].
    """
    y_pred = _columns(y_pred)
    positive = _positive(y_true, y_pred)
    negative = 1 - positive
    positives = ops.sum(positive, axis=0, keepdims=True)
    negatives = ops.sum(negative, axis=0, keepdims=True)
    weights = positive / ops.maximum(positives, 1) - negative / ops.maximum(negatives, 1)
    return ops.mean((positives + negatives) * weights * y_pred, axis=-1)


def hinge_margin(y_true, y_pred, margin):
    """Hinge loss relu(m − y f) with y = ±1, averaged over the outputs.

    Args:
        y_true: targets [batch, outputs].
        y_pred: f(x), float [batch, outputs].
        margin: m, in units of f. deel-lip's `min_margin` is 2m.

    Returns:
        Float [batch].
    """
    y_pred = _columns(y_pred)
    signs = 2 * _positive(y_true, y_pred) - 1
    return ops.mean(ops.relu(margin - signs * y_pred), axis=-1)


def multiclass_hinge(y_true, y_pred, margin):
    """One-versus-all hinge: mean over C classes of w·relu(m − y f), w = C − 1 if y = +1, else 1.

    Args:
        y_true: one-hot targets [batch, C], C >= 2.
        y_pred: f(x), float [batch, C].
        margin: m, in units of f. deel-lip's `min_margin` is 2m.

    Returns:
        Float [batch].
    """
    positive = _positive(y_true, y_pred)
    weights = 1 + positive * (y_pred.shape[-1] - 2)
    return ops.mean(weights * ops.relu(margin - (2 * positive - 1) * y_pred), axis=-1)


@LOSSES.for_heads("sign")
def hkr(predict: Predict, x: tf.Tensor, y: tf.Tensor, margin: float, alpha: float) -> tf.Tensor:
    """−KR + α·hinge of one signed output: the hinge-regularised Kantorovich-Rubinstein loss."""
    outputs = predict(x)
    return tf.reduce_mean(alpha * hinge_margin(y, outputs, margin) - kr(y, outputs))


@LOSSES.for_heads("scores")
def multiclass_hkr(
    predict: Predict, x: tf.Tensor, y: tf.Tensor, margin: float, alpha: float
) -> tf.Tensor:
    """The same of one output per class, each against all others; averaged over the classes."""
    outputs = predict(x)
    return tf.reduce_mean(alpha * multiclass_hinge(y, outputs, margin) - kr(y, outputs))


def build_loss(settings: dict) -> BatchLoss:
    """The loss of a run of an HKR method; see `binding.bind_loss`."""
    return bind_loss(LOSSES, settings)


def build_terms(settings: dict) -> dict[str, BatchTerm]:
    """What document 004 records beside the loss: its two terms, and the accuracy.

    Args:
        settings: Of a run of an HKR method.
    """
    margin, one_output = settings["margin"], settings["loss"] == "hkr"
    hinge_of = hinge_margin if one_output else multiclass_hinge
    class_of = tf.sign if one_output else partial(tf.argmax, axis=-1)

    def mean_kr(y: tf.Tensor, outputs: tf.Tensor) -> tf.Tensor:
        return tf.reduce_mean(kr(y, outputs))

    def mean_hinge(y: tf.Tensor, outputs: tf.Tensor) -> tf.Tensor:
        return tf.reduce_mean(hinge_of(y, outputs, margin))

    def accuracy(y: tf.Tensor, outputs: tf.Tensor) -> tf.Tensor:
        right = tf.equal(class_of(y), class_of(outputs))
        return tf.reduce_mean(tf.cast(right, tf.float32))

    return {"kr": mean_kr, "hinge": mean_hinge, "accuracy": accuracy}


def _columns(values):
    values = ops.convert_to_tensor(values)
    return values[:, None] if len(values.shape) == 1 else values


def _positive(y_true, y_pred):
    """1 where the target is positive, else 0, in the predictions' dtype.

    Raises:
        ValueError: There is not one target per output, as of class numbers.
    """
    targets = _columns(y_true)
    if targets.shape[-1] != y_pred.shape[-1]:
        raise ValueError(
            f"targets {tuple(targets.shape)} do not fit outputs {tuple(y_pred.shape)}; give one "
            "target per output, one-hot for several classes"
        )
    return ops.cast(ops.cast(targets, y_pred.dtype) > 0, y_pred.dtype)
