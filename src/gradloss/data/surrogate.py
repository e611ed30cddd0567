"""Made-up data with a prescribed least-squares fit, for when the trilotropicos cannot be had."""

import numpy as np

SLOPE = -0.71805906
INTERCEPT = 12.689999
LENGTH_RANGE = (2.0, 7.0)
RESIDUAL_SD = 1.67
POINTS = 150


def trilotropicos(seed: int) -> np.ndarray:
    """Points whose ordinary-least-squares line is the published one.

    Lengths are uniform; densities are the line plus Gaussian residuals, projected onto the
    orthogonal complement of [1, length] and scaled, so that the fit cannot see them. Spread and
    sample size are those of the original; its points are not used.

    Args:
        seed: Of the random generator.

    Returns:
        float64 [150, 2]: longitud and densidad_escamas.
    """
    rng = np.random.default_rng(seed)
    x = rng.uniform(*LENGTH_RANGE, POINTS)
    basis, _ = np.linalg.qr(np.column_stack([np.ones(POINTS), x]))
    residuals = rng.standard_normal(POINTS)
    residuals -= basis @ (basis.T @ residuals)
    residuals *= RESIDUAL_SD / np.sqrt(residuals @ residuals / (POINTS - 2))
    return np.column_stack([x, INTERCEPT + SLOPE * x + residuals])
