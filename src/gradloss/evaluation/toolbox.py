"""The attacks of the Adversarial Robustness Toolbox on scores of our classifiers."""

import logging
import os
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import keras
import numpy as np
import tensorflow as tf

from gradloss.evaluation.projected_gradient import lead_of_wrong


@contextmanager
def temporary_home() -> Iterator[None]:
    """Let ``~``, where a library may write when it is imported, be removed after the body."""
    home = os.environ.get("HOME")
    with tempfile.TemporaryDirectory(prefix="gradloss-") as folder:
        os.environ["HOME"] = folder
        try:
            yield
        finally:
            if home is None:
                del os.environ["HOME"]
            else:
                os.environ["HOME"] = home


with warnings.catch_warnings(), temporary_home():  # where it would leave its settings
    warnings.filterwarnings("ignore", "PyTorch not found", UserWarning)  # nor is it used
    from art.attacks import EvasionAttack, evasion
    from art.estimators.classification import TensorFlowV2Classifier

BATCH = 500  # larger ones leave the caches, smaller ones pay for more calls
NORMS: dict[str, float] = {"l2": 2, "linf": np.inf}
OVERSHOOT = 0.02  # of DeepFool, relative; a bisection takes it back

logging.getLogger("art").setLevel(logging.WARNING)  # else a line for each batch of each attack


def log_odds(y: tf.Tensor, scores: tf.Tensor) -> tf.Tensor:
    """Log odds [N] of the wrong classes by scores z [N, C]: log sum over k != y of exp(z_k) - z_y.

    The cross-entropy is log(1 + exp(.)) of it: the same directions of ascent and the same order
    of an image's candidates, without the cancellation in 1 - p_y where the network is sure.
    """
    wrong = tf.where(y > 0, -np.inf, scores)
    return tf.reduce_logsumexp(wrong, axis=1) - tf.reduce_sum(y * scores, axis=1)


def targeted_ratio(y: tf.Tensor, scores: tf.Tensor) -> tf.Tensor:
    """Targeted difference of logits ratio [N] of at least 4 classes (Croce and Hein, 2020).

    Args:
        y: 1 at the right class, -1 at the target and 0 elsewhere, so that its largest
            entry, which the toolbox looks at, is the right class.
        scores: [N, C].
    """
    top = tf.math.top_k(scores, 4).values
    return -tf.reduce_sum(y * scores, axis=1) / (top[:, 0] - (top[:, 2] + top[:, 3]) / 2 + 1e-12)


class Classifier(TensorFlowV2Classifier):
    """The toolbox's view of scores of inputs like x in [0, 1], and of the loss that attacks raise.

    Its gradients are compiled, which makes them at least twice as fast as the toolbox's.
    """

    def __init__(self, scores: Callable, x: np.ndarray, loss: Callable = log_odds) -> None:
        classes = scores(x[:1], training=False).shape[1]
        super().__init__(scores, classes, x.shape[1:], clip_values=(0, 1), preprocessing=None)
        self._losses = loss
        self._gradient = _compiled_gradient(scores, loss)
        self._score_gradient = _compiled_gradient(scores, lambda y, z: tf.reduce_sum(y * z, axis=1))

    def compute_loss(self, x, y, **_):
        return self._losses(y, self.predict(x)).numpy()

    def loss_gradient(self, x, y, **_):
        return self._gradient(x, y).numpy()

    def class_gradient(self, x, **_):
        every = one_hot(np.arange(self.nb_classes), self.nb_classes)
        slopes = [self._score_gradient(x, row[None]).numpy() for row in every]
        return np.stack(slopes, axis=1)


def _compiled_gradient(scores: Callable, loss: Callable) -> Callable:
    @tf.function(reduce_retracing=True)
    def gradient(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(x)
            losses = loss(y, scores(x, training=False))
        return tape.gradient(losses, x)

    return gradient


def auto_pgd(classifier: Classifier, norm: str, level: float, iterations: int) -> EvasionAttack:
    """Auto-PGD (Croce and Hein, 2020) on the classifier's loss, from one random point."""
    return evasion.AutoProjectedGradientDescent(
        classifier,
        norm=NORMS[norm],
        eps=level,
        eps_step=2.0 * level,
        max_iter=iterations,
        nb_random_init=1,
        batch_size=BATCH,
        verbose=False,
    )


def square(classifier: Classifier, norm: str, level: float, queries: int) -> EvasionAttack:
    """Square (Andriushchenko et al., 2020), a random search on the margin without gradients."""
    return evasion.SquareAttack(
        classifier,
        norm=NORMS[norm],
        eps=level,
        max_iter=queries,
        loss=partial(margin, classifier),
        batch_size=BATCH,
        verbose=False,
    )


def deep_fool(classifier: Classifier, iterations: int) -> EvasionAttack:
    """DeepFool (Moosavi-Dezfooli et al., 2016), which steps to the nearest linearised boundary."""
    return evasion.DeepFool(
        classifier,
        max_iter=iterations,
        epsilon=OVERSHOOT,
        nb_grads=classifier.nb_classes,
        batch_size=BATCH,
        verbose=False,
    )


def margin(classifier: Classifier, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Score of the right class over the best other one [N], infinite for an x that is not finite.

    Square divides by the norm of a window, which can be 0; a network may score even the result.
    """
    leads = lead_of_wrong(y.argmax(axis=1), classifier.predict(x.astype(np.float32)))
    finite = np.isfinite(x).all(axis=tuple(range(1, x.ndim)))
    return np.where(finite, -leads, np.inf)


def perturb(attack: EvasionAttack, x: np.ndarray, y: np.ndarray, seed: int) -> np.ndarray:
    """Adversarial candidates float32 [N, ...] in [0, 1] of an attack, the same for a seed.

    Args:
        attack: Of a classifier of C classes.
        x: Inputs float32 [N, ...].
        y: Labels as the classifier's loss takes them, float32 [N, C].
        seed: Any integer.
    """
    keras.utils.set_random_seed(seed)  # the attacks draw from Python's and NumPy's global state
    with np.errstate(divide="ignore", invalid="ignore"):  # Square's, see `margin`
        return _in_batches(attack.generate, x, y).clip(0.0, 1.0)


def one_hot(y: np.ndarray, classes: int) -> np.ndarray:
    """Labels [N] as float32 [N, C]."""
    return np.eye(classes, dtype=np.float32)[y]


def wrong_classes(classifier: Classifier, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Wrong classes int64 [C - 1, N] of inputs with labels [N], the likeliest first."""
    scores = _in_batches(classifier.predict, x)
    scores[np.arange(len(y)), y] = np.inf
    return np.argsort(-scores, axis=1, kind="stable")[:, 1:].T


def classify(classifier: Classifier, x: np.ndarray) -> np.ndarray:
    """Predicted labels [N]."""
    return _in_batches(classifier.predict, x).argmax(axis=1)


def _in_batches(function: Callable[..., np.ndarray], *arrays: np.ndarray) -> np.ndarray:
    starts = range(0, len(arrays[0]), BATCH)
    return np.concatenate([function(*(a[i : i + BATCH] for a in arrays)) for i in starts])
