"""Linear regression in every way that Keras offers.

Each variant is one way to build the model and one way to state the mean squared error. All of
them are the same mathematics, so with the same initial weights and order they must agree.
"""

from collections.abc import Callable
from pathlib import Path

import keras
from keras import layers, ops


def own_mse(y_true, y_pred):
    """Mean squared error over the last axis, written with Keras operations."""
    return ops.mean(ops.square(y_true - y_pred), axis=-1)


@keras.saving.register_keras_serializable(package="gradloss")
class SquaredErrorInside(layers.Layer):
    """Passes outputs [batch, 1] through and adds their mean squared error to the model's loss."""

    def call(self, outputs, targets):
        """Outputs, unchanged; the targets [batch, 1] only enter the loss."""
        self.add_loss(ops.mean(ops.square(outputs - targets)))
        return outputs


def sequential() -> keras.Model:
    """One linear unit, by the Sequential API."""
    return keras.Sequential([keras.Input((1,)), layers.Dense(1, activation="linear")])


def functional() -> keras.Model:
    """One linear unit, by the Functional API."""
    inputs = keras.Input((1,), name="input")
    return keras.Model(inputs, layers.Dense(1, activation="linear", name="output")(inputs))


def loss_inside() -> keras.Model:
    """One linear unit with two inputs, the second of which only enters the loss."""
    inputs, targets = keras.Input((1,), name="inputs"), keras.Input((1,), name="targets")
    outputs = layers.Dense(1, activation="linear", name="outputs")(inputs)
    return keras.Model([inputs, targets], SquaredErrorInside()(outputs, targets))


VARIANTS: dict[str, tuple[Callable[[], keras.Model], str | Callable | None]] = {
    "sequential_mse": (sequential, "mse"),
    "sequential_builtin": (sequential, keras.losses.mean_squared_error),
    "sequential_own": (sequential, own_mse),
    "functional_mse": (functional, "mse"),
    "functional_builtin": (functional, keras.losses.mean_squared_error),
    "functional_own": (functional, own_mse),
    "loss_inside": (loss_inside, None),
}


def variant_path(folder: Path, variant: str, replicate: int) -> Path:
    """File of a variant's model in the folder of its job."""
    return folder / f"{variant}_{replicate:03d}.keras"
