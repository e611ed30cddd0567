"""The arithmetic that a training step takes, counted rather than timed."""

import keras
import tensorflow as tf

from gradloss.binding import BatchLoss


def operations_per_example(model: keras.Model, loss: BatchLoss, outputs: int, batch: int) -> float:
    """Floating-point operations of a loss and its gradient, per example of a batch.

    Matrix products and convolutions dominate; TensorFlow's profiler counts a multiplication and
    an addition as two operations.

    Args:
        model: A network without normalised kernels.
        loss: Training loss.
        outputs: Width of the targets.
        batch: Examples in the batch that is counted.
    """

    @tf.function
    def differentiate(x: tf.Tensor, y: tf.Tensor) -> list[tf.Tensor]:
        with tf.GradientTape() as tape:
            value = loss(model, x, y)
        return tape.gradient(value, model.trainable_variables)

    traced = differentiate.get_concrete_function(
        tf.TensorSpec((batch, *model.input_shape[1:])), tf.TensorSpec((batch, outputs))
    ).graph
    profiler = tf.compat.v1.profiler
    options = profiler.ProfileOptionBuilder(profiler.ProfileOptionBuilder.float_operation())
    profile = profiler.profile(
        _executed_part(traced), cmd="scope", options=options.with_empty_output().build()
    )
    return profile.total_float_ops / batch


def _executed_part(graph: tf.Graph) -> tf.Graph:
    """The operations that the outputs need; a trace also holds products that never run."""
    needed = tf.compat.v1.graph_util.extract_sub_graph(
        graph.as_graph_def(add_shapes=True), [tensor.op.name for tensor in graph.outputs]
    )
    executed = tf.Graph()
    with executed.as_default():
        tf.import_graph_def(needed, name="")
    return executed
