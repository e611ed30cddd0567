"""Projected gradient descent (PGD; Madry et al., 2018, arXiv 1706.06083) on the margin, compiled.

All steps of a start are one graph, which leaves an input as soon as it has fallen: a hundred steps
cost less than ten that are called one by one.
"""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from gradloss.losses.balls import project, steepest

FIRST_STEP = 0.5  # in radii

# Inputs float32 [N, ...] in [0, 1], labels int64 [N], aims bool [N, C], radius, number of steps,
# seed, to the positions [M] of the inputs that keep their class.
Search = Callable[[np.ndarray, np.ndarray, np.ndarray, float, int, int], np.ndarray]


def build_search(scores: Callable, shape: tuple[int, ...], norm: str) -> Search:
    """A compiled search for another class within a ball, from a random point of it.

    It ascends the greatest score of the classes that it aims at, less the right one, and any wrong
    class will do. The steps are along the steepest direction of the norm, and their length
    decreases linearly from `FIRST_STEP` radii to nothing.

    Args:
        scores: From inputs [N, *shape] to scores [N, C]; the largest is the class.
        shape: Of an input.
        norm: "l2" or "linf".
    """
    inputs = tf.TensorSpec([None, *shape], tf.float32)
    labels = tf.TensorSpec([None], tf.int64)
    classes = tf.TensorSpec([None, None], tf.bool)
    scalar, pair = tf.TensorSpec([], tf.float32), tf.TensorSpec([2], tf.int64)

    @tf.function(input_signature=[inputs, labels, classes, scalar, scalar, pair])
    def search(
        x: tf.Tensor,
        y: tf.Tensor,
        aims: tf.Tensor,
        radius: tf.Tensor,
        steps: tf.Tensor,
        seed: tf.Tensor,
    ) -> tf.Tensor:
        point = project(x + _offsets(tf.shape(x), norm, radius, seed), x, norm, radius)
        rest, step = tf.range(tf.shape(x)[0]), 0.0
        while step <= steps and tf.size(rest) > 0:
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(point)
                outputs = scores(point)
                leads = _lead(aims, y, outputs)
            length = FIRST_STEP * radius * (1 - step / steps)
            moved = point + length * steepest(tape.gradient(leads, point), norm)
            left = lead_of_wrong(y, outputs) <= 0
            x, y, aims, rest, moved = (
                tf.boolean_mask(part, left) for part in (x, y, aims, rest, moved)
            )
            point = project(moved, x, norm, radius)
            step += 1
        return rest

    def run(
        x: np.ndarray, y: np.ndarray, aims: np.ndarray, radius: float, steps: int, seed: int
    ) -> np.ndarray:
        return search(x, y, aims, radius, float(steps), [seed, 0]).numpy()

    return run


def lead_of_wrong(y: tf.Tensor, scores: tf.Tensor) -> tf.Tensor:
    """The greatest wrong score less the right one [N], of labels [N] and scores [N, C]."""
    return _lead(tf.one_hot(y, scores.shape[1], False, True), y, scores)


def _lead(classes: tf.Tensor, y: tf.Tensor, scores: tf.Tensor) -> tf.Tensor:
    """The greatest score of some classes, bool [N, C], less that of the label."""
    own = tf.reduce_sum(tf.one_hot(y, scores.shape[1]) * scores, axis=1)
    return tf.reduce_max(tf.where(classes, scores, -np.inf), axis=1) - own


def _offsets(shape: tf.Tensor, norm: str, radius: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Uniform draws, from the cube or from the sphere that its many dimensions leave of a ball."""
    if norm == "linf":
        return tf.random.stateless_uniform(shape, seed, -radius, radius)
    return radius * steepest(tf.random.stateless_normal(shape, seed), norm)
