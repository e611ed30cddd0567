"""Scaling of tabular features, on all rows or on those of a training part."""

import numpy as np
import pandas as pd

SKEW_LIMIT = 0.3


def scale_features(x: np.ndarray, fitted_on: np.ndarray) -> np.ndarray:
    """MinMax scaling, then log1p of the features with |skew| > `SKEW_LIMIT`.

    Args:
        x: Features [N, m].
        fitted_on: Rows [k, m] that give the ranges and the skewness.

    Returns:
        Features of x's dtype; outside of [0, 1], or of [0, log 2], where rows exceed the ranges.
    """
    # A second of every training, needed by those that scale only.
    from sklearn.preprocessing import MinMaxScaler

    scaler = MinMaxScaler().fit(fitted_on)
    skew = pd.DataFrame(scaler.transform(fitted_on)).skew().to_numpy()
    scaled = scaler.transform(x)
    skewed = np.abs(skew) > SKEW_LIMIT
    scaled[:, skewed] = np.log1p(scaled[:, skewed])
    return scaled.astype(x.dtype)
