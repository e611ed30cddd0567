"""The training losses of 1-Lipschitz classifiers, in the form of `gradloss.losses`."""

from collections.abc import Callable

import tensorflow as tf

from gradloss import lipschitz
from gradloss.binding import BatchLoss, Predict, bind_loss


def hkr(predict: Predict, x: tf.Tensor, y: tf.Tensor, margin: float, alpha: float) -> tf.Tensor:
    """Hinge-regularised Kantorovich-Rubinstein loss of one signed output (Serrurier, 2021)."""
    return tf.reduce_mean(lipschitz.hkr(y, predict(x), alpha, margin))


def multiclass_hkr(
    predict: Predict, x: tf.Tensor, y: tf.Tensor, margin: float, alpha: float
) -> tf.Tensor:
    """HKR loss of one output per class, each against all others."""
    return tf.reduce_mean(lipschitz.multiclass_hkr(y, predict(x), alpha, margin))


LOSSES: dict[str, Callable[..., tf.Tensor]] = {
    function.__name__: function for function in (hkr, multiclass_hkr)
}


def build_loss(settings: dict) -> BatchLoss:
    """The loss of a run of an HKR method; see `binding.bind_loss`."""
    return bind_loss(LOSSES, settings)
