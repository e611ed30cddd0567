"""One run of a method on a dataset: its pairing, its curves and its outputs."""

from pathlib import Path

import numpy as np
import pytest

from gradloss.configuration.heads import head_of
from gradloss.data.pool import Pool
from gradloss.losses import hkr
from gradloss.losses import plain as losses
from gradloss.networks import prediction
from gradloss.networks.architectures import build_network
from gradloss.networks.prediction import Predictor
from gradloss.networks.replicate import (
    constrained_path,
    evaluate_outputs,
    model_path,
    split_of,
)
from gradloss.support.errors import UserError
from gradloss.training.engine import Schedule
from gradloss.training.run import CURVE_POINTS, epoch_means, kept_epochs, run_training

# Keras 3.15 reads a variable with numpy.array(variable), which NumPy 2 finds outdated.
pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning:keras"
)

PERCEPTRON = {"name": "multilayer_perceptron", "hidden": [6]}
BASELINE = {
    "rule": "baseline",
    "task": "regression",
    "network": PERCEPTRON,
    "split": {"test_size": 0.25},
    "loss": "mean_squared_error",
    "order": "shuffled",
    "epochs": 3,
    "batch_size": 20,
    "learning_rate": 0.01,
    "dataset": "boston",
    "method": "baseline",
    "seed": 11,
}
GRADIENT = {**BASELINE, "rule": "gradient", "method": "gradient", "loss": "gradient"}
CLASSES = {"task": "classification", "classes": 2, "dataset": "two_moons"}
HKR = {
    **BASELINE,
    **CLASSES,
    "rule": "hkr",
    "method": "hkr",
    "loss": "hkr",
    "network": {"name": "lipschitz_perceptron", "hidden": [8, 4]},
    "order": "balanced",
    "steps_per_epoch": 7,
    "margin": 0.3,
    "alpha": 10.0,
}


@pytest.fixture(scope="module")
def regression():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 4)).astype(np.float32)
    return Pool(x, (x[:, 0] - x[:, 1]).astype(np.float32), n_train=0)


@pytest.fixture(scope="module")
def classification():
    rng = np.random.default_rng(0)
    y = np.arange(80) % 2
    x = rng.normal(scale=0.4, size=(80, 2)) + np.where(y, 1.0, -1.0)[:, None]
    return Pool(x.astype(np.float32), y, n_train=0)


def train_run(settings, pool, replicates):
    build_loss = (hkr if settings["rule"] == "hkr" else losses).build_loss
    return run_training(settings, pool, replicates, build_loss(settings))


def curve(run, measure, replicate):
    rows = run.history.query("measure == @measure and replicate == @replicate")
    return rows["epoch"].tolist(), rows["value"].to_numpy()


def test_heads_of_the_rules():
    assert head_of(BASELINE) == "value"
    assert head_of({**BASELINE, **CLASSES}) == "softmax"
    assert head_of(HKR) == "sign"
    assert head_of({**HKR, "classes": 10}) == "scores"


def test_hkr_refuses_a_regression():
    settings = {**HKR, "task": "regression", "method": "hkr", "dataset": "boston"}
    with pytest.raises(UserError, match="hkr separates classes, which boston has not; remove it"):
        head_of(settings)


def test_more_labels_than_classes_are_refused(classification):
    settings = {**BASELINE, **CLASSES, "classes": 1}
    with pytest.raises(UserError, match="has labels up to 1, and `classes` is 1; correct it"):
        train_run(settings, classification, [0])


def test_methods_share_splits_and_initial_weights(regression):
    still = {"learning_rate": 1e-30, "epochs": 1}
    first = train_run({**BASELINE, **still}, regression, [0, 1])
    second = train_run({**GRADIENT, **still}, regression, [0, 1])
    for replicate in (0, 1):
        for one, two in zip(
            first.models[replicate].get_weights(),
            second.models[replicate].get_weights(),
            strict=True,
        ):
            np.testing.assert_allclose(one, two, atol=1e-20)
        train, test = split_of(BASELINE, regression, replicate)
        np.testing.assert_array_equal(train, split_of(GRADIENT, regression, replicate)[0])
        assert sorted([*train, *test]) == list(range(60))
        assert len(test) == 15
    kernels = [first.models[replicate].get_weights()[0] for replicate in (0, 1)]
    assert np.abs(kernels[0] - kernels[1]).max() > 0.01
    assert set(split_of(BASELINE, regression, 0)[1]) != set(split_of(BASELINE, regression, 1)[1])


