"""The training engine: many replicates of a network in one graph.

The weights of the replicates are stacked along a leading axis, each replicate with its own
weights, order of examples and optimiser state. The gradients of the dense networks come from
one vectorised map over that axis; networks with convolutions, for which TensorFlow has no kernel
with one filter per replicate, are unrolled. Adam works element by element, so one optimiser on
stacked weights is one optimiser per replicate.
"""

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import keras
import numpy as np
import psutil
import tensorflow as tf

from gradloss import lipschitz
from gradloss.binding import BatchLoss
from gradloss.checkpoints import Checkpoint, TrainingState
from gradloss.double_backpropagation import with_cheap_gradients
from gradloss.errors import UserError
from gradloss.progress import progress

log = logging.getLogger(__name__)

Monitor = Callable[[int, list[keras.Model]], list]
Augmentation = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]


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
        records: What the monitor returned, joined.
        seconds: Wall time, sittings before an interruption included.
    """

    losses: np.ndarray
    records: list
    seconds: float


class StackedReplicates:
    """Models of one architecture whose weights live stacked along a leading axis.

    A 1-Lipschitz model is trained as its plain export on normalised kernels: the normalisation
    is one broadcast operation on the stacked kernels, outside of the map over replicates.
    """

    def __init__(
        self,
        models: list[keras.Model],
        loss: BatchLoss,
        optimizer: keras.optimizers.Optimizer,
        precision: str = "float32",
    ) -> None:
        self.models = models
        self.loss = loss
        self.plain = with_cheap_gradients(lipschitz.export(models[0]), precision)
        self.trainable = _stack([model.trainable_variables for model in models])
        self.state = _stack([model.non_trainable_variables for model in models])
        state_of = {
            id(variable): stacked
            for variable, stacked in zip(models[0].non_trainable_variables, self.state, strict=True)
        }
        self.normalizations = [
            (entry.normalize, state_of.get(id(entry.u))) if entry else None
            for entry in lipschitz.kernel_normalizations(models[0])
        ]
        self.optimizer = optimizer
        self.optimizer.build(self.trainable)
        convolutions = any(isinstance(layer, keras.layers.Conv2D) for layer in models[0].layers)
        self._map = _unrolled_map if convolutions or len(models) == 1 else tf.vectorized_map

    def step(self, x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
        """One optimiser step on batches [R, batch, ...]; returns the losses [R] before it."""
        trainable = [tf.convert_to_tensor(variable) for variable in self.trainable]
        with tf.GradientTape() as tape:
            tape.watch(trainable)
            plain = self._normalize(trainable)
        losses, gradients = self._map(self._differentiate, (plain, x, y))
        gradients = tape.gradient(plain, trainable, output_gradients=gradients)
        self.optimizer.apply(gradients, self.trainable)
        return losses

    def _normalize(self, trainable: list[tf.Tensor]) -> list[tf.Tensor]:
        plain = []
        for weights, normalization in zip(trainable, self.normalizations, strict=True):
            if normalization is None:
                plain.append(weights)
                continue
            normalize, state = normalization
            kernel, new_state = normalize(weights, None if state is None else state.value)
            if state is not None:
                state.assign(new_state)
            plain.append(kernel)
        return plain

    def _differentiate(
        self, replicate: tuple[list[tf.Tensor], tf.Tensor, tf.Tensor]
    ) -> tuple[tf.Tensor, list[tf.Tensor]]:
        weights, x, y = replicate

        def predict(inputs: tf.Tensor) -> tf.Tensor:
            return self.plain.stateless_call(weights, [], inputs, training=True)[0]

        with tf.GradientTape() as tape:
            tape.watch(weights)
            loss = self.loss(predict, x, y)
        return loss, tape.gradient(loss, weights)

    def variables(self) -> list[keras.Variable]:
        """All state that a step reads and changes, in a fixed order."""
        return [*self.trainable, *self.state, *self.optimizer.variables]

    def write_back(self) -> list[keras.Model]:
        """Copy the stacked weights into the models."""
        for index, model in enumerate(self.models):
            for own, stacked in zip(model.trainable_variables, self.trainable, strict=True):
                own.assign(stacked[index])
            for own, stacked in zip(model.non_trainable_variables, self.state, strict=True):
                own.assign(stacked[index])
        return self.models


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

    Raises:
        UserError: If the replicates do not fit into memory together, or if a loss stops being a
            finite number.
    """
    _refuse_too_many(models, schedule.batch_size)
    optimizer = keras.optimizers.Adam(schedule.learning_rate, weight_decay=schedule.weight_decay)
    replicates = StackedReplicates(models, loss, optimizer, schedule.precision)
    inputs, targets = tf.constant(x), tf.constant(y)

    @tf.function
    def run_steps(batches: tf.Tensor) -> tf.Tensor:
        losses = tf.TensorArray(tf.float32, tf.shape(batches)[0])
        for index in tf.range(tf.shape(batches)[0]):
            batch = batches[index]
            seen = tf.gather(inputs, batch)
            if augment is not None:
                seen = augment(seen, optimizer.iterations.value)
            losses = losses.write(index, replicates.step(seen, tf.gather(targets, batch)))
        return losses.stack()

    past = _resume(checkpoint, replicates)
    history, records, start = list(past.losses), past.records, time.perf_counter() - past.seconds
    with progress(schedule.epochs, "epoch", past.epoch) as tell:
        for epoch, order in zip(range(1, schedule.epochs + 1), orders, strict=False):
            if epoch <= past.epoch:
                continue
            parts = [run_steps(batches) for batches in _batches(order, schedule.batch_size)]
            losses = np.concatenate([part.numpy() for part in parts])
            _refuse_divergence(losses, epoch)
            history.append(losses)
            tell(epoch, f"mean loss {losses.mean():.6g}")
            if monitor and schedule.is_monitored(epoch):
                records += monitor(epoch, replicates.write_back())
            if checkpoint and epoch < schedule.epochs and checkpoint.is_due():
                values = [variable.numpy() for variable in replicates.variables()]
                seconds = time.perf_counter() - start
                checkpoint.save(TrainingState(epoch, values, np.stack(history), records, seconds))
    replicates.write_back()
    return TrainingLog(np.stack(history), records, time.perf_counter() - start)


