"""Measures of the trained models of a job, clean and perturbed, as rows of the results."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import keras
import numpy as np
import pandas as pd

from gradloss.configuration.heads import head_of
from gradloss.data.pool import Pool
from gradloss.evaluation.measures import JacobianNorms, margins
from gradloss.evaluation.perturbations import perturbed_inputs
from gradloss.networks.architectures import decode_classes
from gradloss.networks.prediction import Predictor
from gradloss.networks.replicate import (
    evaluate_outputs,
    inputs_of,
    model_path,
    seed_for,
    split_of,
)
from gradloss.networks.saving import load_model
from gradloss.support.results import metric_rows

JACOBIAN_EXAMPLES = 1000
CORRUPTION = "corruption_"  # before the kind, in the name of a perturbation
NEARLY_ONE = 0.99  # a norm of the gradient that counts as one

Row = tuple[str, str, float, int, float]  # measure, perturbation, level, draw, value
Seen = tuple[str, float, int, np.ndarray]  # perturbation, level, draw, outputs


@dataclass(frozen=True)
class Part:
    """Examples of a replicate's training or test part, and what its model gives for them."""

    x: np.ndarray
    y: np.ndarray
    outputs: np.ndarray


@dataclass(frozen=True)
class Evaluated:
    """A trained model, and what the rows of its own kind of method are made from.

    Attributes:
        settings: Of the run.
        folder: Where the training job saved its models.
        replicate: Number of the replicate.
        model: The model, plain or exported.
        tested: Its test part.
        trained: Gives its training part.
    """

    settings: dict
    folder: Path
    replicate: int
    model: keras.Model
    tested: Part
    trained: Callable[[], Part]


OwnRows = Callable[[Evaluated], Iterator[Row]]


def evaluate_run(
    settings: dict,
    noise: dict,
    corrupted: Mapping[str, np.ndarray],
    pool: Pool,
    folder: Path,
    history: pd.DataFrame,
    curves: bool,
    replicates: list[int],
    own_rows: OwnRows,
) -> tuple[pd.DataFrame, dict[str, np.ndarray]]:
    """Evaluate the trained models of one job on their test parts.

    Args:
        settings: Of the run, as for training.
        noise: Levels of each perturbation, and the number of `draws`, as for
            `perturbations.perturbed_inputs`.
        corrupted: The test part by the kind of its corruption, as
            `corruptions.corrupt_test_part` gives it.
        pool: Prepared data of the dataset.
        folder: Where the training job saved its models.
        history: Its curves: replicate, epoch, measure, value.
        curves: Whether their points at the monitored epochs are wanted, not the last ones alone.
        replicates: Numbers of the replicates.
        own_rows: What is measured of this kind of method only.

    Returns:
        Tidy rows, see `results.metric_rows`; and, of a classification, which test examples are
        right as `correctness.write_correct` takes it, for clean inputs ("none") and the first
        draw of Gaussian noise ("gaussian@0.1").
    """
    histories = history.groupby("replicate")
    models = [load_model(model_path(folder, replicate)) for replicate in replicates]
    predictor, jacobian_norms = Predictor(models[0]), JacobianNorms(models[0])
    rows: list[tuple[int, *Row]] = []
    correct: list[dict[str, np.ndarray]] = []
    head = head_of(settings)
    for replicate, model in zip(replicates, models, strict=True):
        train, test = split_of(settings, pool, replicate)
        x = inputs_of(settings, pool, train)
        predict = partial(predictor, model)
        tested = Part(x[test], pool.y[test], predict(x[test]))
        trained = partial(_part, x[train], pool.y[train], predict)
        evaluated = Evaluated(settings, folder, replicate, model, tested, trained)
        seen = [
            ("none", 0.0, 0, tested.outputs),
            *outputs_under_noise(tested, settings, noise, replicate, predict),
            *_outputs_of_corrupted(corrupted, predict),
        ]
        correct.append(_correct(seen, tested.y, head))
        found = [
            *error_rows(seen, tested.y, head),
            *_sensitivity_rows(tested, settings, replicate, partial(jacobian_norms, model)),
            *_last_rows(histories.get_group(replicate)),
            *(_curve_rows(histories.get_group(replicate)) if curves else ()),
            *own_rows(evaluated),
        ]
        rows += [(replicate, *row) for row in found]
    table = metric_rows(settings["dataset"], settings["method"], rows)
    return table, {name: np.stack([one[name] for one in correct]) for name in correct[0]}


