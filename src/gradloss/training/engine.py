"""The training engine: epochs of steps of many replicates in one graph.

A call of the graph takes all steps of one or more epochs. For long trainings of plain dense
networks XLA compiles it.
"""

import itertools
import logging
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import keras
import numpy as np
import psutil
import tensorflow as tf

from gradloss.losses.binding import BatchLoss, BatchTerm
from gradloss.support.errors import UserError
from gradloss.support.progress import progress
from gradloss.training.checkpoints import Checkpoint, TrainingState
from gradloss.training.stacked import StackedReplicates

log = logging.getLogger(__name__)

Monitor = Callable[[int, list[keras.Model]], list]
Augmentation = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]

STEPS_PER_CALL = 100  # a call takes about a millisecond more than its steps
# Steps of a training from which on XLA saves more than the second or two that it takes to compile.
COMPILED_FROM = 4000


@dataclass(frozen=True)
class Schedule:
    """How long, in which batches and how fast a network is trained.

    Attributes:
        epochs: Passes over the orders.
        batch_size: Examples per step; a last partial batch is kept.
        learning_rate: Of Keras' Adam, whose epsilon stays at 1e-7.
        weight_decay: Of every weight per step, in units of the learning rate, apart from the
            gradient (Loshchilov and Hutter, 2019).
        precision: Type of the arithmetic within the network: "float32", or "bfloat16" with its
            8 bits of precision; weights, outputs, loss and optimiser are float32.
    """

    epochs: int
    batch_size: int
    learning_rate: float
    weight_decay: float | None = None
    precision: str = "float32"

    def is_monitored(self, epoch: int) -> bool:
        """Whether the monitor sees the models after an epoch, counted from 1.

        It does so after the first twenty, after 101, 201, ... and after the last.
        """
        return epoch <= 20 or epoch % 100 == 1 or epoch == self.epochs


@dataclass(frozen=True)
class TrainingLog:
    """What a training tells.

    Attributes:
        losses: Of every step, [epochs, steps, R] float32.
        terms: Those of every step, [epochs, steps, R, K] float32.
        records: What the monitor returned, joined.
        seconds: Wall time, sittings before an interruption included.
    """

    losses: np.ndarray
    terms: np.ndarray
    records: list
    seconds: float


def train(
    models: list[keras.Model],
    loss: BatchLoss,
    x: np.ndarray,
    y: np.ndarray,
    orders: Iterator[np.ndarray],
    schedule: Schedule,
    monitor: Monitor | None = None,
    augment: Augmentation | None = None,
    checkpoint: Checkpoint | None = None,
    terms: Sequence[BatchTerm] = (),
) -> TrainingLog:
    """Train one model per replicate, in place.

    Args:
        models: R models of one architecture.
        loss: Training loss of one replicate's batch.
        x: Pool of inputs [N, ...] float32, which the orders index.
        y: Pool of targets [N, n] float32.
        orders: For each epoch, the examples of every replicate in order, int32 [R, examples].
        schedule: Length, batches and learning rate.
        monitor: Called with the epoch, counted from 1, and the models after monitored epochs;
            returns a list of JSON values.
        augment: Changes the inputs [R, batch, ...] of a step, whose number it is given.
        checkpoint: Where the state is saved from time to time; training goes on from the state
            that it holds, to the same result.
        terms: K functions of a batch's targets and outputs, recorded before its step.

    Raises:
        UserError: If the replicates do not fit into memory together, or if a loss stops being a
            finite number.
    """
    _refuse_too_many(models, schedule.batch_size)
    optimizer = keras.optimizers.Adam(schedule.learning_rate, weight_decay=schedule.weight_decay)
    replicates = StackedReplicates(models, loss, optimizer, schedule.precision, terms)
    past = _resume(checkpoint, replicates)
    orders = itertools.islice(orders, past.epoch, schedule.epochs)
    first = next(orders)
    steps = math.ceil(first.shape[1] / schedule.batch_size)
    run_epochs = _epochs_runner(
        replicates,
        (tf.constant(x), tf.constant(y)),
        augment,
        schedule.batch_size,
        # XLA draws noise much more slowly than TensorFlow's own kernel, and other noise.
        compiled=not augment and replicates.suit_xla and steps * schedule.epochs >= COMPILED_FROM,
    )
    blocks = _blocks(itertools.chain([first], orders), past.epoch, schedule, steps)
    history, records, start = list(past.losses), past.records, time.perf_counter() - past.seconds
    with progress(schedule.epochs, "epoch", past.epoch) as tell:
        for epoch, count, block in blocks:
            values = run_epochs(block, count).numpy()[:count]
            _refuse_divergence(values[..., 0], epoch - count)
            history.extend(values)
            tell(epoch, f"mean loss {values[-1, ..., 0].mean():.6g}")
            if monitor and schedule.is_monitored(epoch):
                records += monitor(epoch, replicates.write_back())
            if checkpoint and epoch < schedule.epochs and checkpoint.is_due():
                variables = [variable.numpy() for variable in replicates.variables()]
                seconds = time.perf_counter() - start
                state = TrainingState(epoch, variables, np.stack(history), records, seconds)
                checkpoint.save(state)
    replicates.write_back()
    recorded = np.stack(history)
    seconds = time.perf_counter() - start
    return TrainingLog(recorded[..., 0], recorded[..., 1:], records, seconds)


