"""Model files whose bytes depend on the model alone."""

import time

import keras
import numpy as np
import pytest

from gradloss import lipschitz
from gradloss.models import build_network
from gradloss.saving import save_model

# Keras 3.15 reads a variable with numpy.array(variable), which NumPy 2 finds outdated.
pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning:keras"
)

NETWORK = {"name": "lipschitz_convolutional", "filters": [4], "hidden": [6]}


def build(seed=0):
    keras.backend.clear_session()
    return build_network(NETWORK, (8, 8, 1), 3, "scores", seed)


def test_equal_models_give_equal_bytes_at_any_time(tmp_path):
    save_model(build(), tmp_path / "one.keras")
    time.sleep(2.1)  # the resolution of the dates in a zip archive is two seconds
    save_model(build(), tmp_path / "two.keras")
    save_model(build(seed=1), tmp_path / "three.keras")
    one, two, three = (
        (tmp_path / f"{name}.keras").read_bytes() for name in ("one", "two", "three")
    )
    assert one == two
    assert one != three
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "one.keras",
        "three.keras",
        "two.keras",
    ]


@pytest.mark.parametrize("change", [lambda model: model, lipschitz.export])
def test_models_open_with_their_outputs(tmp_path, change):
    model = change(build())
    save_model(model, tmp_path / "model.keras")
    x = np.random.default_rng(0).normal(size=(5, 8, 8, 1)).astype(np.float32)
    opened = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(opened.predict(x, verbose=0), model.predict(x, verbose=0))
