"""Keras layers that are k-Lipschitz because they use a normalised copy of their kernel.

The kernel that an optimiser trains is free; each call normalises its current value, at inference
too. For repeated inference, `export` the model once.
"""

import math
from abc import abstractmethod

import keras
import tensorflow as tf
from keras import ops

from .base import LipschitzLayer
from .normalization import frobenius_normalize, spectral_orthonormalize


class NormalizedKernel(LipschitzLayer):
    """Mixin of Dense and Conv2D: a normalised kernel and, for power iterations, a state u [n].

    Args:
        *args: those of the Keras layer.
        kernel_initializer: orthogonal, so that the raw kernel starts normalised, as deel-lip's.
        **kwargs: `k_coef_lip` and those of the Keras layer.
    """

    u = None

    def __init__(self, *args, kernel_initializer="orthogonal", **kwargs):
        super().__init__(*args, kernel_initializer=kernel_initializer, **kwargs)

    @abstractmethod
    def normalize(self, kernel: tf.Tensor, u: tf.Tensor | None):
        """Normalises kernels as this layer does, without touching its weights.

        Args:
            kernel: float32 [..., *kernel_shape]; leading axes are independent members.
            u: state of the power iteration, float32 [..., n]; None if the layer has none.

        Returns:
            The normalised kernel, of the kernel's shape, and the new u.
        """

    def normalized_kernel(self) -> tf.Tensor:
        """Returns the current kernel, normalised: the one that inference uses."""
        return self.normalize(self.kernel, self.u)[0]

    def call(self, inputs, training=None):
        kernel, u = self.normalize(self.kernel, self.u)
        if training and self.u is not None:
            self.u.assign(u)
        outputs = self._apply_kernel(inputs, kernel)
        if self.use_bias:
            outputs = ops.add(outputs, self.bias)
        return outputs if self.activation is None else self.activation(outputs)

    def _apply_kernel(self, inputs, kernel):
        return ops.matmul(inputs, kernel)

    def _add_u(self):
        self.u = self.add_weight(
            name="u",
            shape=(self.kernel.shape[-1],),
            initializer=keras.initializers.RandomNormal(stddev=1.0, seed=0),
            trainable=False,
        )

    def save_own_variables(self, store):
        # The versions of Dense and Conv2D know the kernel and the bias only, not u.
        keras.layers.Layer.save_own_variables(self, store)

    def load_own_variables(self, store):
        keras.layers.Layer.load_own_variables(self, store)


@keras.saving.register_keras_serializable(package="gradloss")
class SpectralDense(NormalizedKernel, keras.layers.Dense):
    """Dense layer whose kernel has all singular values k (spectral norm, then Björck).

    Args:
        units: number of outputs.
        **kwargs: `k_coef_lip` and those of `keras.layers.Dense`.

    Raises:
        ValueError: k_coef_lip is not above 0.
    """

    def __init__(self, units: int, **kwargs):
        super().__init__(units, **kwargs)

    def build(self, input_shape):
        super().build(input_shape)
        self._add_u()

    def normalize(self, kernel, u):
        kernel, u = spectral_orthonormalize(kernel, u)
        return self.k_coef_lip * kernel, u


@keras.saving.register_keras_serializable(package="gradloss")
class FrobeniusDense(NormalizedKernel, keras.layers.Dense):
    """Dense layer whose kernel has Euclidean norm k; with one output the same as SpectralDense.

    Args:
        units: number of outputs.
        disjoint_neurons: True makes each output k-Lipschitz (all together: k√units), False the
            whole layer, by its Frobenius norm.
        **kwargs: `k_coef_lip` and those of `keras.layers.Dense`.

    Raises:
        ValueError: k_coef_lip is not above 0.
    """

    def __init__(self, units: int, disjoint_neurons: bool = True, **kwargs):
        super().__init__(units, **kwargs)
        self.disjoint_neurons = disjoint_neurons

    def normalize(self, kernel, u):
        return self.k_coef_lip * frobenius_normalize(kernel, self.disjoint_neurons), u

    def get_config(self):
        return {**super().get_config(), "disjoint_neurons": self.disjoint_neurons}


