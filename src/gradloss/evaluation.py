"""Measures of the trained models of a job, clean and perturbed, as rows of the results."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import keras
import numpy as np
import pandas as pd

from gradloss.data.pool import Pool
from gradloss.experiments import (
    evaluate_outputs,
    head_of,
    inputs_of,
    model_path,
    seed_for,
    split_of,
)
from gradloss.measures import JacobianNorms, margins
from gradloss.perturbations import perturbed_inputs
from gradloss.prediction import Predictor
from gradloss.results import metric_rows

JACOBIAN_EXAMPLES = 1000

Row = tuple[str, str, float, int, float]  # measure, perturbation, level, draw, value


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
    pool: Pool,
    folder: Path,
    replicates: list[int],
    own_rows: OwnRows,
) -> pd.DataFrame:
    """Evaluate the trained models of one job on their test parts.

    Args:
        settings: Of the run, as for training.
        noise: Levels of each perturbation, and the number of `draws`, as for
            `perturbations.perturbed_inputs`.
        pool: Prepared data of the dataset.
        folder: Where the training job saved its models and its history.
        replicates: Numbers of the replicates.
        own_rows: What is measured of this kind of method only.

    Returns:
        Tidy rows, see `results.metric_rows`.
    """
    histories = pd.read_csv(folder / "history.csv").groupby("replicate")
    models = [load_model(model_path(folder, replicate)) for replicate in replicates]
    predictor, jacobian_norms = Predictor(models[0]), JacobianNorms(models[0])
    rows: list[tuple[int, *Row]] = []
    for replicate, model in zip(replicates, models, strict=True):
        train, test = split_of(settings, pool, replicate)
        x = inputs_of(settings, pool, train)
        predict = partial(predictor, model)
        tested = Part(x[test], pool.y[test], predict(x[test]))
        trained = partial(_part, x[train], pool.y[train], predict)
        evaluated = Evaluated(settings, folder, replicate, model, tested, trained)
        found = [
            *_error_rows(tested, settings),
            *_noise_rows(tested, settings, noise, replicate, predict),
            *_sensitivity_rows(tested, settings, replicate, partial(jacobian_norms, model)),
            *_history_rows(histories.get_group(replicate)),
            *own_rows(evaluated),
        ]
        rows += [(replicate, *row) for row in found]
    return metric_rows(settings["dataset"], settings["method"], rows)


def _part(x: np.ndarray, y: np.ndarray, predict: Callable[[np.ndarray], np.ndarray]) -> Part:
    return Part(x, y, predict(x))


def load_model(path: Path) -> keras.Model:
    """A saved model, for inference."""
    return keras.models.load_model(path, compile=False)


def clean(measure: str, value: float) -> Row:
    """Row of a measure without perturbation."""
    return measure, "none", 0.0, 0, float(value)


def _error_rows(tested: Part, settings: dict) -> Iterator[Row]:
    for name, value in evaluate_outputs(tested.outputs, tested.y, head_of(settings)).items():
        yield clean(name, value)


def _noise_rows(
    tested: Part,
    settings: dict,
    noise: dict,
    replicate: int,
    predict: Callable[[np.ndarray], np.ndarray],
) -> Iterator[Row]:
    source = settings.get("source", settings["dataset"])
    perturbed = perturbed_inputs(tested.x, noise, settings["seed"], source, replicate)
    for perturbation, level, draw, x in perturbed:
        measured = evaluate_outputs(predict(x), tested.y, head_of(settings))
        for name, value in measured.items():
            yield name, perturbation, level, draw, value


def _sensitivity_rows(
    tested: Part,
    settings: dict,
    replicate: int,
    jacobian_norms: Callable[[np.ndarray], np.ndarray],
) -> Iterator[Row]:
    """The mean Jacobian norm of some test examples, and of a classifier the mean margin of all."""
    generator = np.random.default_rng(seed_for(settings, replicate, "examples of the Jacobian"))
    count = min(JACOBIAN_EXAMPLES, len(tested.x))
    chosen = generator.choice(len(tested.x), count, replace=False)
    yield clean("jacobian_norm", jacobian_norms(tested.x[chosen]).mean())
    if head_of(settings) != "value":
        yield clean("margin", margins(tested.outputs, tested.y, head_of(settings)).mean())


def _history_rows(history: pd.DataFrame) -> Iterator[Row]:
    """Losses of the last epochs, and all curves at the monitored epochs, counted from 1."""
    final = history["epoch"].max()
    for row in history[history["epoch"] >= final - 1].itertuples():
        if row.measure in ("last_batch_loss", "mean_loss"):
            when = "final" if row.epoch == final else "penultimate"
            yield clean(f"{when}_{row.measure.removeprefix('last_')}", row.value)
    monitored = history.loc[history["measure"].str.startswith("test_"), "epoch"].unique()
    for row in history[history["epoch"].isin(monitored)].itertuples():
        yield row.measure, "epoch", float(row.epoch), 0, row.value
