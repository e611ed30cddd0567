"""Losses of 1-Lipschitz classifiers (Serrurier et al. 2021, 2006.06520).

Functions return one value per example, float32 [batch], whose mean is the loss; the Keras losses
take that mean. Targets and predictions have shape [batch, outputs] (or [batch], one output); a
target > 0 is the positive class of its output, so that +1/−1, 1/0 and one-hot targets all work.
Nothing branches on values: the functions run inside `tf.vectorized_map`.

The margin m is that of the formula, E[relu(m − y f)]. deel-lip >= 1.4 halves its `min_margin`, so
it agrees with `min_margin = 2m`.
"""

import math

import keras
from keras import ops


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


def hkr(y_true, y_pred, alpha, margin):
    """−KR + α·hinge with margin m (deel-lip's `min_margin` is 2m); float [batch]."""
    return alpha * hinge_margin(y_true, y_pred, margin) - kr(y_true, y_pred)


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


def multiclass_hkr(y_true, y_pred, alpha, margin):
    """−KR + α·multiclass hinge with margin m, both averaged over the classes; float [batch]."""
    return alpha * multiclass_hinge(y_true, y_pred, margin) - kr(y_true, y_pred)


def _columns(values):
    values = ops.convert_to_tensor(values)
    return values[:, None] if len(values.shape) == 1 else values


def _positive(y_true, y_pred):
    """1 where the target is positive, else 0, in the predictions' dtype."""
    return ops.cast(ops.cast(_columns(y_true), y_pred.dtype) > 0, y_pred.dtype)


class _ParametricLoss(keras.losses.Loss):
    """Keras loss of a function above, with `parameters` as its keyword arguments."""

    def __init__(self, function, parameters, name, **kwargs):
        super().__init__(name=name, **kwargs)
        for parameter, value in parameters.items():
            if not (math.isfinite(value) and value >= 0):
                raise ValueError(
                    f"{type(self).__name__}: {parameter} is {value}; choose a finite number >= 0."
                )
        self.function = function
        self.parameters = {parameter: float(value) for parameter, value in parameters.items()}

    def call(self, y_true, y_pred):
        return self.function(y_true, y_pred, **self.parameters)

    def get_config(self):
        return {**super().get_config(), **self.parameters}


@keras.saving.register_keras_serializable(package="gradloss")
class KR(_ParametricLoss):
    """Mean of `kr`: an estimate of W1, to be maximised."""

    def __init__(self, name="kr", **kwargs):
        super().__init__(kr, {}, name, **kwargs)


@keras.saving.register_keras_serializable(package="gradloss")
class HingeMargin(_ParametricLoss):
    """E[relu(m − y f)], m = margin >= 0; deel-lip's HingeMargin(min_margin=2m)."""

    def __init__(self, margin=0.5, name="hinge_margin", **kwargs):
        super().__init__(hinge_margin, {"margin": margin}, name, **kwargs)


@keras.saving.register_keras_serializable(package="gradloss")
class HKR(_ParametricLoss):
    """−KR + α·E[relu(m − y f)], α and m >= 0; deel-lip's HKR(alpha, min_margin=2m)."""

    def __init__(self, alpha, margin=0.5, name="hkr", **kwargs):
        super().__init__(hkr, {"alpha": alpha, "margin": margin}, name, **kwargs)


@keras.saving.register_keras_serializable(package="gradloss")
class MulticlassKR(_ParametricLoss):
    """Mean of `kr` over the batch and the classes, with one-hot targets."""

    def __init__(self, name="multiclass_kr", **kwargs):
        super().__init__(kr, {}, name, **kwargs)


@keras.saving.register_keras_serializable(package="gradloss")
class MulticlassHinge(_ParametricLoss):
    """Mean of `multiclass_hinge`; deel-lip's MulticlassHinge(min_margin=2m)."""

    def __init__(self, margin=0.5, name="multiclass_hinge", **kwargs):
        super().__init__(multiclass_hinge, {"margin": margin}, name, **kwargs)


@keras.saving.register_keras_serializable(package="gradloss")
class MulticlassHKR(_ParametricLoss):
    """Mean of `multiclass_hkr`; deel-lip's MulticlassHKR(alpha, min_margin=2m)."""

    def __init__(self, alpha=10.0, margin=0.5, name="multiclass_hkr", **kwargs):
        super().__init__(multiclass_hkr, {"alpha": alpha, "margin": margin}, name, **kwargs)
