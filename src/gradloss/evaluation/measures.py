"""Measures of trained models beyond their errors: sensitivity, margins, certificates, distances."""

import math

import keras
import numpy as np
import tensorflow as tf
from scipy.spatial.distance import cdist

from gradloss import lipschitz
from gradloss.networks.architectures import encode_targets
from gradloss.networks.prediction import Predictor

# Beyond the rounding of products and singular values in float64.
ROUNDED_UP = 1 + 1e-6


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
    outputs: np.ndarray, y: np.ndarray, head: str, model: keras.Model
) -> np.ndarray:
    """Euclidean distance from each input within which no other input has another class.

    A signed output keeps its sign within |f| / K (Serrurier et al., 2021). A score f_y stays above
    another one f_j within (f_y - f_j) / L with the constant L of their difference, so that the
    radius is the smallest such distance over j (Leino et al., 2021). It is 0 where the class is
    wrong. K and L bound the network in real arithmetic, see `lipschitz_bound`; its outputs are
    float32, whose rounding no radius allows for (Jia and Rinard, 2021).

    Args:
        outputs: Of the model, [N, n].
        y: Labels [N].
        head: "sign" or "scores".
        model: As for `lipschitz_bound`.

    Returns:
        Float64 [N], in units of the inputs.
    """
    if head == "sign":
        return np.maximum(margins(outputs, y, head), 0) / lipschitz_bound(model)
    rows = np.arange(len(y))
    slopes = difference_bounds(model)[y]
    distances = outputs[rows, y][:, None] - outputs.astype(np.float64)
    distances[rows, y], slopes[rows, y] = np.inf, 1
    return np.maximum((distances / slopes).min(axis=1), 0)


def certified_radii_2k(outputs: np.ndarray, y: np.ndarray, model: keras.Model) -> np.ndarray:
    """The same of scores from the bound K that is common to them: (f_y - f_j) / 2K.

    It is never larger than `certified_radii`, and what deel-lip states (Tsuzuku et al., 2018;
    Serrurier et al., 2021).

    Args:
        outputs: Of the model, [N, n].
        y: Labels [N].
        model: As for `lipschitz_bound`.
    """
    return np.maximum(margins(outputs, y, "scores"), 0) / (2 * lipschitz_bound(model))


def lipschitz_bound(model: keras.Model) -> float:
    """Euclidean Lipschitz constant that none of a model's outputs exceeds by itself.

    It is the product over the layers of: the greatest singular value of a dense kernel; for the
    last one, the greatest norm of a column; for a convolution, the greatest singular value of the
    kernel reshaped to [kh·kw·c, filters], times the root of ⌈kh/sh⌉⌈kw/sw⌉, the number of patches
    that a pixel is in at most with strides (sh, sw); the constant of an activation or a pooling.
    A model of normalised layers would have 1 if its normalisations were exact and all strict.
    It is computed in float64 and rounded up by `ROUNDED_UP`.

    Args:
        model: Sequential plain export that ends with a dense layer.

    Raises:
        ValueError: If a layer is not linear nor one of `gradloss.lipschitz`.
    """
    return float(_hidden_bound(model) * np.linalg.norm(_last_kernel(model), axis=0).max())


def difference_bounds(model: keras.Model) -> np.ndarray:
    """Lipschitz constants [n, n] that no difference of two of a model's outputs exceeds.

    With the columns w of the last kernel, ‖w_i - w_j‖ takes the place of the greatest norm of a
    column in `lipschitz_bound`; biases play no part (Leino et al., 2021).
    """
    kernel = _last_kernel(model)
    return _hidden_bound(model) * np.linalg.norm(kernel[:, :, None] - kernel[:, None], axis=0)


def _hidden_bound(model: keras.Model) -> float:
    return ROUNDED_UP * float(np.prod([_layer_bound(layer) for layer in model.layers[:-1]]))


def _last_kernel(model: keras.Model) -> np.ndarray:
    return _linear_kernel(model.layers[-1])


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
    # Two seconds of every evaluation, needed by HKR only.
    import ot

    # SciPy takes differences first; POT's own distances lose half of their digits when small.
    costs = cdist(first.reshape(len(first), -1), second.reshape(len(second), -1))
    distance, log = ot.emd2([], [], costs, numItermax=10**8, log=True)
    if log["warning"]:
        raise RuntimeError(f"the exact Wasserstein distance was not found: {log['warning']}")
    return float(distance)
