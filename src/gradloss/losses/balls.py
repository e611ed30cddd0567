"""Steps and projections within the balls of a norm, for adversarial training and attacks."""

import tensorflow as tf


def project(points: tf.Tensor, centers: tf.Tensor, norm: str, radius: tf.Tensor) -> tf.Tensor:
    """Points [N, ...] moved into [0, 1] and the balls around centers [N, ...] of [0, 1]."""
    offsets = points - centers
    if norm == "linf":
        offsets = tf.clip_by_value(offsets, -radius, radius)
    else:
        offsets *= radius / tf.maximum(_lengths(offsets), radius)
    return tf.clip_by_value(centers + offsets, 0.0, 1.0)


def steepest(gradients: tf.Tensor, norm: str) -> tf.Tensor:
    """Directions [N, ...] of length 1 in a norm, 0 where the gradient is."""
    if norm == "linf":
        return tf.sign(gradients)
    return tf.math.divide_no_nan(gradients, _lengths(gradients))


def _lengths(offsets: tf.Tensor) -> tf.Tensor:
    """Euclidean lengths [N, 1, ...]."""
    squares = tf.square(offsets)
    return tf.sqrt(tf.reduce_sum(squares, range(1, len(offsets.shape)), keepdims=True))