def test_a_replicate_is_the_same_whatever_it_is_trained_with(regression):
    together = train_run(BASELINE, regression, [2, 3, 4])
    alone = train_run(BASELINE, regression, [3])
    for measure in ("mean_loss", "last_batch_loss", "test_mse"):
        epochs, values = curve(alone, measure, 3)
        assert epochs == [1, 2, 3]
        np.testing.assert_allclose(curve(together, measure, 3)[1], values, rtol=1e-4)
    assert np.abs(curve(together, "mean_loss", 2)[1] - values).max() > 1e-3


def test_curves_of_a_regression(regression):
    run = train_run(BASELINE, regression, [5])
    # 45 training rows in batches of 20, 20 and 5
    assert run.steps == 9
    assert run.seconds > 0
    assert list(run.models) == [5]
    assert run.history.columns.tolist() == ["replicate", "epoch", "measure", "value"]
    keys = run.history[["replicate", "measure", "epoch"]]
    assert keys.equals(keys.sort_values(["replicate", "measure", "epoch"], ignore_index=True))
    assert set(keys["measure"]) == {"test_mse", "mean_loss", "last_batch_loss"}
    _, test = split_of(BASELINE, regression, 5)
    outputs = np.asarray(run.models[5](regression.x[test]))[:, 0]
    expected = np.mean((outputs - regression.y[test]) ** 2)
    assert curve(run, "test_mse", 5)[1][-1] == pytest.approx(expected, rel=1e-5)
    losses = curve(run, "mean_loss", 5)[1]
    assert losses[-1] < losses[0]


def test_the_loss_curves_are_those_of_the_steps(regression):
    """With one step per epoch, the loss before any update is that of the initial network."""
    settings = {**BASELINE, "batch_size": 45, "order": "file"}
    run = train_run(settings, regression, [0])
    still = train_run({**settings, "epochs": 1, "learning_rate": 1e-30}, regression, [0])
    train, _ = split_of(settings, regression, 0)
    outputs = np.asarray(still.models[0](regression.x[train]))[:, 0]
    expected = np.mean((outputs - regression.y[train]) ** 2)
    for measure in ("mean_loss", "last_batch_loss"):
        assert curve(run, measure, 0)[1][0] == pytest.approx(expected, rel=1e-5)


def test_a_long_training_keeps_some_epochs_of_its_curves(regression):
    settings = {**BASELINE, "epochs": 1000, "batch_size": 45}
    kept = kept_epochs(Schedule(1000, 45, 1.0))
    assert len(kept) <= CURVE_POINTS + 30
    assert {*range(1, 21), 101, 901, 999, 1000} <= set(kept)
    assert max(np.diff(kept)) <= 6
    run = train_run(settings, regression, [0])
    for measure in ("mean_loss", "last_batch_loss"):
        assert curve(run, measure, 0)[0] == kept
    assert set(curve(run, "test_mse", 0)[0]) <= set(kept)


@pytest.mark.parametrize("epochs", [1, 2, 20, 200])
def test_a_short_training_keeps_all_epochs(epochs):
    assert kept_epochs(Schedule(epochs, 1, 1.0)) == [*range(1, epochs + 1)]


def test_epoch_means_count_examples_and_not_batches():
    values = np.array([[[1.0], [2.0], [6.0]], [[0.0], [0.0], [9.0]]])
    # Batches of 20, 20 and 5.
    assert epoch_means(values, 45, 20)[:, 0].tolist() == pytest.approx([90 / 45, 1.0])
    assert epoch_means(values, 60, 20)[:, 0].tolist() == pytest.approx([3.0, 3.0])


def test_the_mean_loss_is_that_of_all_examples(regression):
    """While the weights stand still, whatever the sizes of the batches."""
    still = {**BASELINE, "epochs": 1, "learning_rate": 1e-30}
    batches, whole = (
        train_run({**still, "batch_size": size}, regression, [0]) for size in (20, 45)
    )
    expected = curve(whole, "mean_loss", 0)[1]
    np.testing.assert_allclose(curve(batches, "mean_loss", 0)[1], expected, rtol=1e-5)


