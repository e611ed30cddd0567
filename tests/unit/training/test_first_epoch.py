"""The first epoch of HKR by document 004's own library, which runs in a process of its own."""

import json
import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from project import ROOT

from gradloss.data.pool import Pool
from gradloss.support.files import write_npz
from gradloss.training.first_epoch import first_epoch
from gradloss.training.run import run_training

SCRIPT = ROOT / "scripts/training/fit_library.py"
SETTINGS = {
    "dataset": "two_moons",
    "method": "hkr",
    "rule": "hkr",
    "task": "classification",
    "classes": 2,
    "loss": "hkr",
    "network": {"name": "lipschitz_perceptron", "hidden": [8, 4]},
    "split": {"train_size": 60, "test_size": 20},
    "margin": 0.29,
    "alpha": 10.0,
    "batch_size": 16,
    "order": "balanced",
    "steps_per_epoch": 3,
    "epochs": 1,
    "learning_rate": 0.01,
    "threads": 1,
    "seed": 5,
}


@pytest.fixture(scope="module")
def pool() -> Pool:
    rng = np.random.default_rng(1)
    y = np.arange(100) % 2
    return Pool((rng.normal(size=(100, 2)) + 3 * y[:, None]).astype(np.float32), y, n_train=0)


@pytest.fixture(scope="module")
def means(pool: Pool, tmp_path_factory: pytest.TempPathFactory) -> dict[int, pd.Series]:
    """Measures by replicate; all inputs of replicate 7 are zero."""
    folder = tmp_path_factory.mktemp("library")
    epochs = first_epoch(SETTINGS, pool, [3, 7])
    epochs["x"][1] = 0
    write_npz(folder / "epochs.npz", epochs)
    options = {"settings": json.dumps(SETTINGS), "data": folder / "epochs.npz"}
    options["output"] = folder / "rows.csv"
    run = subprocess.run(
        [sys.executable, SCRIPT, *(f"--{name}={value}" for name, value in options.items())],
        env={**os.environ, "TF_USE_LEGACY_KERAS": "1", "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    rows = pd.read_csv(folder / "rows.csv")
    where = rows[["dataset", "method", "perturbation", "level", "draw"]].drop_duplicates()
    assert where.to_numpy().tolist() == [["two_moons", "deel_lip", "epoch", 1, 0]]
    return {n: own.set_index("measure")["value"] for n, own in rows.groupby("replicate")}


def test_examples_are_those_that_our_training_sees(pool: Pool):
    """A loss that weights each place of a batch differently tells the order too."""
    weights = np.arange(1, 17, dtype=np.float32)

    def weigh(predict, x, y):
        return tf.reduce_mean(weights * x[:, 0] * y[:, 0]) + 0 * tf.reduce_mean(predict(x))

    epochs = first_epoch(SETTINGS, pool, [0, 1])
    assert (epochs["x"].shape, epochs["y"].shape) == ((2, 48, 2), (2, 48, 1))
    history = run_training(SETTINGS, pool, [0, 1], weigh).history
    found = history.query("measure == 'mean_loss'")["value"]
    expected = epochs["x"][:, :, 0] * epochs["y"][:, :, 0] * np.tile(weights, 3)
    assert found.to_numpy() == pytest.approx(expected.mean(axis=1), rel=1e-5)


def test_loss_is_that_of_its_terms(means: dict[int, pd.Series]):
    assert list(means) == [3, 7]
    for own in means.values():
        assert set(own.index) == {"mean_loss", "mean_kr", "mean_hinge", "mean_accuracy"}
        assert own["mean_loss"] == pytest.approx(10 * own["mean_hinge"] - own["mean_kr"], rel=1e-5)
    assert 0 <= means[3]["mean_accuracy"] <= 1


def test_outputs_of_zero_have_a_hinge_of_the_documents_margin(means: dict[int, pd.Series]):
    """Without inputs no weight and no bias of a balanced batch moves."""
    expected = {"mean_loss": 2.9, "mean_kr": 0.0, "mean_hinge": 0.29, "mean_accuracy": 0.5}
    assert means[7].to_dict() == pytest.approx(expected, abs=1e-6)
