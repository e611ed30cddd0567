"""The training of the variants of linear regression."""

import keras
import numpy as np
import tensorflow as tf

from gradloss.networks.linear import VARIANTS
from gradloss.support.errors import UserError
from gradloss.support.seeds import derive_seed


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
