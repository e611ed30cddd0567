"""Measures of the trained models of a job, clean and perturbed, as rows of the results."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import keras
import numpy as np
import pandas as pd

from gradloss import lipschitz
from gradloss.cost import operations_per_example
from gradloss.data.pool import Pool
from gradloss.experiments import (
    constrained_path,
    evaluate_outputs,
    head_of,
    inputs_of,
    model_path,
    seed_for,
    split_of,
)
from gradloss.losses import build_loss
from gradloss.measures import (
    JacobianNorms,
    certified_radii,
    lipschitz_bound,
    margins,
    wasserstein_distance,
)
from gradloss.models import encode_targets
from gradloss.perturbations import perturbed_inputs
from gradloss.prediction import Predictor
from gradloss.results import metric_rows

JACOBIAN_EXAMPLES = 1000

Row = tuple[str, str, float, int, float]  # measure, perturbation, level, draw, value


@dataclass(frozen=True)
class _Part:
    """Examples of a replicate's training or test part, and what its model gives for them."""

    x: np.ndarray
    y: np.ndarray
    outputs: np.ndarray


def evaluate_run(
    settings: dict,
    noise: dict,
    certified: list[float],
    pool: Pool,
    folder: Path,
    replicates: list[int],
) -> pd.DataFrame:
    """Evaluate the trained models of one job on their test parts.

    Args:
        settings: Of the run, as for training.
        noise: Levels of each perturbation, and the number of `draws`, as for
            `perturbations.perturbed_inputs`.
        certified: Euclidean radii at which 1-Lipschitz models are given a certified accuracy.
        pool: Prepared data of the dataset.
        folder: Where the training job saved its models and its history.
        replicates: Numbers of the replicates.

    Returns:
        Tidy rows, see `results.metric_rows`.
    """
    histories = pd.read_csv(folder / "history.csv").groupby("replicate")
    models = [_load(model_path(folder, replicate)) for replicate in replicates]
    predictor, jacobian_norms = Predictor(models[0]), JacobianNorms(models[0])
    rows: list[tuple[int, *Row]] = []
    for replicate, model in zip(replicates, models, strict=True):
        train, test = split_of(settings, pool, replicate)
        x = inputs_of(settings, pool, train)
        predict = partial(predictor, model)
        tested = _Part(x[test], pool.y[test], predict(x[test]))
        found = [
            *_error_rows(tested, settings),
            *_noise_rows(tested, settings, noise, replicate, predict),
            *_sensitivity_rows(tested, settings, replicate, partial(jacobian_norms, model)),
            *_history_rows(histories.get_group(replicate)),
        ]
        if settings["rule"] == "hkr":
            trained = _Part(x[train], pool.y[train], predict(x[train]))
            constrained = _load(constrained_path(folder, replicate))
            found += _separation_rows(tested, trained, settings)
            found += _certificate_rows(tested, settings, certified, model)
            found += _layer_rows(model)
            found.append(_export_gap(tested, constrained))
        else:
            found.append(_operations(model, settings))
        rows += [(replicate, *row) for row in found]
    return metric_rows(settings["dataset"], settings["method"], rows)


def _load(path: Path) -> keras.Model:
    return keras.models.load_model(path, compile=False)


def _clean(measure: str, value: float) -> Row:
    return measure, "none", 0.0, 0, float(value)


def _error_rows(tested: _Part, settings: dict) -> Iterator[Row]:
    for name, value in evaluate_outputs(tested.outputs, tested.y, head_of(settings)).items():
        yield _clean(name, value)


def _noise_rows(
    tested: _Part,
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
    tested: _Part,
    settings: dict,
    replicate: int,
    jacobian_norms: Callable[[np.ndarray], np.ndarray],
) -> Iterator[Row]:
    """The mean Jacobian norm of some test examples, and of a classifier the mean margin of all."""
    generator = np.random.default_rng(seed_for(settings, replicate, "examples of the Jacobian"))
    count = min(JACOBIAN_EXAMPLES, len(tested.x))
    chosen = generator.choice(len(tested.x), count, replace=False)
    yield _clean("jacobian_norm", jacobian_norms(tested.x[chosen]).mean())
    if head_of(settings) != "value":
        yield _clean("margin", margins(tested.outputs, tested.y, head_of(settings)).mean())


def _history_rows(history: pd.DataFrame) -> Iterator[Row]:
    """Losses of the last epochs, and all curves at the monitored epochs, counted from 1."""
    final = history["epoch"].max()
    for row in history[history["epoch"] >= final - 1].itertuples():
        if row.measure in ("last_batch_loss", "mean_loss"):
            when = "final" if row.epoch == final else "penultimate"
            yield _clean(f"{when}_{row.measure.removeprefix('last_')}", row.value)
    monitored = history.loc[history["measure"].str.startswith("test_"), "epoch"].unique()
    for row in history[history["epoch"].isin(monitored)].itertuples():
        yield row.measure, "epoch", float(row.epoch), 0, row.value


def _operations(model: keras.Model, settings: dict) -> Row:
    loss, outputs = build_loss(settings), model.output_shape[-1]
    return _clean(
        "operations_per_example",
        operations_per_example(model, loss, outputs, settings["batch_size"]),
    )


def _separation_rows(tested: _Part, trained: _Part, settings: dict) -> Iterator[Row]:
    """Terms of the HKR loss on both parts, and the distance that the first one estimates."""
    head = head_of(settings)
    hinge_of = lipschitz.hinge_margin if head == "sign" else lipschitz.multiclass_hinge
    for part, suffix in ((tested, ""), (trained, "_train")):
        targets = encode_targets(part.y, head, settings["classes"])
        hinge = hinge_of(targets, part.outputs, settings["margin"])
        yield _clean(f"kr{suffix}", np.mean(lipschitz.kr(targets, part.outputs)))
        yield _clean(f"hinge{suffix}", np.mean(hinge))
    for name, value in evaluate_outputs(trained.outputs, trained.y, head).items():
        yield _clean(f"{name}_train", value)
    if head == "sign":
        classes = (tested.x[tested.y == label] for label in (0, 1))
        yield _clean("wasserstein", wasserstein_distance(*classes))


def _certificate_rows(
    tested: _Part, settings: dict, certified: list[float], model: keras.Model
) -> Iterator[Row]:
    bound = lipschitz_bound(model)
    radii = certified_radii(tested.outputs, tested.y, head_of(settings), bound)
    yield _clean("lipschitz_bound", bound)
    yield _clean("certificate", radii.mean())
    for radius in certified:
        yield "accuracy", "certified_l2", radius, 0, float(np.mean(radii > radius))


def _layer_rows(model: keras.Model) -> Iterator[Row]:
    """Sizes, and extreme singular values of every kernel, numbered from the inputs on."""
    yield _clean("parameters", model.count_params())
    sizes = [layer.count_params() for layer in model.layers if layer.weights]
    for number, size in enumerate(sizes, 1):
        yield _clean(f"parameters_{number}", size)
    for number, (largest, smallest) in enumerate(lipschitz.singular_values(model).values(), 1):
        yield _clean(f"largest_singular_value_{number}", largest)
        yield _clean(f"smallest_singular_value_{number}", smallest)


def _export_gap(tested: _Part, constrained: keras.Model) -> Row:
    """The largest change of an output by the export."""
    outputs = Predictor(constrained)(constrained, tested.x)
    return _clean("export_gap", np.abs(tested.outputs - outputs).max())
