"""Sorting activations, 1-Lipschitz and gradient-norm preserving (Anil et al. 2019, 1811.05381)."""

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from .base import LipschitzLayer

_COMPLEX = {tf.float32: tf.complex64, tf.float64: tf.complex128}


def sort_last_axis(values):
    """Sorts ascending along the last axis; the gradient follows the permutation.

    On a CPU it calls NumPy, whose vectorised sort takes about a quarter of the time of
    TensorFlow's; beside a GPU, where that would copy to and fro, and of bfloat16, which NumPy
    lacks, TensorFlow sorts.

    Args:
        values: floating [..., n], symbolic or not.
    """
    symbolic = isinstance(values, keras.KerasTensor)
    if symbolic or values.dtype == "bfloat16" or tf.config.list_physical_devices("GPU"):
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


def sort_pairs(pairs):
    """Sorts ascending along a last axis of length two, in a fraction of the time of a sort.

    The gradient follows the exchange, and is left as it is where two values are equal.

    Args:
        pairs: floating [..., 2].
    """
    first, second = _parts(pairs)
    return _exchange(pairs, first > second)


@tf.custom_gradient
def _exchange(pairs, where):
    """Pairs [..., 2] with first and second exchanged where bool [...] says so: its own gradient."""
    first, second = _parts(pairs)
    parts = tf.where(where, second, first), tf.where(where, first, second)
    if _are_numbers(pairs):
        exchanged = tf.bitcast(tf.complex(*parts), pairs.dtype)
    else:
        exchanged = tf.stack(parts, axis=-1)
    return exchanged, lambda upstream: (_exchange(upstream, where), None)


def _are_numbers(pairs):
    """Whether pairs [..., 2] are looked at as complex numbers.

    Of images, their parts are read and written three times as fast as those of a stack. In dense
    networks it is no matter, and `tf.vectorized_map`, under which they train, has no bitcast.
    """
    return pairs.dtype in _COMPLEX and pairs.shape.rank > 3


def _parts(pairs):
    if not _are_numbers(pairs):
        return tf.unstack(pairs, axis=-1)
    numbers = tf.bitcast(pairs, _COMPLEX[pairs.dtype])
    return tf.math.real(numbers), tf.math.imag(numbers)


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
        ascending = sort_pairs(groups) if self.n == 2 else sort_last_axis(groups)
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
