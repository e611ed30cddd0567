"""Accuracy of trained classifiers under adversarial attacks, as rows of the results.

The attacks are the Adversarial Robustness Toolbox's: projected gradient descent (PGD; Madry et al.,
2018, arXiv 1706.06083) over grids of radii and, at one radius per norm, a chain as AutoAttack
(Croce and Hein, 2020, arXiv 2003.01690), where each attack tries what withstood those before it.
"""

import logging
import math
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import tensorflow as tf

from gradloss.data.pool import Pool
from gradloss.errors import UserError
from gradloss.experiments import head_of, model_path, seed_for, split_of
from gradloss.homes import temporary_home
from gradloss.progress import progress
from gradloss.results import metric_rows

with warnings.catch_warnings(), temporary_home():  # where it would leave its settings
    warnings.filterwarnings("ignore", "PyTorch not found", UserWarning)  # nor is it used
    from art.attacks import EvasionAttack, evasion
    from art.estimators.classification import TensorFlowV2Classifier

BATCH = 100  # larger ones leave the caches, smaller ones pay for more calls
NORMS: dict[str, float] = {"l2": 2, "linf": np.inf}

logging.getLogger("art").setLevel(logging.WARNING)  # else a line for each batch of each attack


def attack_run(
    settings: dict, attacks: dict, pool: Pool, folder: Path, replicates: list[int]
) -> pd.DataFrame:
    """Attack the trained models of one job on a fixed subset of their test parts.

    Args:
        settings: Of the run, as for training.
        attacks: Numbers of test `images`, of `replicates` (the first ones) and of `steps`; radii
            `l2` and `linf`; optionally `ensemble`: one radius per norm, and `square_queries`.
        pool: Prepared data of the dataset, inputs in [0, 1].
        folder: Where the training job saved its models.
        replicates: Numbers of the replicates.

    Returns:
        Tidy rows of `results.metric_rows`, none if no replicate is attacked: accuracy under
        "subset" (level 0, clean), "pgd_l2", "pgd_linf", "ensemble_l2", "ensemble_linf" (radius).

    Raises:
        UserError: If it is no classification of enough inputs in [0, 1], or of square images for
            an ensemble.
    """
    rows: list[tuple[int, str, str, float, int, float]] = []
    attacked = [replicate for replicate in replicates if replicate < attacks["replicates"]]
    with progress(len(attacked) * accuracies_per_model(attacks), "accuracy") as tell:
        for replicate in attacked:
            subset = attacked_subset(settings, attacks["images"], pool, replicate)
            x = _images(settings, attacks, pool.x[subset])
            model = keras.models.load_model(model_path(folder, replicate), compile=False)
            seed_of = partial(seed_for, settings, replicate)
            for perturbation, level, accuracy in attack_model(
                scores_of(model, head_of(settings)), x, pool.y[subset], attacks, seed_of
            ):
                rows.append((replicate, "accuracy", perturbation, level, 0, accuracy))
                tell(len(rows), f"replicate {replicate}, {perturbation} {level:g}: {accuracy:.4f}")
    return metric_rows(settings["dataset"], settings["method"], rows)


def attacked_subset(settings: dict, images: int, pool: Pool, replicate: int) -> np.ndarray:
    """Indices int64 [images] of the attacked test examples, the same for every method.

    Raises:
        UserError: If the test part has fewer examples.
    """
    _, test = split_of(settings, pool, replicate)
    if images > len(test):
        raise UserError(
            f"attacks.images of {settings['dataset']} is {images}, and its test part has "
            f"{len(test)} examples; lower it"
        )
    generator = np.random.default_rng(seed_for(settings, 0, "attacked images"))
    return generator.choice(test, images, replace=False)


def _images(settings: dict, attacks: dict, x: np.ndarray) -> np.ndarray:
    """Inputs as the attacks take them: in [0, 1], and as images [N, h, w, c] for Square."""
    dataset, task, low, high = settings["dataset"], settings["task"], x.min(), x.max()
    if task != "classification" or low < 0 or high > 1:
        raise UserError(
            f"attacks are for classification of inputs in [0, 1], and {dataset} is a {task} of "
            f"inputs in [{low:g}, {high:g}]; remove its `attacks`"
        )
    if "ensemble" not in attacks or x.ndim == 4:
        return x
    side = math.isqrt(x[0].size)
    if side**2 != x[0].size:
        raise UserError(
            f"the Square attack needs images, and {dataset} has examples of shape {x.shape[1:]}; "
            "remove `ensemble` from its `attacks`"
        )
    return x.reshape(-1, side, side, 1)


