"""Intervals over replicates and test images together."""

import numpy as np
from scipy import stats

from gradloss.analysis.statistics import CONFIDENCE, Interval


def crossed_interval(values: np.ndarray) -> Interval:
    """Mean of values [R, I] with a 95 % interval over replicates and images.

    Replicate r and image i contribute independent random effects to a value, and so do the two
    together. The variance of the mean then is a part of the replicates, which is the variance of
    their means by R, and a part of the images, which is that of the images' means by I without
    what the R replicates have left in it (two-way analysis of variance). Each part is multiplied
    by the square of its own quantile of Student's t, and the sum is the square of the half width
    (Howe, 1974), which is thus never below that over replicates alone.

    Args:
        values: Such as paired differences of correctness, in {-1, 0, 1}; every replicate has seen
            the same images.

    Returns:
        The interval, NaN for a single replicate or image.
    """
    values = np.asarray(values, dtype=float)
    replicates, images = values.shape
    mean = float(values.mean())
    if min(replicates, images) < 2:
        return Interval(mean, np.nan, np.nan, replicates)
    of_replicates, of_images = values.mean(axis=1), values.mean(axis=0)
    residuals = values - of_replicates[:, None] - of_images + mean
    left_over = np.sum(residuals**2) / ((replicates - 1) * (images - 1)) / replicates
    parts = (
        (replicates, of_replicates.var(ddof=1)),
        (images, max(of_images.var(ddof=1) - left_over, 0)),
    )
    squares = [
        stats.t.ppf((1 + CONFIDENCE) / 2, count - 1) ** 2 * variance / count
        for count, variance in parts
    ]
    half = float(np.sqrt(sum(squares)))
    return Interval(mean, mean - half, mean + half, replicates)
