"""What a training loss is, and how a run's settings choose one and its parameters."""

import functools
import inspect
from collections.abc import Callable, Mapping

import tensorflow as tf

from gradloss.support.errors import UserError

Predict = Callable[[tf.Tensor], tf.Tensor]
BatchLoss = Callable[[Predict, tf.Tensor, tf.Tensor], tf.Tensor]
BatchTerm = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]  # of targets and outputs


def bind_loss(losses: Mapping[str, Callable[..., tf.Tensor]], settings: dict) -> BatchLoss:
    """The loss that a run's settings name, with the parameters that it takes from them.

    Args:
        losses: Functions by name; their parameters after (predict, x, y) come from the settings.
        settings: Of the run.

    Raises:
        UserError: If no loss has that name, a parameter that it needs is missing, or the settings
            hold a parameter of another one of the losses.
    """
    name = settings["loss"]
    if name not in losses:
        raise UserError(f"loss '{name}' is unknown; known are {', '.join(losses)}")
    parameters = _parameters_of(losses[name])
    for parameter, default in parameters.items():
        if default is inspect.Parameter.empty and parameter not in settings:
            raise UserError(
                f"loss '{name}' needs '{parameter}'; add it to the method in the config"
            )
    for other in {key for function in losses.values() for key in _parameters_of(function)}:
        if other in settings and other not in parameters:
            raise UserError(f"loss '{name}' takes no '{other}'; remove it from the method")
    taken = {key: settings[key] for key in parameters if key in settings}
    return functools.partial(losses[name], **taken)


def _parameters_of(loss: Callable[..., tf.Tensor]) -> dict[str, object]:
    """Parameters after (predict, x, y), with their defaults."""
    entries = list(inspect.signature(loss).parameters.items())[3:]
    return {name: entry.default for name, entry in entries}
