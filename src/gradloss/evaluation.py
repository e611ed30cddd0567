"""Measures of trained models, clean and under noise, as rows of the results."""

from collections.abc import Iterator
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
    model_path,
    split_of,
)
from gradloss.losses import build_loss
from gradloss.models import encode_targets
from gradloss.perturbations import gaussian_directions
from gradloss.prediction import Predictor
from gradloss.results import metric_rows

Row = tuple[int, str, str, float, int, float]


def evaluate_run(
    settings: dict, noise: dict, pool: Pool, folder: Path, replicates: list[int]
) -> pd.DataFrame:
    """Evaluate the trained models of one job on their test parts.

    Args:
        settings: Of the run, as for training.
        noise: `sigmas` in units of the prepared inputs, and the number of `draws`.
        pool: Prepared data of the dataset.
        folder: Where the training job saved its models and its history.
        replicates: Numbers of the replicates.

    Returns:
        Tidy rows, see `results.metric_rows`.
    """
    history = pd.read_csv(folder / "history.csv")
    predictor: Predictor | None = None
    rows: list[Row] = []
    for replicate in replicates:
        model = keras.models.load_model(model_path(folder, replicate), compile=False)
        predictor = predictor or Predictor(model)
        train, test = split_of(settings, pool, replicate)
        clean = evaluate_outputs(predictor(model, pool.x[test]), pool.y[test], head_of(settings))
        rows += [_clean(replicate, name, value) for name, value in clean.items()]
        rows += _noise_rows(replicate, settings, noise, predictor, model, pool, test)
        rows += _history_rows(replicate, history[history["replicate"] == replicate])
        if settings["rule"] == "hkr":
            constrained = keras.models.load_model(constrained_path(folder, replicate))
            rows += _hkr_rows(replicate, settings, predictor, model, constrained, pool, train, test)
        else:
            operations = operations_per_example(
                model, build_loss(settings), model.output_shape[-1], settings["batch_size"]
            )
            rows.append(_clean(replicate, "operations_per_example", operations))
    return metric_rows(settings["dataset"], settings["method"], rows)


def _clean(replicate: int, measure: str, value: float) -> Row:
    return replicate, measure, "none", 0.0, 0, value


def _noise_rows(
    replicate: int,
    settings: dict,
    noise: dict,
    predictor: Predictor,
    model: keras.Model,
    pool: Pool,
    test: np.ndarray,
) -> Iterator[Row]:
    x, y = pool.x[test], pool.y[test]
    for draw in range(noise["draws"]):
        directions = gaussian_directions(
            x.shape, settings["seed"], settings["dataset"], replicate, draw
        )
        for sigma in noise["sigmas"]:
            outputs = predictor(model, x + np.float32(sigma) * directions)
            for name, value in evaluate_outputs(outputs, y, head_of(settings)).items():
                yield replicate, name, "gaussian", sigma, draw, value


def _history_rows(replicate: int, history: pd.DataFrame) -> Iterator[Row]:
    losses = history[history["measure"] == "last_batch_loss"].sort_values("epoch")["value"]
    yield _clean(replicate, "final_batch_loss", losses.iloc[-1])
    if len(losses) > 1:
        yield _clean(replicate, "penultimate_batch_loss", losses.iloc[-2])


def _hkr_rows(
    replicate: int,
    settings: dict,
    predictor: Predictor,
    model: keras.Model,
    constrained: keras.Model,
    pool: Pool,
    train: np.ndarray,
    test: np.ndarray,
) -> Iterator[Row]:
    """Terms of the HKR loss on both parts, and the largest change of an output by the export."""
    for part, suffix in ((test, ""), (train, "_train")):
        outputs = predictor(model, pool.x[part])
        signs = encode_targets(pool.y[part], "sign", settings["classes"])
        accuracy = evaluate_outputs(outputs, pool.y[part], "sign")["accuracy"]
        hinge = lipschitz.hinge_margin(signs, outputs, settings["margin"])
        yield _clean(replicate, f"kr{suffix}", float(np.mean(lipschitz.kr(signs, outputs))))
        yield _clean(replicate, f"hinge{suffix}", float(np.mean(hinge)))
        if suffix:
            yield _clean(replicate, f"accuracy{suffix}", accuracy)
    x = pool.x[test]
    gap = np.abs(predictor(model, x) - Predictor(constrained)(constrained, x)).max()
    yield _clean(replicate, "export_gap", float(gap))
