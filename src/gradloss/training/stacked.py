"""Replicates of one network that take their optimiser steps together.

The weights of the replicates are stacked along a leading axis, each replicate with its own
weights and optimiser state. The gradients of the dense networks come from one vectorised map over
that axis; networks with convolutions, for which TensorFlow has no kernel with one filter per
replicate, are unrolled. Adam works element by element, so one optimiser on stacked weights is one
optimiser per replicate.
"""

from collections.abc import Callable, Sequence

import keras
import numpy as np
import tensorflow as tf

from gradloss import lipschitz
from gradloss.losses.binding import BatchLoss, BatchTerm
from gradloss.training.double_backpropagation import with_cheap_gradients


class StackedReplicates:
    """Models of one architecture whose weights live stacked along a leading axis.

    A 1-Lipschitz model is trained as its plain export on normalised kernels: the normalisation
    is one broadcast operation on the stacked kernels, outside of the map over replicates.

    Attributes:
        suit_xla: Whether XLA makes the steps faster. It loses with convolutions, by a factor of
            1.7, and with 1-Lipschitz layers, whose full sort it cannot compile.
    """

    def __init__(
        self,
        models: list[keras.Model],
        loss: BatchLoss,
        optimizer: keras.optimizers.Optimizer,
        precision: str = "float32",
        terms: Sequence[BatchTerm] = (),
    ) -> None:
        self.models = models
        self.loss = loss
        self.terms = terms
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
        self.suit_xla = not convolutions and not any(self.normalizations)
        self._map = _unrolled_map if convolutions or len(models) == 1 else tf.vectorized_map

    def step(self, x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
        """One optimiser step on batches [R, batch, ...].

        Returns:
            What each replicate had before it: its loss and then its terms, [R, 1 + K].
        """
        trainable = [tf.convert_to_tensor(variable) for variable in self.trainable]
        with tf.GradientTape() as tape:
            tape.watch(trainable)
            plain = self._normalize(trainable)
        values, gradients = self._map(self._differentiate, (plain, x, y))
        gradients = tape.gradient(plain, trainable, output_gradients=gradients)
        self.optimizer.apply(gradients, self.trainable)
        return values

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
        seen = []  # the outputs of the loss, so that no term needs a forward pass of its own

        def predict(inputs: tf.Tensor) -> tf.Tensor:
            seen.append(self.plain.stateless_call(weights, [], inputs, training=True)[0])
            return seen[-1]

        with tf.GradientTape() as tape:
            tape.watch(weights)
            loss = self.loss(predict, x, y)
        terms = [term(y, seen[0]) for term in self.terms]
        return tf.stack([loss, *terms]), tape.gradient(loss, weights)

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