def attack_model(
    scores: Callable, x: np.ndarray, y: np.ndarray, attacks: dict, seed_of: Callable[[str], int]
) -> Iterator[tuple[str, float, float]]:
    """Attack one model with growing radii.

    Only what is still classified correctly is attacked at the next radius: an adversarial example
    stays one within a larger radius.

    Args:
        scores: Of the model, see `scores_of`.
        x: Inputs float32 [N, ...] in [0, 1], images [N, h, w, c] for an ensemble.
        y: Labels int64 [N].
        attacks: As in `attack_run`.
        seed_of: Gives the seed for a purpose.

    Yields:
        Perturbation, level and accuracy, as in the rows of `attack_run`.
    """
    classifier = Classifier(scores, x, log_odds)
    chain = [("apgd", classifier), ("square", classifier)]
    if classifier.nb_classes > 2:
        chain.insert(1, ("apgd_ratio", Classifier(scores, x, logits_ratio)))
    correct = classify(classifier, x) == y
    yield "subset", 0.0, float(correct.mean())
    for norm in NORMS:
        robust, last = correct, attacks.get("ensemble", {}).get(norm)
        for level in radii(attacks, norm):
            attack = build_attack("pgd", classifier, norm, level, attacks)
            robust = withstand(attack, x, y, robust, seed_of(f"attack pgd_{norm} {level}"))
            yield f"pgd_{norm}", float(level), float(robust.mean())
            if level == last:
                rest = robust
                for name, victim in chain:
                    attack = build_attack(name, victim, norm, level, attacks)
                    rest = withstand(attack, x, y, rest, seed_of(f"attack {name}_{norm} {level}"))
                yield f"ensemble_{norm}", float(level), float(rest.mean())


def radii(attacks: dict, norm: str) -> list[float]:
    """Radii of one norm, that of the ensemble included, in ascending order."""
    last = attacks.get("ensemble", {}).get(norm)
    return sorted({*attacks.get(norm, []), *([last] if last else [])})


def accuracies_per_model(attacks: dict) -> int:
    """How many accuracies `attack_model` yields."""
    ensembles = [norm for norm in NORMS if attacks.get("ensemble", {}).get(norm)]
    return 1 + sum(len(radii(attacks, norm)) for norm in NORMS) + len(ensembles)


def logits_of(model: keras.Model) -> keras.Model:
    """Copy of a classifier without its softmax, whose gradients vanish where it is sure."""

    def clone(layer: keras.layers.Layer) -> keras.layers.Layer:
        last = {"activation": "linear"} if layer is model.layers[-1] else {}
        return layer.from_config(layer.get_config() | last)

    logits = keras.models.clone_model(model, clone_function=clone)
    for copy, weight in zip(logits.weights, model.weights, strict=True):
        copy.assign(weight)
    return logits


def scores_of(model: keras.Model, head: str) -> Callable:
    """Compiled function from inputs of any shape to scores [N, C], the largest is the class.

    They are logits (head "softmax"), [f, -f] ("sign") or the outputs ("scores").
    """
    network = logits_of(model) if head == "softmax" else model
    shape = (-1, *network.input_shape[1:])

    @tf.function(reduce_retracing=True)
    def scores(x: tf.Tensor, training: bool = False) -> tf.Tensor:
        outputs = network(tf.reshape(x, shape), training=training)
        return tf.concat([outputs, -outputs], axis=1) if head == "sign" else outputs

    return scores


def log_odds(y: tf.Tensor, scores: tf.Tensor) -> tf.Tensor:
    """Log odds [N] of the wrong classes by scores z [N, C]: log sum over k != y of exp(z_k) - z_y.

    The cross-entropy is log(1 + exp(.)) of it: the same directions of ascent and the same order
    of an image's candidates, without the cancellation in 1 - p_y where the network is sure.
    """
    right, wrong = _right_and_wrong(y, scores)
    return tf.reduce_logsumexp(wrong, axis=1) - right


