"""Accuracy of trained classifiers under adversarial attacks, as rows of the results.

Projected gradient descent on the margin over grids of radii and, at one radius per norm, a chain
as AutoAttack (Croce and Hein, 2020, arXiv 2003.01690), where each attack tries what withstood
those before it.
"""

import math
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import tensorflow as tf

from gradloss.configuration.heads import head_of
from gradloss.data.pool import Pool
from gradloss.evaluation.projected_gradient import build_search
from gradloss.evaluation.toolbox import (
    BATCH,
    NORMS,
    Classifier,
    EvasionAttack,
    auto_pgd,
    classify,
    one_hot,
    perturb,
    square,
    targeted_ratio,
    wrong_classes,
)
from gradloss.networks.replicate import (
    model_path,
    seed_for,
    split_of,
)
from gradloss.support.errors import UserError
from gradloss.support.progress import progress
from gradloss.support.results import metric_rows

ATTACKED = "attacked"  # name of the bits that tell which test examples are attacked

Found = tuple[str, float, np.ndarray]  # perturbation, level, which images are right [N]


def attack_run(
    settings: dict, attacks: dict, pool: Pool, folder: Path, replicates: list[int]
) -> tuple[pd.DataFrame, dict[str, np.ndarray]]:
    """Attack the trained models of one job on a fixed subset of their test parts.

    Args:
        settings: Of the run, as for training.
        attacks: Numbers of test `images`, of `replicates` (the first ones), of `starts` and of
            `steps`; radii `l2` and `linf`; optionally `ensemble`: one radius per norm, the number
            of `targets` of a targeted attack, and `square_queries`.
        pool: Prepared data of the dataset, inputs in [0, 1].
        folder: Where the training job saved its models.
        replicates: Numbers of the replicates.

    Returns:
        Tidy rows of `results.metric_rows`, none if no replicate is attacked: accuracy under
        "subset" (level 0, clean), "pgd_l2", "pgd_linf", "ensemble_l2", "ensemble_linf" (radius).
        And bool [R, N] for `correctness.write_correct`: by `condition` which of the attacked
        images are right, in the order of the test part, and by `ATTACKED` which examples of the
        test part these are.

    Raises:
        UserError: If it is no classification of enough square images in [0, 1].
    """
    rows: list[tuple[int, str, str, float, int, float]] = []
    correct: dict[str, list[np.ndarray]] = {}
    attacked = [replicate for replicate in replicates if replicate < attacks["replicates"]]
    with progress(len(attacked) * accuracies_per_model(attacks), "accuracy") as tell:
        for replicate in attacked:
            subset = attacked_subset(settings, attacks["images"], pool, replicate)
            x = images_of(settings, pool.x[subset])
            model = keras.models.load_model(model_path(folder, replicate), compile=False)
            seed_of = partial(seed_for, settings, replicate)
            for perturbation, level, right in attack_model(
                scores_of(model, head_of(settings)), x, pool.y[subset], attacks, seed_of
            ):
                accuracy = float(right.mean())
                rows.append((replicate, "accuracy", perturbation, level, 0, accuracy))
                correct.setdefault(condition(perturbation, level), []).append(right)
                tell(len(rows), f"replicate {replicate}, {perturbation} {level:g}: {accuracy:.4f}")
            _, test = split_of(settings, pool, replicate)
            correct.setdefault(ATTACKED, []).append(np.isin(test, subset))
    frame = metric_rows(settings["dataset"], settings["method"], rows)
    return frame, {name: np.stack(bits) for name, bits in correct.items()}


def condition(perturbation: str, level: float) -> str:
    """Name of the bits behind an accuracy, as "pgd_l2@1", and "subset" without attack."""
    return f"{perturbation}@{level:g}" if level else perturbation


