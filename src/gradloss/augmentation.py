"""Changes of the training inputs, drawn anew in every step."""

import tensorflow as tf


def add_gaussian_noise(
    inputs: tf.Tensor, step: tf.Tensor, sigma: float, seeds: list[int]
) -> tf.Tensor:
    """Inputs [R, batch, ...] with fresh noise of standard deviation sigma in every step.

    Args:
        inputs: Of one step.
        step: Its number, an integer scalar.
        sigma: Of the noise.
        seeds: One for each replicate, so that its noise does not depend on the others.
    """
    step = tf.cast(step, tf.int64)
    noise = [
        tf.random.stateless_normal(tf.shape(inputs)[1:], seed=tf.stack([seed, step]))
        for seed in seeds
    ]
    return inputs + sigma * tf.stack(noise)
