"""Measures of trained models beyond their errors: sensitivity, margins, certificates, distances."""

import math

import keras
import numpy as np
import ot
import tensorflow as tf
from scipy.spatial.distance import cdist

from gradloss import lipschitz
from gradloss.models import encode_targets
from gradloss.prediction import Predictor


class JacobianNorms(Predictor):
    """Frobenius norms [N] of the Jacobians of a model's outputs with respect to its inputs.

    Called like a `Predictor`; in units of the outputs per unit of the inputs.
    """

    def __init__(self, architecture: keras.Model) -> None:
        @tf.function
        def run(trainable: list[tf.Tensor], state: list[tf.Tensor], x: tf.Tensor) -> tf.Tensor:
            with tf.GradientTape(persistent=True, watch_accessed_variables=False) as tape:
                tape.watch(x)
                outputs = architecture.stateless_call(trainable, state, x, training=False)[0]
            # One backward pass after another: vectorised, they need the memory of all at once.
            jacobians = tape.batch_jacobian(
                outputs, x, parallel_iterations=1, experimental_use_pfor=False
            )
            return tf.sqrt(tf.reduce_sum(tf.square(jacobians), axis=range(1, len(jacobians.shape))))

        self._run = run


def margins(outputs: np.ndarray, y: np.ndarray, head: str) -> np.ndarray:
    """How far each output is on the right side; negative where the class is wrong.

    Args:
        outputs: Of a classifier, [N, n].
        y: Labels [N].
        head: "softmax" or "scores" (true class minus the best other one), or "sign" (the
            output times +1 for class 0 and -1 for class 1).

    Returns:
        Float [N], in units of the outputs.
    """
    if head == "sign":
        return encode_targets(y, head, 1)[:, 0] * outputs[:, 0]
    rows = np.arange(len(y))
    others = outputs.copy()
    others[rows, y] = -np.inf
    return outputs[rows, y] - others.max(axis=1)


def certified_radii(
    outputs: np.ndarray, y: np.ndarray, head: str, lipschitz_constant: float
) -> np.ndarray:
    """Euclidean distance from each input within which no other input has another class.

    With outputs that are K-Lipschitz each, a signed output keeps its sign within |f| / K, and the
    greatest of several scores stays so within (greatest - second) / 2K (Tsuzuku et al., 2018;
    Serrurier et al., 2021). The radius is 0 where the class is wrong. It holds for real
    arithmetic, so up to the rounding of the float32 outputs, and as far as K is a bound.

    Args:
        outputs: [N, n].
        y: Labels [N].
        head: "sign" or "scores".
        lipschitz_constant: K, common to the outputs, see `lipschitz_bound`.

    Returns:
        Float [N], in units of the inputs.
    """
    sides = 1 if head == "sign" else 2
    return np.maximum(margins(outputs, y, head), 0) / (sides * lipschitz_constant)


def lipschitz_bound(model: keras.Model) -> float:
    """Euclidean Lipschitz constant that none of a model's outputs exceeds by itself.

    It is the product over the layers of: the greatest singular value of a dense kernel; for the
    last one, the greatest norm of a column; for a convolution, the greatest singular value of the
    kernel reshaped to [kh·kw·c, filters], times the root of ⌈kh/sh⌉⌈kw/sw⌉, the number of patches
    that a pixel is in at most with strides (sh, sw); the constant of an activation or a pooling.
    A model of normalised layers would have 1 if its normalisations were exact and all strict.

    Args:
        model: Sequential plain export that ends with a dense layer.

    Raises:
        ValueError: If a layer is not linear nor one of `gradloss.lipschitz`.
    """
    *hidden, last = model.layers
    bounds = [_layer_bound(layer) for layer in hidden]
    return float(np.prod(bounds) * np.linalg.norm(_linear_kernel(last), axis=0).max())


def _layer_bound(layer: keras.layers.Layer) -> float:
    if isinstance(layer, keras.layers.Flatten | keras.layers.Reshape):
        return 1.0
    if isinstance(layer, lipschitz.GroupSort | lipschitz.MaxMin | lipschitz.ScaledL2NormPooling2D):
        return layer.k_coef_lip
    kernel = _linear_kernel(layer)
    largest = np.linalg.norm(kernel.reshape(-1, kernel.shape[-1]), 2)
    if not isinstance(layer, keras.layers.Conv2D):
        return largest
    sizes = zip(layer.kernel_size, layer.strides, strict=True)
    return largest * math.sqrt(math.prod(math.ceil(size / stride) for size, stride in sizes))


def _linear_kernel(layer: keras.layers.Layer) -> np.ndarray:
    plain = isinstance(layer, keras.layers.Dense | keras.layers.Conv2D)
    if not plain or layer.activation is not keras.activations.linear:
        raise ValueError(f"{layer.name}: no bound of its Lipschitz constant is known")
    return layer.kernel.numpy().astype(np.float64)


def wasserstein_distance(first: np.ndarray, second: np.ndarray) -> float:
    """Exact Euclidean W1 between the uniform distributions on two samples [N, ...], [M, ...].

    It is what the Kantorovich-Rubinstein term of a 1-Lipschitz function on the same samples
    estimates from below.

    Raises:
        RuntimeError: If the linear programme is not solved to optimality.
    """
    # SciPy takes differences first; POT's own distances lose half of their digits when small.
    costs = cdist(first.reshape(len(first), -1), second.reshape(len(second), -1))
    distance, log = ot.emd2([], [], costs, numItermax=10**8, log=True)
    if log["warning"]:
        raise RuntimeError(f"the exact Wasserstein distance was not found: {log['warning']}")
    return float(distance)
