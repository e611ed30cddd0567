"""Model files whose bytes depend on the model alone."""

import subprocess
import time

import keras
import numpy as np
import pytest

from gradloss import lipschitz
from gradloss.networks.architectures import build_network
from gradloss.networks.saving import models_folder, save_model

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


def test_what_a_folder_holds_stands_beside_it_and_is_checked_by_sha256sum(tmp_path):
    path = tmp_path / "models/0-1"
    with models_folder(path) as folder:
        (folder / "first.keras").write_text("one")
        (folder / "second.keras").write_text("two")
        assert not path.exists()
    listed = path.with_name("0-1.sha256").read_text().splitlines()
    assert [line.split("  ")[1] for line in listed] == ["0-1/first.keras", "0-1/second.keras"]
    check = ["sha256sum", "--check", "0-1.sha256"]
    assert subprocess.run(check, cwd=path.parent, capture_output=True).returncode == 0
    (path / "second.keras").write_text("other")
    assert subprocess.run(check, cwd=path.parent, capture_output=True).returncode == 1
