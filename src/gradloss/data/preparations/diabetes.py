"""The diabetes data of scikit-learn."""

from collections.abc import Mapping

import numpy as np
from sklearn.datasets import load_diabetes

from gradloss.data.arrays import regression
from gradloss.data.forms import Form
from gradloss.support.files import Arrays

FORM = Form(shape=(10,))


def prepare(raw: Mapping[str, np.ndarray], scaling: str = "all_rows") -> Arrays:
    """scikit-learn's diabetes data, unscaled, treated exactly as Boston housing."""
    del raw
    data = load_diabetes(scaled=False, as_frame=True)
    return regression(data.data, data.target, scaling)
