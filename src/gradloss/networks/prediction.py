"""Outputs of many models of one architecture, without one graph per model."""

import keras
import numpy as np
import tensorflow as tf

BATCH = 500  # keeps the activations of a convolutional network under 100 MB


class Predictor:
    """Evaluates models that share an architecture through one traced graph."""

    def __init__(self, architecture: keras.Model) -> None:
        @tf.function
        def run(trainable: list[tf.Tensor], state: list[tf.Tensor], x: tf.Tensor) -> tf.Tensor:
            return architecture.stateless_call(trainable, state, x, training=False)[0]

        self._run = run

    def __call__(self, model: keras.Model, x: np.ndarray) -> np.ndarray:
        """Outputs [N, n] float32 of a model for inputs [N, ...]."""
        trainable = [variable.value for variable in model.trainable_variables]
        state = [variable.value for variable in model.non_trainable_variables]
        return np.concatenate(
            [
                self._run(trainable, state, tf.constant(x[start : start + BATCH])).numpy()
                for start in range(0, len(x), BATCH)
            ]
        )
