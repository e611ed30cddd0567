"""What is measured of gradient and baseline methods only: the arithmetic of a training step."""

from collections.abc import Iterator

from gradloss.cost import operations_per_example
from gradloss.evaluation import Evaluated, Row, clean
from gradloss.losses import build_loss


def plain_rows(evaluated: Evaluated) -> Iterator[Row]:
    """Rows of a gradient or baseline method's model."""
    model, settings = evaluated.model, evaluated.settings
    loss, outputs = build_loss(settings), model.output_shape[-1]
    operations = operations_per_example(model, loss, outputs, settings["batch_size"])
    yield clean("operations_per_example", operations)
