"""Measures a peer of the engine: the same trainings in JAX, without anything of TensorFlow.

`vmap` stacks the replicates, `lax.scan` takes the steps, and `jit` compiles all of a turn. Data,
initial weights and batches are those of the file that `handover.py` writes.

Convolutions are products of patches, and pooling takes maxima of slices. XLA's own operations take
three times as long on a processor, where they are within `lax.scan` or differentiated twice.
"""

import functools
import json
import math
import sys
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from turns import Turns

Weights = list[jax.Array]
Loss = Callable[[Weights, jax.Array, jax.Array], jax.Array]

DECAYS = (0.9, 0.999)
EPSILON = 1e-7


class State(NamedTuple):
    """Of stacked replicates; every array of weights has a leading axis [R].

    Attributes:
        weights: Kernel and bias of each layer.
        means: Adam's running means of the gradients.
        squares: Adam's running means of their squares.
        steps: How many steps were taken.
    """

    weights: Weights
    means: Weights
    squares: Weights
    steps: jax.Array


def convolve(x: jax.Array, kernel: jax.Array) -> jax.Array:
    """Responses [batch, h - kh + 1, w - kw + 1, filters] as one product of a matrix of patches."""
    rows, columns, _, filters = kernel.shape
    height, width = x.shape[1] - rows + 1, x.shape[2] - columns + 1
    shifted = [
        x[:, row : row + height, column : column + width]
        for row in range(rows)
        for column in range(columns)
    ]
    return jnp.concatenate(shifted, axis=-1) @ kernel.reshape(-1, filters)


def max_pool(x: jax.Array) -> jax.Array:
    """Maxima [batch, h // 2, w // 2, c] of 2 x 2 windows; gradients go to the first maximum."""
    height, width = 2 * (x.shape[1] // 2), 2 * (x.shape[2] // 2)
    corners = [x[:, row:height:2, col:width:2] for row in (0, 1) for col in (0, 1)]
    return functools.reduce(lambda a, b: jnp.where(a >= b, a, b), corners)


def logits_of(weights: Weights, x: jax.Array) -> jax.Array:
    """Outputs [batch, n] before the head; a kernel of rank 4 is a convolution with pooling."""
    pairs = list(zip(weights[::2], weights[1::2], strict=True))
    for kernel, bias in pairs:
        if kernel.ndim == 4:
            x = max_pool(jax.nn.relu(convolve(x, kernel) + bias))
        else:
            x = x.reshape(len(x), -1) @ kernel + bias
            x = x if bias is pairs[-1][1] else jax.nn.relu(x)
    return x


def build_loss(name: str, head: str) -> Loss:
    """The loss of `gradloss.losses.plain` of that name, of weights, inputs and targets."""

    def outputs_of(weights: Weights, x: jax.Array) -> jax.Array:
        logits = logits_of(weights, x)
        return jax.nn.softmax(logits) if head == "softmax" else logits

    def errors(weights: Weights, x: jax.Array, y: jax.Array) -> jax.Array:
        return jnp.square(y - outputs_of(weights, x)).mean(axis=-1)

    def gradient(reduce: Callable) -> Loss:
        def loss(weights: Weights, x: jax.Array, y: jax.Array) -> jax.Array:
            slopes = jax.grad(lambda *pair: reduce(errors(weights, *pair)), argnums=(0, 1))(x, y)
            return sum(jnp.square(slope).mean() for slope in slopes)

        return loss

    return {
        "gradient": gradient(jnp.sum),
        "gradient_of_batch_mean": gradient(jnp.mean),
        "mean_squared_error": lambda *batch: errors(*batch).mean(),
        "cross_entropy": lambda weights, x, y: (
            -(y * jax.nn.log_softmax(logits_of(weights, x))).sum(axis=-1).mean()
        ),
    }[name]


def over_replicates(function: Callable, replicates: int) -> Callable:
    """`vmap`; of one replicate the function alone, as a batched convolution is slower."""
    if replicates > 1:
        return jax.vmap(function)

    def alone(*arguments: Any) -> Any:
        results = function(*jax.tree.map(lambda array: array[0], arguments))
        return jax.tree.map(lambda array: array[None], results)

    return alone


def adam(state: State, gradients: Weights, rate: float) -> State:
    """A step of Adam, as Keras takes it."""
    first, second = DECAYS
    steps = state.steps + 1
    alpha = rate * jnp.sqrt(1 - second**steps) / (1 - first**steps)

    def toward(old: Weights, new: Weights, decay: float) -> Weights:
        return jax.tree.map(lambda o, n: o + (1 - decay) * (n - o), old, new)

    means = toward(state.means, gradients, first)
    squares = toward(state.squares, jax.tree.map(jnp.square, gradients), second)
    weights = jax.tree.map(
        lambda w, m, s: w - alpha * m / (jnp.sqrt(s) + EPSILON), state.weights, means, squares
    )
    return State(weights, means, squares, steps)


def build_training(settings: dict, replicates: int) -> Callable:
    """A compiled function that trains through orders [epochs, R, n].

    It takes a state, the orders, inputs [N, ...] and targets [N, n] of which the orders are
    indices, and returns the state after them and the loss of every step [epochs, steps, R].
    """
    loss = build_loss(settings["loss"], settings["head"])
    differentiate = over_replicates(jax.value_and_grad(loss), replicates)
    batch_size, rate = settings["batch_size"], settings["learning_rate"]

    def train(
        state: State, orders: jax.Array, x: jax.Array, y: jax.Array
    ) -> tuple[State, jax.Array]:
        def step(state: State, batch: jax.Array) -> tuple[State, jax.Array]:
            losses, gradients = differentiate(state.weights, x[batch], y[batch])
            return adam(state, gradients, rate), losses

        def epoch(state: State, order: jax.Array) -> tuple[State, jax.Array]:
            full, rest = divmod(order.shape[1], batch_size)
            batches = order[:, : full * batch_size].reshape(replicates, full, batch_size)
            state, losses = lax.scan(step, state, batches.swapaxes(0, 1))
            if rest:
                state, last = step(state, order[:, -rest:])
                losses = jnp.concatenate([losses, last[None]])
            return state, losses

        return lax.scan(epoch, state, orders)

    return jax.jit(train)


def main() -> None:
    """First a turn that answers the losses of the checked batches, then turns that are timed."""
    turns, settings = Turns(), json.loads(sys.argv[1])
    with np.load(settings["path"]) as file:
        arrays = {name: jnp.asarray(file[name]) for name in file.files}
    weights = [arrays[name] for name in sorted(arrays) if name.startswith("weights")]
    orders, data = arrays["orders"], (arrays["x"], arrays["y"])
    zeros = jax.tree.map(jnp.zeros_like, weights)
    epochs, replicates, examples = orders.shape
    steps = epochs * math.ceil(examples / settings["batch_size"])
    train = build_training(settings, replicates)
    start = State(weights, zeros, zeros, jnp.float32(0))
    _, losses = train(start, arrays["checked"], *data)
    for _ in turns:
        turns.answer(losses=np.asarray(losses).tolist())
    state, _ = jax.block_until_ready(train(start, orders, *data))
    for _ in turns:
        begun, used = time.perf_counter(), time.process_time()
        state, _ = jax.block_until_ready(train(state, orders, *data))
        seconds = time.perf_counter() - begun
        cores = (time.process_time() - used) / seconds
        turns.answer(step_seconds=seconds / steps, cores=cores)


if __name__ == "__main__":
    main()
