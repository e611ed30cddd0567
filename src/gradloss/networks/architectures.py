"""The networks of the study, built from the `network` block of a configuration."""

import inspect
import math
from typing import Any

import keras
import numpy as np
from keras import layers

from gradloss import lipschitz
from gradloss.configuration.heads import ForHeads
from gradloss.support.errors import UserError

NETWORKS = ForHeads()


@NETWORKS.for_heads("value", "softmax")
def multilayer_perceptron(
    inputs: tuple[int, ...], outputs: int, head: str, hidden: list[int]
) -> keras.Model:
    """Dense ReLU layers on flat inputs."""
    return keras.Sequential(
        [keras.Input(inputs)]
        + [layers.Dense(units, "relu") for units in hidden]
        + [layers.Dense(outputs, _ACTIVATION_OF_HEAD[head])]
    )


@NETWORKS.for_heads("value", "softmax", grid=True)
def convolutional(
    inputs: tuple[int, ...], outputs: int, head: str, filters: list[int], hidden: list[int]
) -> keras.Model:
    """Blocks of a 3 x 3 convolution and 2 x 2 max pooling, then dense ReLU layers."""
    stack: list[layers.Layer] = [keras.Input(inputs)]
    for count in filters:
        stack += [layers.Conv2D(count, (3, 3), activation="relu"), layers.MaxPooling2D((2, 2))]
    stack.append(layers.Flatten())
    stack += [layers.Dense(units, "relu") for units in hidden]
    stack.append(layers.Dense(outputs, _ACTIVATION_OF_HEAD[head]))
    return keras.Sequential(stack)


@NETWORKS.for_heads("sign", "scores")
def lipschitz_perceptron(
    inputs: tuple[int, ...], outputs: int, head: str, hidden: list[int]
) -> keras.Model:
    """1-Lipschitz dense layers with full sorting, and linear outputs of unit norm each."""
    return _lipschitz_dense(inputs, outputs, hidden, lipschitz.FullSort)


@NETWORKS.for_heads("sign", "scores")
def lipschitz_perceptron_pairs(
    inputs: tuple[int, ...], outputs: int, head: str, hidden: list[int]
) -> keras.Model:
    """As `lipschitz_perceptron`, but sorting in pairs, which certifies far more of MNIST."""
    return _lipschitz_dense(inputs, outputs, hidden, lipschitz.GroupSort2)


def _lipschitz_dense(
    inputs: tuple[int, ...], outputs: int, hidden: list[int], sort: type[layers.Layer]
) -> keras.Model:
    stack: list[layers.Layer] = [keras.Input(inputs)]
    for units in hidden:
        stack += [lipschitz.SpectralDense(units), sort()]
    return keras.Sequential([*stack, lipschitz.FrobeniusDense(outputs)])


@NETWORKS.for_heads("sign", "scores", images=True)
def lipschitz_convolutional(
    inputs: tuple[int, ...], outputs: int, head: str, filters: list[int], hidden: list[int]
) -> keras.Model:
    """1-Lipschitz 4 x 4 convolutions with a step of two and dense layers, sorting in pairs.

    Every output is 1-Lipschitz by itself, strictly so because the step is larger than one (see
    `lipschitz.convolution_factor`). Flat inputs are taken for square images of one channel.
    """
    stack: list[layers.Layer] = [keras.Input(inputs)]
    if len(inputs) == 1:
        side = math.isqrt(inputs[0])
        stack.append(layers.Reshape((side, side, 1)))
    for count in filters:
        stack += [lipschitz.SpectralConv2D(count, (4, 4), strides=2), lipschitz.GroupSort2()]
    stack.append(layers.Flatten())
    for units in hidden:
        stack += [lipschitz.SpectralDense(units), lipschitz.GroupSort2()]
    return keras.Sequential([*stack, lipschitz.FrobeniusDense(outputs, use_bias=False)])


_ACTIVATION_OF_HEAD = {"value": None, "softmax": "softmax"}


def build_network(
    network: dict[str, Any], inputs: tuple[int, ...], outputs: int, head: str, seed: int
) -> keras.Model:
    """Build a network with freshly drawn weights.

    Args:
        network: `name` of one of `NETWORKS`, and its sizes.
        inputs: Shape of one example.
        outputs: Number of classes, or 1 for a regression.
        head: Form of the outputs, see `heads.head_of`.
        seed: Seed of the initial weights.

    Raises:
        UserError: If no network has that name, its sizes are not those that it takes, or it
            cannot take such examples.
    """
    name = network["name"]
    if name not in NETWORKS:
        raise UserError(f"network '{name}' is unknown; known are {', '.join(NETWORKS)}")
    sizes = {key: value for key, value in network.items() if key != "name"}
    wanted = list(inspect.signature(NETWORKS[name]).parameters)[3:]
    if set(sizes) != set(wanted):
        raise UserError(f"network '{name}' takes {wanted}, not {list(sizes)}; correct the config")
    keras.utils.set_random_seed(seed)
    try:
        return NETWORKS[name](inputs, 1 if head == "sign" else outputs, head, **sizes)
    except ValueError as error:
        raise UserError(
            f"network '{name}' with {sizes} cannot take examples of shape {inputs}; "
            "choose another network or other sizes"
        ) from error


def encode_targets(y: np.ndarray, head: str, outputs: int) -> np.ndarray:
    """Targets [N, n] float32 in the form that a head is trained on.

    Class 0 of a signed head is +1 and class 1 is -1.

    Args:
        y: Regression targets or class labels [N].
        head: As in `build_network`.
        outputs: As in `build_network`.
    """
    if head in ("softmax", "scores"):
        return keras.utils.to_categorical(y, outputs).astype("float32")
    if head == "sign":
        return np.where(y == 0, 1.0, -1.0).astype("float32")[:, None]
    return y.astype("float32")[:, None]


def decode_classes(outputs: np.ndarray, head: str) -> np.ndarray:
    """Class labels [N] of network outputs [N, n]."""
    if head == "sign":
        return np.where(outputs[:, 0] >= 0, 0, 1)
    return outputs.argmax(axis=1)