def _epochs_runner(
    replicates: StackedReplicates,
    data: tuple[tf.Tensor, tf.Tensor],
    augment: Augmentation | None,
    batch_size: int,
    compiled: bool,
) -> Callable[[np.ndarray, np.int32], tf.Tensor]:
    """A graph that trains through the first `count` of orders [epochs, R, examples].

    It returns what `StackedReplicates.step` does of each step, [epochs, steps, R, 1 + K]. XLA
    compiles for shapes; as the count is not one of them, one compilation serves all calls.
    """
    inputs, targets = data
    shape = (len(replicates.models), 1 + len(replicates.terms))

    def run_step(batch: tf.Tensor) -> tf.Tensor:
        seen = tf.gather(inputs, batch)
        if augment is not None:
            seen = augment(seen, replicates.optimizer.iterations.value)
        return replicates.step(seen, tf.gather(targets, batch))

    def run_epoch(order: tf.Tensor) -> tf.Tensor:
        full, rest = divmod(order.shape[1], batch_size)
        batches = tf.reshape(order[:, : full * batch_size], [-1, full, batch_size])
        values = tf.TensorArray(tf.float32, full, element_shape=shape)
        for index in tf.range(full):
            values = values.write(index, run_step(batches[:, index]))
        if not rest:
            return values.stack()
        return tf.concat([values.stack(), run_step(order[:, -rest:])[None]], axis=0)

    @tf.function(jit_compile=compiled)
    def run_epochs(orders: tf.Tensor, count: tf.Tensor) -> tf.Tensor:
        steps = math.ceil(orders.shape[2] / batch_size)
        values = tf.TensorArray(tf.float32, orders.shape[0], element_shape=(steps, *shape))
        epoch = tf.constant(0)
        while epoch < count:
            values = values.write(epoch, run_epoch(orders[epoch]))
            epoch += 1
        return values.stack()

    return run_epochs


def _blocks(
    orders: Iterator[np.ndarray], past: int, schedule: Schedule, steps: int
) -> Iterator[tuple[int, np.int32, np.ndarray]]:
    """Orders of the epochs after `past` in blocks of one shape, which end with monitored epochs.

    Yields:
        The last epoch of a block, the number of its epochs, and their orders
        [epochs, R, examples], of which there may be more than that number.
    """
    size = max(1, STEPS_PER_CALL // steps)
    block = []
    for epoch, order in enumerate(orders, past + 1):
        block.append(order)
        if len(block) == size or schedule.is_monitored(epoch):
            filling = [order] * (size - len(block))
            yield epoch, np.int32(len(block)), np.stack(block + filling)
            block = []


def _resume(checkpoint: Checkpoint | None, replicates: StackedReplicates) -> TrainingState:
    """The state to go on from, with the variables set to it; an empty one to begin with."""
    state = checkpoint.load() if checkpoint else None
    if state is None:
        return TrainingState(0, [], np.empty((0, 0, 0, 0)), [], 0.0)
    for variable, value in zip(replicates.variables(), state.variables, strict=True):
        variable.assign(value)
    log.info("going on after epoch %d", state.epoch)
    return state


def memory_of_training(model: keras.Model, batch_size: int) -> int:
    """Bytes that training one replicate takes, roughly: weights, moments, gradients, activations.

    A gradient loss keeps about six copies of the activations, two of them of second order.
    """
    weights = 5 * sum(int(np.prod(variable.shape)) for variable in model.trainable_variables)
    outputs = sum(int(np.prod(layer.output.shape[1:])) for layer in model.layers)
    return 4 * (weights + 6 * batch_size * outputs)


def _refuse_too_many(models: list[keras.Model], batch_size: int) -> None:
    needed = len(models) * memory_of_training(models[0], batch_size)
    # Not what is free now: that depends on the other jobs, which the workflow limits.
    total = psutil.virtual_memory().total
    if needed > total:
        raise UserError(
            f"training {len(models)} replicates together takes about {needed / 2**30:.1f} GiB and "
            f"this machine has {total / 2**30:.1f} GiB; take a larger one, or lower "
            "replicates_per_job, after which results are rounded differently"
        )


def _refuse_divergence(losses: np.ndarray, past: int) -> None:
    """Refuses losses [epochs, steps, R] of the epochs after `past` that are not finite."""
    diverged = np.argwhere(~np.isfinite(losses).all(axis=1))
    if diverged.size:
        epoch, replicate = diverged[0]
        raise UserError(
            f"training diverged: the loss of stacked replicate {replicate} is not a finite "
            f"number in epoch {past + 1 + epoch}; lower learning_rate, or look for faulty values "
            "in the data"
        )