def logits_ratio(y: tf.Tensor, scores: tf.Tensor) -> tf.Tensor:
    """Difference of logits ratio [N] of at least 3 classes (Croce and Hein, 2020)."""
    right, wrong = _right_and_wrong(y, scores)
    top = tf.math.top_k(scores, 3).values
    return (tf.reduce_max(wrong, axis=1) - right) / (top[:, 0] - top[:, 2] + 1e-12)


def _right_and_wrong(y: tf.Tensor, scores: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Score [N] of the right class, and scores [N, C] with minus infinity in its place."""
    return tf.reduce_sum(y * scores, axis=1), tf.where(y > 0, -np.inf, scores)


class Classifier(TensorFlowV2Classifier):
    """The toolbox's view of scores of inputs like x in [0, 1], and of the loss that attacks raise.

    The gradient is compiled, which makes it twice as fast as the toolbox's.
    """

    def __init__(self, scores: Callable, x: np.ndarray, loss: Callable) -> None:
        classes = scores(x[:1], training=False).shape[1]
        super().__init__(scores, classes, x.shape[1:], clip_values=(0, 1), preprocessing=None)

        @tf.function(reduce_retracing=True)
        def gradient(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(x)
                losses = loss(y, scores(x, training=False))
            return tape.gradient(losses, x)

        self._losses, self._gradient = loss, gradient

    def compute_loss(self, x, y, **_):
        return self._losses(y, self.predict(x)).numpy()

    def loss_gradient(self, x, y, **_):
        gradient = self._gradient(x, y)
        return gradient.numpy() if isinstance(x, np.ndarray) else gradient


def build_attack(
    name: str, classifier: Classifier, norm: str, level: float, attacks: dict
) -> EvasionAttack:
    """An attack within the ball of radius `level`: "square", "pgd" or, by another name, Auto-PGD.

    Both PGDs start from one random point. The steps are 2.5 level / steps of PGD, and at first
    2 level of Auto-PGD.
    """
    common = {"norm": NORMS[norm], "eps": level, "batch_size": BATCH, "verbose": False}
    if name == "square":
        common |= {"max_iter": attacks["ensemble"]["square_queries"]}
        return evasion.SquareAttack(classifier, loss=partial(margin, classifier), **common)
    common |= {"max_iter": attacks["steps"]}
    if name == "pgd":
        common |= {"eps_step": 2.5 * level / attacks["steps"], "num_random_init": 1}
        return evasion.ProjectedGradientDescent(classifier, **common)
    common |= {"eps_step": 2.0 * level, "nb_random_init": 1}
    return evasion.AutoProjectedGradientDescent(classifier, **common)


def margin(classifier: Classifier, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Score of the right class over the best other one [N], infinite for an x that is not finite.

    Square divides by the norm of a window, which can be 0; a network may score even the result.
    """
    right, wrong = _right_and_wrong(y, classifier.predict(x.astype(np.float32)))
    finite = np.isfinite(x).all(axis=tuple(range(1, x.ndim)))
    return np.where(finite, right - tf.reduce_max(wrong, axis=1), np.inf)


def withstand(
    attack: EvasionAttack, x: np.ndarray, y: np.ndarray, robust: np.ndarray, seed: int
) -> np.ndarray:
    """Which of the examples marked in `robust`, bool [N], are classified correctly after it."""
    rest, left = np.flatnonzero(robust), np.zeros_like(robust)
    if len(rest):
        left[rest] = classify(attack.estimator, perturb(attack, x[rest], y[rest], seed)) == y[rest]
    return left


def perturb(attack: EvasionAttack, x: np.ndarray, y: np.ndarray, seed: int) -> np.ndarray:
    """Adversarial candidates float32 [N, ...] in [0, 1] of an attack, the same for a seed."""
    keras.utils.set_random_seed(seed)  # the attacks draw from Python's and NumPy's global state
    targets = keras.utils.to_categorical(y, attack.estimator.nb_classes).astype("float32")
    with np.errstate(divide="ignore", invalid="ignore"):  # Square's, see `margin`
        return _in_batches(attack.generate, x, targets).clip(0.0, 1.0)


def classify(classifier: Classifier, x: np.ndarray) -> np.ndarray:
    """Predicted labels [N]."""
    return _in_batches(classifier.predict, x).argmax(axis=1)


def _in_batches(function: Callable[..., np.ndarray], *arrays: np.ndarray) -> np.ndarray:
    starts = range(0, len(arrays[0]), BATCH)
    return np.concatenate([function(*(a[i : i + BATCH] for a in arrays)) for i in starts])
