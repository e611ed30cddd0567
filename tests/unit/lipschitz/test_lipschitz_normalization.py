"""Normalisations against singular value decompositions and a plain float64 iteration."""

import numpy as np
import pytest
import tensorflow as tf

from gradloss.lipschitz import (
    bjorck,
    frobenius_normalize,
    power_iteration,
    spectral_orthonormalize,
)

SHAPES = [(32, 16), (16, 32), (12, 12), (16, 13), (2, 40), (40, 1)]


def kernels(*shape, seed=0, spread=0.7):
    """Kernels of spectral norm 1 whose singular values lie in [1 − spread, 1]."""
    rng = np.random.default_rng(seed)
    left, values, right = np.linalg.svd(rng.normal(size=shape), full_matrices=False)
    values = 1 - spread * rng.uniform(size=values.shape)
    values[..., 0] = 1
    return ((left * values[..., None, :]) @ right).astype(np.float32)


def reference_bjorck(kernel, beta=0.5, iterations=15, tolerance=1e-3):
    """The iteration of the definition, in float64 and on the kernel itself."""
    kernel = tf.cast(kernel, tf.float64)
    for _ in range(iterations):
        change = beta * (kernel - kernel @ tf.transpose(kernel) @ kernel)
        kernel += change
        if tf.norm(change) <= tolerance:
            break
    return kernel


def value_and_gradient(function, kernel, cotangent):
    kernel = tf.constant(kernel)
    with tf.GradientTape() as tape:
        tape.watch(kernel)
        result = function(kernel)
        energy = tf.reduce_sum(result * tf.cast(cotangent, result.dtype))
    return result.numpy(), tape.gradient(energy, kernel).numpy()


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("beta", "iterations"), [(0.5, 15), (0.5, 3), (0.5, 1), (0.4, 15)])
def test_bjorck_is_the_iteration_of_its_definition(shape, beta, iterations):
    kernel = kernels(*shape)
    cotangent = np.random.default_rng(1).normal(size=shape).astype(np.float32)
    expected = value_and_gradient(
        lambda k: reference_bjorck(k, beta, iterations), kernel, cotangent
    )
    for wrap in (lambda f: f, tf.function):
        actual = value_and_gradient(wrap(lambda k: bjorck(k, beta, iterations)), kernel, cotangent)
        np.testing.assert_allclose(actual[0], expected[0], rtol=0, atol=3e-6)
        np.testing.assert_allclose(actual[1], expected[1], rtol=0, atol=1e-5)


@pytest.mark.parametrize("shape", [(32, 16), (12, 12)])
def test_bjorck_survives_bad_conditioning(shape):
    kernel = kernels(*shape, spread=0.98)
    np.testing.assert_allclose(bjorck(kernel), reference_bjorck(kernel), rtol=0, atol=1e-5)


@pytest.mark.parametrize("shape", [(32, 16), (16, 32), (12, 12)])
def test_members_of_leading_axes_are_independent(shape):
    """Members that need 1 to 12 iterations, stacked on two axes, equal those normalised alone."""
    spreads = [0.0, 0.3, 0.6, 0.9, 0.95, 0.97]
    stack = np.stack([3 * kernels(*shape, seed=s, spread=v) for s, v in enumerate(spreads)])
    u = np.random.default_rng(2).normal(size=(6, shape[1])).astype(np.float32)
    cotangent = np.random.default_rng(3).normal(size=stack.shape).astype(np.float32)

    def grouped(values):
        return values.reshape(2, 3, *values.shape[1:])

    def normalize(start):
        return lambda kernel: spectral_orthonormalize(kernel, start)[0]

    together = value_and_gradient(normalize(grouped(u)), grouped(stack), grouped(cotangent))
    states = spectral_orthonormalize(grouped(stack), grouped(u))[1].numpy().reshape(6, -1)
    for i in range(6):
        alone = value_and_gradient(normalize(u[i]), stack[i], cotangent[i])
        np.testing.assert_allclose(together[0].reshape(stack.shape)[i], alone[0], atol=2e-6)
        np.testing.assert_allclose(together[1].reshape(stack.shape)[i], alone[1], atol=1e-5)
        np.testing.assert_allclose(states[i], spectral_orthonormalize(stack[i], u[i])[1], atol=2e-6)


def test_power_iteration_finds_the_largest_singular_value_and_its_gradient():
    kernel = np.random.default_rng(4).normal(size=(3, 8, 5)).astype(np.float32)
    u = np.ones((3, 5), np.float32)
    left, values, right = np.linalg.svd(kernel)
    kernel = tf.constant(kernel)
    with tf.GradientTape() as tape:
        tape.watch(kernel)
        sigma, u = power_iteration(kernel, u, iterations=500, tolerance=1e-6)
        total = tf.reduce_sum(sigma)
    np.testing.assert_allclose(sigma, values[:, 0], rtol=1e-5)
    np.testing.assert_allclose(np.abs(u), np.abs(right[:, 0]), atol=1e-4)
    outer = left[:, :, :1] * right[:, :1]
    np.testing.assert_allclose(tape.gradient(total, kernel), outer, atol=1e-4)


def test_power_iteration_stops_at_the_number_of_iterations():
    kernel = np.diag([1.0, 0.9]).astype(np.float32)
    _, u = power_iteration(kernel, np.ones(2, np.float32), iterations=2)
    np.testing.assert_allclose(u[1] / u[0], 0.9**4, rtol=1e-5)


def test_power_iteration_stops_each_member_on_its_own():
    kernel = np.array([np.diag([1.0, 0.5]), np.diag([1.0, 0.95])], np.float32)
    _, together = power_iteration(kernel, np.ones((2, 2), np.float32))
    _, alone = power_iteration(kernel[0], np.ones(2, np.float32))
    np.testing.assert_allclose(together[0], alone, atol=1e-6)
    assert together[0, 1] > 1e-4  # ten iterations would leave 1e-6


@pytest.mark.parametrize("shape", SHAPES)
def test_spectral_orthonormalize_makes_singular_values_one(shape):
    kernel = 5 * kernels(4, *shape)
    u = np.random.default_rng(5).normal(size=(4, shape[1])).astype(np.float32)
    result, u = spectral_orthonormalize(kernel, u)
    np.testing.assert_allclose(np.linalg.svd(result, compute_uv=False), 1, atol=1e-3)
    np.testing.assert_allclose(np.linalg.norm(u, axis=-1), 1, rtol=1e-5)


def test_frobenius_normalize():
    kernel = np.random.default_rng(6).normal(size=(3, 7, 4)).astype(np.float32)
    columns = np.linalg.norm(frobenius_normalize(kernel), axis=-2)
    np.testing.assert_allclose(columns, np.ones((3, 4)), rtol=1e-6)
    whole = frobenius_normalize(kernel, disjoint_neurons=False)
    np.testing.assert_allclose(np.linalg.norm(whole, axis=(-2, -1)), np.ones(3), rtol=1e-6)


@pytest.mark.parametrize("beta", [0.0, 0.6, -1.0])
def test_bjorck_refuses_a_beta_that_diverges(beta):
    with pytest.raises(ValueError, match=rf"beta is {beta}; choose it above 0 and at most 0.5"):
        bjorck(kernels(4, 4), beta=beta)


def test_bjorck_refuses_no_iterations():
    with pytest.raises(ValueError, match="iterations is 0; choose at least 1"):
        bjorck(kernels(4, 4), iterations=0)