def _part(x: np.ndarray, y: np.ndarray, predict: Callable[[np.ndarray], np.ndarray]) -> Part:
    return Part(x, y, predict(x))


def clean(measure: str, value: float) -> Row:
    """Row of a measure without perturbation."""
    return measure, "none", 0.0, 0, float(value)


def outputs_under_noise(
    tested: Part,
    settings: dict,
    noise: dict,
    replicate: int,
    predict: Callable[[np.ndarray], np.ndarray],
) -> Iterator[Seen]:
    """Outputs for a part under every perturbation, level and draw of a noise block."""
    source = settings.get("source", settings["dataset"])
    perturbed = perturbed_inputs(tested.x, noise, settings["seed"], source, replicate)
    for perturbation, level, draw, x in perturbed:
        yield perturbation, level, draw, predict(x)


def _outputs_of_corrupted(
    corrupted: Mapping[str, np.ndarray], predict: Callable[[np.ndarray], np.ndarray]
) -> Iterator[Seen]:
    for kind, images in corrupted.items():
        yield f"{CORRUPTION}{kind}", 1.0, 0, predict(images.astype(np.float32) / 255)


def error_rows(seen: list[Seen], y: np.ndarray, head: str) -> Iterator[Row]:
    """Errors of all outputs, and their mean over the kinds of corruption."""
    corrupted = []
    for perturbation, level, draw, outputs in seen:
        for name, value in evaluate_outputs(outputs, y, head).items():
            yield name, perturbation, level, draw, value
            if perturbation.startswith(CORRUPTION):
                corrupted.append(value)
    if corrupted:
        yield "accuracy", f"{CORRUPTION}mean", 1.0, 0, float(np.mean(corrupted))


def _correct(seen: list[Seen], y: np.ndarray, head: str) -> dict[str, np.ndarray]:
    """Which examples are right, bool [N] by condition; none of a regression."""
    if head == "value":
        return {}
    return {
        perturbation + (f"@{level:g}" if level else ""): decode_classes(outputs, head) == y
        for perturbation, level, draw, outputs in seen
        if perturbation in ("none", "gaussian") and draw == 0
    }


def _sensitivity_rows(
    tested: Part,
    settings: dict,
    replicate: int,
    jacobian_norms: Callable[[np.ndarray], np.ndarray],
) -> Iterator[Row]:
    """The mean Jacobian norm of some test examples, and of a classifier the mean margin of all.

    Of one 1-Lipschitz output the Jacobian is the gradient, of which document 004 says that its norm
    is 1 almost everywhere: there also the share of these examples where it nearly is.
    """
    head = head_of(settings)
    generator = np.random.default_rng(seed_for(settings, replicate, "examples of the Jacobian"))
    count = min(JACOBIAN_EXAMPLES, len(tested.x))
    chosen = generator.choice(len(tested.x), count, replace=False)
    norms = jacobian_norms(tested.x[chosen])
    yield clean("jacobian_norm", norms.mean())
    if head == "sign":
        yield clean("gradient_one_share", np.mean(norms > NEARLY_ONE))
    if head != "value":
        yield clean("margin", margins(tested.outputs, tested.y, head).mean())


def _last_rows(history: pd.DataFrame) -> Iterator[Row]:
    """Losses of the last two epochs."""
    final = history["epoch"].max()
    for row in history[history["epoch"] >= final - 1].itertuples():
        if not row.measure.startswith("test_"):
            when = "final" if row.epoch == final else "penultimate"
            yield clean(f"{when}_{row.measure.removeprefix('last_')}", row.value)


def _curve_rows(history: pd.DataFrame) -> Iterator[Row]:
    """Training curves at the epochs where the test error was monitored, counted from 1."""
    monitored = history.loc[history["measure"].str.startswith("test_"), "epoch"].unique()
    for row in history[history["epoch"].isin(monitored)].itertuples():
        yield row.measure, "epoch", float(row.epoch), 0, row.value
