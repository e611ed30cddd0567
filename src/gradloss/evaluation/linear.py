"""The variants of linear regression beside ordinary least squares."""

from pathlib import Path

import keras
import numpy as np
import pandas as pd
from keras import ops
from sklearn.linear_model import LinearRegression

from gradloss.data.pool import Pool
from gradloss.networks.linear import VARIANTS, own_mse, variant_path
from gradloss.support.results import metric_rows

PROBES = np.array([[5.0], [6.0], [7.0]], dtype="float32")
PUBLISHED_PAIRS = (
    np.array([0.9562911, 0.07832308, 0.70414816, 0.91567686, 0.23363904]),
    np.array([0.63817035, 0.97924217, 0.4115003, 0.55839522, 0.13775806]),
)


def evaluate_variants(
    settings: dict, pool: Pool, folder: Path, replicates: list[int]
) -> pd.DataFrame:
    """Weights and predictions of all variants, beside ordinary least squares.

    The least-squares fit and the three computations of one mean squared error have no
    randomness; they come as replicate 0.

    Returns:
        Tidy rows, see `results.metric_rows`, with the variant in the place of the method.
    """
    measured = {
        (variant, replicate): measure_variant(
            keras.models.load_model(variant_path(folder, variant, replicate))
        )
        for variant in VARIANTS
        for replicate in replicates
    }
    if 0 in replicates:
        measured["scikit_learn", 0] = least_squares(pool.x, pool.y)
        measured["mse", 0] = mse_three_ways()
    frames = [
        metric_rows(
            settings["dataset"],
            method,
            [(replicate, name, "none", 0.0, 0, value) for name, value in measures.items()],
        )
        for (method, replicate), measures in measured.items()
    ]
    return pd.concat(frames, ignore_index=True)


def measure_variant(model: keras.Model) -> dict[str, float]:
    """Slope, intercept and the predictions at the probes of a trained variant.

    A model with one input also gets `predict_gap`, the largest difference between calling it and
    its `predict`; one with two gets `target_gap`, the largest change of a prediction when other
    targets are passed. Both must be zero.
    """
    kernel, bias = model.get_weights()
    weights = {"slope": float(kernel[0, 0]), "intercept": float(bias[0])}
    if len(model.inputs) == 1:
        called = np.asarray(model(PROBES))
        gap = float(np.abs(called - model.predict(PROBES, verbose=0)).max())
        return weights | _probe_measures(called) | {"predict_gap": gap}
    predictions, others = (
        np.asarray(model([PROBES, np.full_like(PROBES, target)])) for target in (0.0, 1e3)
    )
    gap = float(np.abs(predictions - others).max())
    return weights | _probe_measures(predictions) | {"target_gap": gap}


def least_squares(x: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """Slope, intercept and predictions at the probes of scikit-learn's ordinary least squares."""
    fit = LinearRegression().fit(x, y)
    weights = {"slope": float(fit.coef_[0]), "intercept": float(fit.intercept_)}
    return weights | _probe_measures(fit.predict(PROBES)[:, None])


def mse_three_ways() -> dict[str, float]:
    """The mean squared error of the document's five pairs by NumPy, by Keras and by `own_mse`."""
    y_true, y_pred = PUBLISHED_PAIRS
    return {
        "numpy": float(np.mean((y_true - y_pred) ** 2)),
        "keras": float(keras.losses.mean_squared_error(y_true, y_pred)),
        "own": float(own_mse(ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred))),
    }


def _probe_measures(predictions) -> dict[str, float]:
    return {
        f"prediction_{probe:g}": float(value)
        for probe, value in zip(PROBES[:, 0], np.asarray(predictions)[:, 0], strict=True)
    }
