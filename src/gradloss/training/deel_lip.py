"""Document 004's training by the library that it used, deel-lip.

deel-lip needs Keras 2: the environment must hold TF_USE_LEGACY_KERAS=1, and nothing in the process
may import Keras 3.
"""

import numpy as np
import tensorflow as tf
import tf_keras
from deel.lip.activations import FullSort
from deel.lip.layers import FrobeniusDense, SpectralDense
from deel.lip.losses import HKR, KR, HingeMargin
from deel.lip.model import Model

# What `fit` calls the running means of document 004, by our names.
MEASURES = {
    "mean_loss": "loss",
    "mean_kr": "KR",
    "mean_hinge": "HingeMargin",
    "mean_accuracy": "sign_accuracy",
}


def sign_accuracy(y_true: tf.Tensor, y_pred: tf.Tensor) -> tf.Tensor:
    """Share of outputs whose sign is the class."""
    agree = tf.equal(y_true[:, 0] >= 0, y_pred[:, 0] >= 0)
    return tf.reduce_mean(tf.cast(agree, tf.float32))


def build_model(settings: dict, seed: int) -> tf_keras.Model:
    """The 1-Lipschitz network of two inputs, compiled.

    Args:
        settings: Of a run of HKR; deel-lip's margin is twice theirs.
        seed: Of the initial weights.
    """
    tf_keras.utils.set_random_seed(seed)
    inputs = outputs = tf_keras.Input((2,))
    for units in settings["network"]["hidden"]:
        outputs = SpectralDense(units, activation=FullSort())(outputs)
    model = Model(inputs=inputs, outputs=FrobeniusDense(1, activation=None)(outputs))
    margin = 2 * settings["margin"]
    model.compile(
        loss=HKR(alpha=settings["alpha"], min_margin=margin),
        metrics=[KR(), HingeMargin(min_margin=margin), sign_accuracy],
        optimizer=tf_keras.optimizers.Adam(settings["learning_rate"]),
    )
    return model


def fit_epoch(settings: dict, x: np.ndarray, y: np.ndarray, seed: int) -> dict[str, float]:
    """Train a new network for one epoch; the means over its batches, by measure.

    Args:
        settings: Of a run of HKR.
        x: Inputs [N, 2] in the order of training.
        y: Signs [N, 1].
        seed: Of the initial weights.
    """
    model = build_model(settings, seed)
    fitted = model.fit(x, y, batch_size=settings["batch_size"], shuffle=False, verbose=0)
    return {measure: fitted.history[name][0] for measure, name in MEASURES.items()}