def attacked_subset(settings: dict, images: int, pool: Pool, replicate: int) -> np.ndarray:
    """Indices int64 [images] of test examples in their order, the same for every method.

    A smaller subset is a part of a larger one.

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
    return test[np.sort(generator.permutation(len(test))[:images])]


def images_of(settings: dict, x: np.ndarray) -> np.ndarray:
    """Inputs in [0, 1] as images [N, h, w, c], which Square needs.

    Raises:
        UserError: If they are something else.
    """
    dataset, task, low, high = settings["dataset"], settings["task"], x.min(), x.max()
    if task != "classification" or low < 0 or high > 1:
        raise UserError(
            f"attacks are for classification of inputs in [0, 1], and {dataset} is a {task} of "
            f"inputs in [{low:g}, {high:g}]; remove its `attacks`"
        )
    if x.ndim == 4:
        return x
    side = math.isqrt(x[0].size)
    if side**2 != x[0].size:
        raise UserError(
            f"the Square attack needs images, and {dataset} has examples of shape {x.shape[1:]}; "
            "remove its `attacks`"
        )
    return x.reshape(-1, side, side, 1)


def attack_model(
    scores: Callable, x: np.ndarray, y: np.ndarray, attacks: dict, seed_of: Callable[[str], int]
) -> Iterator[Found]:
    """Attack one model with shrinking radii.

    Only what falls is attacked at the next smaller radius, as what withstands a search is not
    searched again in a part of the ball. So an image that falls at a radius has fallen at every
    larger one. The first search raises the greatest wrong score, and each further one that of one
    wrong class, the likeliest first: more of the same find less.

    Args:
        scores: Of the model, see `scores_of`.
        x: Inputs float32 [N, ...] in [0, 1], images [N, h, w, c] for an ensemble.
        y: Labels int64 [N].
        attacks: As in `attack_run`.
        seed_of: Gives the seed for a purpose.

    Yields:
        Perturbation, level, and bool [N]: what is classified correctly.
    """
    classifier = Classifier(scores, x)
    clean = classify(classifier, x) == y
    yield "subset", 0.0, clean
    targets = one_hot(wrong_classes(classifier, x, y), classifier.nb_classes) > 0
    aims = [targets.any(axis=0), *targets]
    for norm in NORMS:
        search = build_search(scores, x.shape[1:], norm)
        robust = np.zeros_like(clean)
        for level in reversed(radii(attacks, norm)):
            rest = clean & ~robust
            for start, aimed in enumerate(aims[: attacks["starts"]]):
                seed = seed_of(f"attack pgd_{norm} {level}, start {start}")
                settings = {"radius": level, "steps": attacks["steps"], "seed": seed}
                rest = _keep(partial(search, **settings), x, y, aimed, rest)
            robust = robust | rest
            yield f"pgd_{norm}", float(level), robust
            if level == attacks.get("ensemble", {}).get(norm):
                rest = _rest_of_ensemble(scores, x, y, robust, norm, level, attacks, seed_of)
                yield f"ensemble_{norm}", float(level), rest


def _keep(
    search: Callable, x: np.ndarray, y: np.ndarray, aims: np.ndarray, robust: np.ndarray
) -> np.ndarray:
    """Which of the examples marked in `robust`, bool [N], keep their class in a search."""
    rest, left = np.flatnonzero(robust), np.zeros_like(robust)
    for start in range(0, len(rest), BATCH):
        batch = rest[start : start + BATCH]
        left[batch[search(x[batch], y[batch], aims[batch])]] = True
    return left


def _rest_of_ensemble(
    scores: Callable,
    x: np.ndarray,
    y: np.ndarray,
    robust: np.ndarray,
    norm: str,
    level: float,
    attacks: dict,
    seed_of: Callable[[str], int],
) -> np.ndarray:
    """Which of the examples marked in `robust`, bool [N], the attacks after PGD leave right."""

    def seed(name: str) -> int:
        return seed_of(f"attack {name} {norm} {level}")

    classifier, steps, ensemble = Classifier(scores, x), attacks["steps"], attacks["ensemble"]
    rest = withstand(auto_pgd(classifier, norm, level, steps), x, y, robust, seed("apgd"))
    targeted = auto_pgd(Classifier(scores, x, targeted_ratio), norm, level, steps)
    rest = withstand_targets(targeted, x, y, rest, ensemble["targets"], seed)
    search = square(classifier, norm, level, ensemble["square_queries"])
    return withstand(search, x, y, rest, seed("square"))


def withstand_targets(
    attack: EvasionAttack,
    x: np.ndarray,
    y: np.ndarray,
    robust: np.ndarray,
    targets: int,
    seed: Callable[[str], int],
) -> np.ndarray:
    """`withstand` of an attack on `toolbox.targeted_ratio`, once for each of the likeliest classes.

    Args:
        attack, x, y, robust: As for `withstand`.
        targets: How many wrong classes.
        seed: Gives the seed for "target 1", "target 2", ...
    """
    for number, target in enumerate(wrong_classes(attack.estimator, x, y)[:targets], 1):
        robust = withstand(attack, x, y, robust, seed(f"target {number}"), target)
    return robust


def withstand(
    attack: EvasionAttack,
    x: np.ndarray,
    y: np.ndarray,
    robust: np.ndarray,
    seed: int,
    targets: np.ndarray | None = None,
) -> np.ndarray:
    """Which of the examples marked in `robust`, bool [N], the toolbox's attack leaves right.

    Args:
        attack: Of a classifier.
        x: Inputs float32 [N, ...] in [0, 1].
        y: Labels int64 [N].
        robust: Bool [N].
        seed: Any integer.
        targets: Wrong classes int64 [N] for a classifier with the loss `toolbox.targeted_ratio`.
    """
    rest, left = np.flatnonzero(robust), np.zeros_like(robust)
    if len(rest):
        classes = attack.estimator.nb_classes
        labels = one_hot(y[rest], classes)
        if targets is not None:
            labels -= one_hot(targets[rest], classes)
        left[rest] = classify(attack.estimator, perturb(attack, x[rest], labels, seed)) == y[rest]
    return left


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
