"""Sorting activations, 1-Lipschitz and gradient-norm preserving (Anil et al. 2019, 1811.05381)."""

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from .base import LipschitzLayer


def sort_last_axis(values):
    """Sorts ascending along the last axis; the gradient follows the permutation.

    On a CPU it calls NumPy, whose vectorised sort takes about a quarter of the time of
    TensorFlow's; beside a GPU, where that would copy to and fro, TensorFlow sorts.

    Args:
        values: float32 [..., n], symbolic or not.
    """
    if isinstance(values, keras.KerasTensor) or tf.config.list_physical_devices("GPU"):
        return ops.sort(values, axis=-1)
    return _numpy_sort(tf.convert_to_tensor(values))


@tf.custom_gradient
def _numpy_sort(values):
    ascending, order = tf.numpy_function(
        _sort_with_order, [values], [values.dtype, tf.int32], stateful=False
    )
    ascending, order = (tf.ensure_shape(tensor, values.shape) for tensor in (ascending, order))

    def gradient(upstream):
        back = tf.numpy_function(_undo_order, [upstream, order], upstream.dtype, stateful=False)
        return tf.ensure_shape(back, values.shape)

    return ascending, gradient


def _sort_with_order(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    order = np.argsort(values, axis=-1).astype(np.int32)
    return np.take_along_axis(values, order, axis=-1), order


def _undo_order(values: np.ndarray, order: np.ndarray) -> np.ndarray:
    undone = np.empty_like(values)
    np.put_along_axis(undone, order, values, axis=-1)
    return undone


@keras.saving.register_keras_serializable(package="gradloss")
class MaxMin(LipschitzLayer):
    """k·[relu(x), relu(−x)] along the last axis: [..., c] becomes [..., 2c]."""

    def call(self, inputs):
        return self.k_coef_lip * ops.concatenate([ops.relu(inputs), ops.relu(-inputs)], axis=-1)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], 2 * input_shape[-1])


@keras.saving.register_keras_serializable(package="gradloss")
class GroupSort(LipschitzLayer):
    """k times the inputs, sorted in ascending order within groups of n neighbours of the last axis.

    Args:
        n: group size, a divisor of the number of channels; None sorts all channels.
        **kwargs: `k_coef_lip` and those of `keras.layers.Layer`.

    Raises:
        ValueError: n is below 1 or does not divide the number of channels.
    """

    def __init__(self, n: int | None = None, **kwargs):
        super().__init__(**kwargs)
        if n is not None and n < 1:
            raise ValueError(f"{self.name}: the group size n is {n}; choose at least 1.")
        self.n = n
        # The sort on a CPU is a call of NumPy, which XLA cannot compile.
        self.supports_jit = False

    def build(self, input_shape):
        if self.n is not None and input_shape[-1] % self.n:
            raise ValueError(
                f"{self.name}: the group size n = {self.n} does not divide the "
                f"{input_shape[-1]} channels; choose a divisor."
            )
        super().build(input_shape)

    def call(self, inputs):
        if self.n is None:
            return self.k_coef_lip * sort_last_axis(inputs)
        shape = (*ops.shape(inputs)[:-1], inputs.shape[-1] // self.n, self.n)
        groups = ops.reshape(inputs, shape)
        if self.n == 2:  # much cheaper than a sort
            first, second = groups[..., 0], groups[..., 1]
            ascending = ops.stack([ops.minimum(first, second), ops.maximum(first, second)], axis=-1)
        else:
            ascending = sort_last_axis(groups)
        return self.k_coef_lip * ops.reshape(ascending, ops.shape(inputs))

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "n": self.n}


@keras.saving.register_keras_serializable(package="gradloss")
class GroupSort2(GroupSort):
    """GroupSort in pairs."""

    def __init__(self, **kwargs):
        super().__init__(**{**kwargs, "n": 2})


@keras.saving.register_keras_serializable(package="gradloss")
class FullSort(GroupSort):
    """GroupSort of all channels."""

    def __init__(self, **kwargs):
        super().__init__(**{**kwargs, "n": None})