def convolution_factor(
    kernel_size: tuple[int, int], strides: tuple[int, int], image_size: tuple[int, int]
) -> float:
    """Returns deel-lip's factor from an orthonormal reshaped kernel to a 1-Lipschitz convolution.

    A "same" convolution copies each pixel into several patches. With a stride, a pixel is in at
    most ⌈kh/sh⌉⌈kw/sw⌉ of them: the factor is the inverse root, and the bound is strict. Without,
    deel-lip takes the mean over all pixels of an h×w image, kh − (kh² − 1)/(4h) per direction,
    instead of the greatest number kh: the norm of the convolution can exceed 1 by a few percent at
    most (the root of their ratio; `conv_spectral_norm` gives its value).

    Args:
        kernel_size: (kh, kw) in pixels.
        strides: (sh, sw) in pixels.
        image_size: (h, w) of the input in pixels.
    """
    (kh, kw), (sh, sw), (h, w) = kernel_size, strides, image_size
    if sh == sw == 1:
        return 1 / math.sqrt((kh - (kh**2 - 1) / (4 * h)) * (kw - (kw**2 - 1) / (4 * w)))
    return 1 / math.sqrt(math.ceil(kh / sh) * math.ceil(kw / sw))


@keras.saving.register_keras_serializable(package="gradloss")
class SpectralConv2D(NormalizedKernel, keras.layers.Conv2D):
    """Convolution whose kernel, reshaped to [kh·kw·c_in, filters], is orthonormal times a factor.

    Padding is "same" and channels come last. See `convolution_factor` for how strict k is.

    Args:
        filters: number of output channels.
        kernel_size: (height, width) in pixels.
        padding: "same".
        **kwargs: `k_coef_lip` and those of `keras.layers.Conv2D`.

    Raises:
        ValueError: k_coef_lip is not above 0; another padding, dilation, grouping or channel order
            is asked for; the image size is not known when the layer is built.
    """

    def __init__(
        self, filters: int, kernel_size: int | tuple[int, int], padding: str = "same", **kwargs
    ):
        super().__init__(filters, kernel_size, padding=padding, **kwargs)
        plain = self.padding == "same" and self.data_format == "channels_last"
        if not plain or self.groups != 1 or tuple(self.dilation_rate) != (1, 1):
            raise ValueError(
                f"{self.name}: SpectralConv2D supports padding 'same', channels last, no dilation "
                "and no groups only; leave these arguments out."
            )

    def build(self, input_shape):
        image_size = tuple(input_shape[1:3])
        if None in image_size:
            raise ValueError(
                f"{self.name}: the image size is {image_size}; give both sizes to keras.Input."
            )
        super().build(input_shape)
        factor = convolution_factor(tuple(self.kernel_size), tuple(self.strides), image_size)
        self.coefficient = self.k_coef_lip * factor
        self._add_u()

    def normalize(self, kernel, u):
        shape = tf.shape(kernel)
        rows, columns = math.prod(kernel.shape[-4:-1]), kernel.shape[-1]
        matrix = tf.reshape(kernel, tf.concat([shape[:-4], [rows, columns]], axis=0))
        matrix, u = spectral_orthonormalize(matrix, u)
        return self.coefficient * tf.reshape(matrix, shape), u

    def _apply_kernel(self, inputs, kernel):
        return self.convolution_op(inputs, kernel)


@keras.saving.register_keras_serializable(package="gradloss")
class ScaledL2NormPooling2D(LipschitzLayer):
    """k times the Euclidean norm of each channel over disjoint windows (Boureau et al. 2010).

    Inputs [batch, h, w, c] become [batch, h // ph, w // pw, c]. The gradient at a window of zeros
    is 0; elsewhere it has norm k exactly, and derivatives of every order flow.

    Args:
        pool_size: (ph, pw) in pixels.
        **kwargs: `k_coef_lip` and those of `keras.layers.Layer`.

    Raises:
        ValueError: k_coef_lip is not above 0.
    """

    def __init__(self, pool_size: int | tuple[int, int] = (2, 2), **kwargs):
        super().__init__(**kwargs)
        self.pool_size = (pool_size, pool_size) if isinstance(pool_size, int) else tuple(pool_size)

    def call(self, inputs):
        mean = ops.average_pool(ops.square(inputs), self.pool_size, padding="valid")
        total = math.prod(self.pool_size) * mean
        positive = total > 0
        norm = ops.sqrt(ops.where(positive, total, 1.0))
        return self.k_coef_lip * ops.where(positive, norm, 0.0)

    def compute_output_shape(self, input_shape):
        batch, height, width, channels = input_shape
        return batch, height // self.pool_size[0], width // self.pool_size[1], channels

    def get_config(self):
        return {**super().get_config(), "pool_size": self.pool_size}