def _resume(checkpoint: Checkpoint | None, replicates: StackedReplicates) -> TrainingState:
    """The state to go on from, with the variables set to it; an empty one to begin with."""
    state = checkpoint.load() if checkpoint else None
    if state is None:
        return TrainingState(0, [], np.empty((0, 0, 0)), [], 0.0)
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
    available = psutil.virtual_memory().available
    if needed > available:
        raise UserError(
            f"training {len(models)} replicates together takes about {needed / 2**30:.1f} GiB and "
            f"{available / 2**30:.1f} GiB are free; lower replicates_per_job or batch_size"
        )


def _batches(order: np.ndarray, size: int) -> Iterator[tf.Tensor]:
    """Full batches [steps, R, size] and, if examples remain, one partial batch [1, R, rest]."""
    replicates, examples = order.shape
    steps = examples // size
    if steps:
        full = order[:, : steps * size].reshape(replicates, steps, size)
        yield tf.constant(full.transpose(1, 0, 2))
    if examples % size:
        yield tf.constant(order[None, :, steps * size :])


def _refuse_divergence(losses: np.ndarray, epoch: int) -> None:
    diverged = np.flatnonzero(~np.isfinite(losses).all(axis=0))
    if diverged.size:
        raise UserError(
            f"training diverged: the loss of stacked replicate {diverged[0]} is not a finite "
            f"number in epoch {epoch}; lower learning_rate, or look for faulty values in the data"
        )


def _stack(variables: list[list[keras.Variable]]) -> list[keras.Variable]:
    return [
        keras.Variable(
            np.stack([value.numpy() for value in values]),
            trainable=values[0].trainable,
        )
        for values in zip(*variables, strict=True)
    ]


def _unrolled_map(function: Callable, elements: tuple) -> tuple:
    """`tf.vectorized_map` without vectorisation: one copy of the graph per replicate."""
    replicates = tf.nest.flatten(elements)[0].shape[0]
    results = [
        function(tf.nest.map_structure(lambda tensor, r=r: tensor[r], elements))
        for r in range(replicates)
    ]
    return tf.nest.map_structure(lambda *tensors: tf.stack(tensors), *results)
