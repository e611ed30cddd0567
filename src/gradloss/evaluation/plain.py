"""What is measured of gradient and baseline methods only: the arithmetic of a step, counted."""

from collections.abc import Iterator

import keras
import tensorflow as tf

from gradloss.evaluation.run import Evaluated, Row, clean
from gradloss.losses.binding import BatchLoss
from gradloss.losses.plain import build_loss


def plain_rows(evaluated: Evaluated) -> Iterator[Row]:
    """Rows of a gradient or baseline method's model."""
    model, settings = evaluated.model, evaluated.settings
    loss, outputs = build_loss(settings), model.output_shape[-1]
    operations = operations_per_example(model, loss, outputs, settings["batch_size"])
    yield clean("operations_per_example", operations)


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