@pytest.mark.parametrize("loss", ["hkr", "multiclass_hkr"])
def test_terms_of_the_hkr_loss_add_up_to_it(classification, loss):
    classes = 2 if loss == "hkr" else 3
    order = "balanced" if loss == "hkr" else "shuffled"
    settings = {**HKR, "loss": loss, "classes": classes, "order": order}
    terms = hkr.build_terms(settings)
    run = run_training(settings, classification, [3, 4], hkr.build_loss(settings), terms=terms)
    for replicate in (3, 4):
        mean = {
            name: curve(run, f"mean_{name}", replicate)[1]
            for name in ("loss", "kr", "hinge", "accuracy")
        }
        expected = settings["alpha"] * mean["hinge"] - mean["kr"]
        np.testing.assert_allclose(mean["loss"], expected, rtol=1e-4, atol=1e-5)
        assert mean["accuracy"][0] < mean["accuracy"][-1] <= 1
    alone = train_run(settings, classification, [3])
    assert not any("kr" in measure for measure in alone.history["measure"])
    together = curve(run, "mean_loss", 3)[1]
    np.testing.assert_allclose(curve(alone, "mean_loss", 3)[1], together, rtol=1e-4)


def test_classification_with_softmax_and_with_a_sign(classification):
    softmax = {**BASELINE, **CLASSES, "loss": "cross_entropy", "learning_rate": 0.05}
    for settings, steps, outputs in ((softmax, 9, 2), (HKR, 21, 1)):
        run = train_run(settings, classification, [0])
        assert run.steps == steps
        assert run.models[0].output_shape == (None, outputs)
        epochs, accuracy = curve(run, "test_accuracy", 0)
        assert epochs == [1, 2, 3]
        assert accuracy[-1] > 0.9


def test_a_fixed_training_set_must_not_be_split(regression):
    fixed = Pool(regression.x, regression.y, n_train=40)
    with pytest.raises(UserError, match=r"split settings \{'test_size': 0.25\} given, but"):
        train_run(BASELINE, fixed, [0])
    settings = {key: value for key, value in BASELINE.items() if key != "split"}
    train, test = split_of(settings, fixed, 0)
    assert (train.tolist(), test.tolist()) == (list(range(40)), list(range(40, 60)))


def test_measures_by_hand():
    assert evaluate_outputs(np.array([[1.0], [2.0]]), np.array([1.5, 0.0]), "value") == {
        "mse": (0.25 + 4) / 2
    }
    probabilities = np.array([[0.6, 0.4], [0.2, 0.8], [0.9, 0.1], [0.3, 0.7]])
    labels = np.array([0, 1, 1, 1])
    assert evaluate_outputs(probabilities, labels, "softmax") == {"accuracy": 0.75}
    signs = np.array([[0.5], [-0.5], [0.1], [2.0]])
    assert evaluate_outputs(signs, labels, "sign") == {"accuracy": 0.5}


def test_file_names_sort_by_replicate():
    folder = Path("models")
    assert model_path(folder, 7) == folder / "replicate_007.keras"
    assert constrained_path(folder, 12) == folder / "replicate_012.constrained.keras"


@pytest.mark.parametrize("network", [PERCEPTRON, HKR["network"]], ids=lambda entry: entry["name"])
@pytest.mark.parametrize("rows", [3, 8, 9])
def test_predictions_in_parts_are_those_of_each_model(network, rows, monkeypatch):
    monkeypatch.setattr(prediction, "BATCH", 4)
    models = [build_network(network, (4,), 2, "softmax", seed) for seed in (0, 1)]
    x = np.random.default_rng(0).normal(size=(rows, 4)).astype(np.float32)
    predictor = Predictor(models[0])
    outputs = [predictor(model, x) for model in models]
    for model, own in zip(models, outputs, strict=True):
        assert own.dtype == np.float32
        np.testing.assert_allclose(own, model(x), atol=1e-6)
    assert np.abs(outputs[0] - outputs[1]).max() > 0.01
