"""Networks with the outputs and gradients of Keras' own, and cheaper ones at the second order.

The gradient loss differentiates gradients with respect to images. Two of TensorFlow's kernels are
slow at that on a CPU: the second derivative of max pooling, and the gradient of a convolution
with respect to an image of one channel. Both are linear maps that other kernels compute faster.

Max pooling drops an odd last row and column, and with them what only they depend on, back to the
images. There the border that no output depends on is cut off: of 28 x 28 pixels the convolutional
network of the study reads 26 x 26, with a sixth less arithmetic in every layer before the last
pooling.
"""

import itertools

import keras
import numpy as np
import tensorflow as tf

_POOL = {"ksize": [1, 2, 2, 1], "strides": [1, 2, 2, 1], "padding": "VALID"}
_CONVOLVE = {"strides": [1, 1, 1, 1], "padding": "VALID"}


def with_cheap_gradients(model: keras.Model, precision: str = "float32") -> keras.Model:
    """Copy of a plain model, with fresh float32 weights, for training.

    Replaces 2 x 2 max pooling, and convolutions of one channel with a step of one; without
    padding, channels last. Every other layer stays. The border of the inputs that no output of a
    sequential model depends on is cut off first.

    Args:
        model: Sequential or functional model.
        precision: Type in which every layer but the last computes, "float32" or "bfloat16".
    """
    policy = {"float32": "float32", "bfloat16": "mixed_bfloat16"}[precision]

    def clone(layer: keras.layers.Layer) -> keras.layers.Layer:
        kind = type(layer)
        if kind is keras.layers.MaxPooling2D and _is_unpadded(layer, step=(2, 2)):
            kind = CheapMaxPooling2D if tuple(layer.pool_size) == (2, 2) else kind
        if kind is keras.layers.Conv2D and _is_unpadded(layer, step=(1, 1)):
            single = layer.kernel.shape[-2] == 1 and tuple(layer.dilation_rate) == (1, 1)
            kind = CheapConv2D if single else kind
        config = layer.get_config()
        if layer is not model.layers[-1]:
            config["dtype"] = keras.DTypePolicy(policy)
        return kind.from_config(config)

    copy = keras.models.clone_model(model, clone_function=clone)
    unread = _unread_border(model) if isinstance(model, keras.Sequential) else (0, 0)
    if not any(unread):
        return copy
    crop = keras.layers.Cropping2D(
        [(0, count) for count in unread], dtype=copy.layers[0].dtype_policy
    )
    return keras.Sequential([keras.Input(model.input_shape[1:]), crop, *copy.layers])


def _unread_border(model: keras.Sequential) -> tuple[int, int]:
    """Last rows and columns of the inputs that no output depends on."""
    kinds = keras.layers.Conv2D | keras.layers.MaxPooling2D
    start = list(itertools.takewhile(lambda layer: isinstance(layer, kinds), model.layers))
    if not start or not all(_is_unpadded(layer) for layer in start):
        return 0, 0
    read = np.array(start[-1].output.shape[1:3])
    for layer in reversed(start):
        read = (read - 1) * layer.strides + _window(layer)
    rows, columns = np.array(model.input_shape[1:3]) - read
    return int(rows), int(columns)


def _window(layer: keras.layers.Layer) -> np.ndarray:
    """Rows and columns of its inputs that one output of a layer depends on."""
    if isinstance(layer, keras.layers.MaxPooling2D):
        return np.array(layer.pool_size)
    return (np.array(layer.kernel_size) - 1) * layer.dilation_rate + 1


def _is_unpadded(layer: keras.layers.Layer, step: tuple[int, int] | None = None) -> bool:
    layout = (layer.padding, layer.data_format)
    return layout == ("valid", "channels_last") and step in (None, tuple(layer.strides))


class CheapMaxPooling2D(keras.layers.MaxPooling2D):
    """2 x 2 max pooling."""

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Window maxima [batch, h // 2, w // 2, channels] of inputs [batch, h, w, channels]."""
        return _max_pool(inputs)


class CheapConv2D(keras.layers.Conv2D):
    """Convolution of images of one channel."""

    def convolution_op(self, inputs: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
        """Responses [batch, h - kh + 1, w - kw + 1, filters] to inputs [batch, h, w, 1]."""
        return _convolve(inputs, tf.convert_to_tensor(kernel))


@tf.custom_gradient
def _max_pool(x):
    maxima = tf.nn.max_pool2d(x, 2, 2, "VALID")

    @tf.custom_gradient
    def route(upstream):
        """The upstream gradient, put at the first maximum of each window."""
        routed = tf.raw_ops.MaxPoolGrad(orig_input=x, orig_output=maxima, grad=upstream, **_POOL)

        def gather(values):
            ones = tf.ones_like(maxima)
            chosen = tf.raw_ops.MaxPoolGrad(orig_input=x, orig_output=maxima, grad=ones, **_POOL)
            return 4.0 * tf.nn.avg_pool2d(chosen * values, 2, 2, "VALID")

        return routed, gather

    return maxima, route


@tf.custom_gradient
def _convolve(x, kernel):
    def gradient(upstream):
        return _scatter(upstream, kernel), _kernel_gradient(x, upstream, kernel)

    return tf.nn.conv2d(x, kernel, **_CONVOLVE), gradient


@tf.custom_gradient
def _scatter(upstream, kernel):
    """Gradient [batch, h, w, 1] with respect to the images: one product, then shifted sums."""
    kernel_height, kernel_width, _, filters = kernel.shape
    columns = tf.matmul(upstream, tf.reshape(kernel, [-1, filters]), transpose_b=True)
    shifted = []
    for place, column in enumerate(tf.unstack(columns, axis=-1)):
        row, col = divmod(place, kernel_width)
        borders = [[0, 0], [row, kernel_height - 1 - row], [col, kernel_width - 1 - col]]
        shifted.append(tf.pad(column, borders))

    def gradient(images):
        return tf.nn.conv2d(images, kernel, **_CONVOLVE), _kernel_gradient(images, upstream, kernel)

    return tf.add_n(shifted)[..., None], gradient


def _kernel_gradient(images, upstream, kernel):
    return tf.raw_ops.Conv2DBackpropFilter(
        input=images, filter_sizes=tf.shape(kernel), out_backprop=upstream, **_CONVOLVE
    )
