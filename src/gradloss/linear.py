"""Linear regression in every way that Keras offers, beside ordinary least squares.

Each variant is one way to build the model and one way to state the mean squared error. All of
them are the same mathematics, so with the same initial weights and order they must agree.
"""

from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import tensorflow as tf
from keras import layers, ops
from sklearn.linear_model import LinearRegression

from gradloss.data.pool import Pool
from gradloss.errors import UserError
from gradloss.results import metric_rows
from gradloss.seeds import derive_seed

PROBES = np.array([[5.0], [6.0], [7.0]], dtype="float32")
PUBLISHED_PAIRS = (
    np.array([0.9562911, 0.07832308, 0.70414816, 0.91567686, 0.23363904]),
    np.array([0.63817035, 0.97924217, 0.4115003, 0.55839522, 0.13775806]),
)


def own_mse(y_true, y_pred):
    """Mean squared error over the last axis, written with Keras operations."""
    return ops.mean(ops.square(y_true - y_pred), axis=-1)


@keras.saving.register_keras_serializable(package="gradloss")
class SquaredErrorInside(layers.Layer):
    """Passes outputs [batch, 1] through and adds their mean squared error to the model's loss."""

    def call(self, outputs, targets):
        """Outputs, unchanged; the targets [batch, 1] only enter the loss."""
        self.add_loss(ops.mean(ops.square(outputs - targets)))
        return outputs


def sequential() -> keras.Model:
    """One linear unit, by the Sequential API."""
    return keras.Sequential([keras.Input((1,)), layers.Dense(1, activation="linear")])


def functional() -> keras.Model:
    """One linear unit, by the Functional API."""
    inputs = keras.Input((1,), name="input")
    return keras.Model(inputs, layers.Dense(1, activation="linear", name="output")(inputs))


def loss_inside() -> keras.Model:
    """One linear unit with two inputs, the second of which only enters the loss."""
    inputs, targets = keras.Input((1,), name="inputs"), keras.Input((1,), name="targets")
    outputs = layers.Dense(1, activation="linear", name="outputs")(inputs)
    return keras.Model([inputs, targets], SquaredErrorInside()(outputs, targets))


VARIANTS: dict[str, tuple[Callable[[], keras.Model], str | Callable | None]] = {
    "sequential_mse": (sequential, "mse"),
    "sequential_builtin": (sequential, keras.losses.mean_squared_error),
    "sequential_own": (sequential, own_mse),
    "functional_mse": (functional, "mse"),
    "functional_builtin": (functional, keras.losses.mean_squared_error),
    "functional_own": (functional, own_mse),
    "loss_inside": (loss_inside, None),
}


def train_variant(
    variant: str, x: np.ndarray, y: np.ndarray, settings: dict, replicate: int
) -> keras.Model:
    """Train one variant with `compile` and `fit`, as the tutorial does.

    Initial weights and the shuffles come from the replicate's seed alone, so every variant
    starts and proceeds alike.

    Args:
        variant: A key of `VARIANTS`.
        x: Inputs [N, 1] float32.
        y: Targets [N] float32.
        settings: `epochs`, `batch_size`, `learning_rate` (of SGD), and `seed`, `dataset`.
        replicate: Number of the replicate.

    Returns:
        The model, not compiled.

    Raises:
        UserError: If the training diverges.
    """
    build, loss = VARIANTS[variant]
    seed = derive_seed(settings["seed"], settings["dataset"], replicate, "linear regression")
    keras.utils.set_random_seed(seed)
    model = build()
    model.compile(
        optimizer=keras.optimizers.SGD(learning_rate=settings["learning_rate"]),
        loss=loss,
        steps_per_execution=100,
    )
    inputs, targets = ((x, y[:, None]), None) if loss is None else (x, y)
    # All epochs in one data set: an iterator per epoch would take most of the time.
    epochs = (
        tf.data.Dataset.from_tensor_slices((inputs, targets) if loss else (inputs,))
        .shuffle(len(x), seed=seed, reshuffle_each_iteration=True)
        .batch(settings["batch_size"])
        .repeat(settings["epochs"])
    )
    history = model.fit(epochs, shuffle=False, verbose=0)
    if not np.isfinite(history.history["loss"]).all():
        raise UserError(
            f"training diverged: {variant}, replicate {replicate} reached a loss that is not a "
            "finite number; lower learning_rate, or look for faulty values in the data"
        )
    single = len(model.inputs) == 1
    return keras.Model(model.inputs[0] if single else model.inputs, model.outputs[0])


def variant_path(folder: Path, variant: str, replicate: int) -> Path:
    """File of a variant's model in the folder of its job."""
    return folder / f"{variant}_{replicate:03d}.keras"


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
