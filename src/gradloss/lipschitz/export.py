"""From a model with normalised kernels to a plain one, and the spectra of its linear maps."""

from collections.abc import Callable
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from .layers import NormalizedKernel


class KernelNormalization(NamedTuple):
    """How one kernel of a model is normalised.

    Attributes:
        normalize: (kernel [..., *shape], u [..., n] or None) -> (normalised kernel, new u).
        u: current state [n] of its power iteration; None if it has none.
    """

    normalize: Callable
    u: keras.Variable | None


def kernel_normalizations(model: keras.Model) -> list[KernelNormalization | None]:
    """Lists how each of `model.trainable_variables` is normalised; None if it is used as it is.

    `export(model)` has trainable variables of the same shapes in the same order. So training the
    model is training its plain export on normalised variables, stacked over replicates or not.

    Raises:
        ValueError: the model contains another model.
    """
    by_variable = {
        id(layer.kernel): KernelNormalization(layer.normalize, layer.u)
        for layer in _flat_layers(model)
        if isinstance(layer, NormalizedKernel)
    }
    return [by_variable.get(id(variable)) for variable in model.trainable_variables]


def export(model: keras.Model) -> keras.Model:
    """Copies a model, with plain Keras layers that hold the current normalised kernels.

    Activations and poolings of this package stay: `keras.models.load_model` finds them after
    `import gradloss.lipschitz`.

    Args:
        model: built Sequential or functional model.

    Returns:
        An independent model with the same outputs, and layers of the same names.

    Raises:
        ValueError: the model has not been built, contains another model, or is a subclass of
            keras.Model.
    """
    if not model.built:
        raise ValueError(
            f"export: {model.name} has no input shape yet; start it with keras.Input or call it."
        )
    _flat_layers(model)
    pairs = []

    def clone(layer):
        pairs.append((layer, _plain_layer(layer)))
        return pairs[-1][1]

    plain = keras.models.clone_model(model, clone_function=clone)
    for layer, copy in pairs:
        if isinstance(layer, NormalizedKernel):
            sources = [layer.normalized_kernel(), *([layer.bias] if layer.use_bias else [])]
        else:
            sources = layer.weights
        for weight, source in zip(copy.weights, sources, strict=True):
            weight.assign(source)
    return plain


def _flat_layers(model):
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            raise ValueError(
                f"{model.name} contains the model {layer.name}; add that model's layers one by one."
            )
    return model.layers


def _plain_layer(layer):
    if not isinstance(layer, NormalizedKernel):
        return type(layer).from_config(layer.get_config())
    plain = next(
        base for base in (keras.layers.Dense, keras.layers.Conv2D) if isinstance(layer, base)
    )
    # The keys that the plain layer's own configuration has not are those of the normalisation.
    config = layer.get_config()
    own = config.keys() - {"k_coef_lip", "disjoint_neurons"}
    return plain.from_config({key: config[key] for key in own})


def singular_values(model: keras.Model) -> dict[str, tuple[float, float]]:
    """Computes extreme singular values, by SVD, of every Dense and Conv2D kernel of the export.

    A convolution's are those of its kernel reshaped to [kh·kw·c_in, filters], correction factor
    included, not those of the operator on images, for which see `conv_spectral_norm`.

    Args:
        model: built Sequential or functional model, plain or with normalised kernels.

    Returns:
        Layer name -> (largest, smallest).
    """
    spectra = {}
    for layer in export(model).layers:
        if isinstance(layer, keras.layers.Dense | keras.layers.Conv2D):
            kernel = layer.kernel.numpy()
            values = np.linalg.svd(kernel.reshape(-1, kernel.shape[-1]), compute_uv=False)
            spectra[layer.name] = (float(values[0]), float(values[-1]))
    return spectra


def conv_spectral_norm(
    kernel: tf.Tensor,
    image_size: tuple[int, int],
    strides: tuple[int, int] = (1, 1),
    padding: str = "same",
    iterations: int = 200,
    seed: int = 0,
) -> float:
    """Estimates the norm of a convolution as an operator on images, by power iterations.

    The estimate grows to the norm from below.

    Args:
        kernel: float32 [kh, kw, c_in, filters].
        image_size: (h, w) of the input in pixels.
        strides: (height, width) in pixels.
        padding: "same" or "valid".
        iterations: number of power iterations.
        seed: of the normal start image.
    """
    shape = (1, *image_size, kernel.shape[-2])
    start = np.random.default_rng(seed).normal(size=shape).astype(np.float32)
    padding = padding.upper()

    @tf.function
    def largest(image):
        for _ in tf.range(iterations):
            response = tf.nn.conv2d(image / tf.norm(image), kernel, strides, padding)
            image = tf.nn.conv2d_transpose(response, kernel, shape, strides, padding)
        return tf.sqrt(tf.norm(image))

    return float(largest(tf.constant(start)))
