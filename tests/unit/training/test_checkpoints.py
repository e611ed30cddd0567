"""A training that is cut off and goes on ends with the same bytes."""

import json
import logging

import numpy as np
import pytest
from project import ROOT

from gradloss.losses import hkr
from gradloss.losses import plain as losses
from gradloss.networks.architectures import build_network
from gradloss.support.files import read_npz, write_npz
from gradloss.training import checkpoints, engine
from gradloss.training.checkpoints import Checkpoint, TrainingState, identity_of
from gradloss.training.engine import Schedule, train
from gradloss.training.run import add_gaussian_noise

# Keras 3.15 reads a variable with numpy.array(variable), which NumPy 2 finds outdated.
pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning:keras"
)

EPOCHS = 5
PERCEPTRON = {"name": "multilayer_perceptron", "hidden": [6]}
LIPSCHITZ = {"name": "lipschitz_perceptron", "hidden": [6]}
HKR = {"loss": "multiclass_hkr", "margin": 0.3, "alpha": 9.0}
CASES = {
    "gradient": (losses.build_loss({"loss": "gradient"}), PERCEPTRON, "softmax"),
    "1-Lipschitz": (
        hkr.build_loss(HKR),
        LIPSCHITZ,
        "scores",
    ),
}


class PowerCutError(Exception):
    """Ends a training in the middle."""


def orders():
    for epoch in range(EPOCHS):
        yield np.stack(
            [np.random.default_rng([epoch, r]).permutation(23) for r in range(2)]
        ).astype(np.int32)


def run(case, checkpoint=None, cut_after=None):
    """Losses, records and weights of a training with noise, weight decay and two replicates."""
    loss, network, head = CASES[case]
    models = [build_network(network, (4,), 3, head, seed) for seed in range(2)]
    rng = np.random.default_rng(1)
    x, y = (
        rng.normal(size=(23, 4)).astype(np.float32),
        np.eye(3, dtype=np.float32)[np.arange(23) % 3],
    )

    def monitor(epoch, current):
        if epoch == cut_after:
            raise PowerCutError
        return [[epoch, float(current[0].get_weights()[0][0, 0])]]

    def augment(inputs, step):
        return add_gaussian_noise(inputs, step, sigma=0.1, seeds=[1, 2])

    schedule = Schedule(EPOCHS, 10, 0.01, weight_decay=0.1)
    terms = list(hkr.build_terms(HKR).values()) if case == "1-Lipschitz" else []
    log = train(models, loss, x, y, orders(), schedule, monitor, augment, checkpoint, terms)
    recorded = np.concatenate([log.losses[..., None], log.terms], axis=-1)
    return recorded, log.records, [weight for model in models for weight in model.get_weights()]


@pytest.fixture
def always(monkeypatch):
    """States after every epoch."""
    monkeypatch.setattr(Checkpoint, "is_due", lambda self: True)


@pytest.mark.parametrize(
    ("case", "compiled_from"), [("gradient", 10**9), ("gradient", 0), ("1-Lipschitz", 10**9)]
)
@pytest.mark.parametrize("cut_after", [2, EPOCHS])
def test_going_on_ends_with_the_same_bytes(
    case, compiled_from, cut_after, always, tmp_path, caplog, monkeypatch
):
    monkeypatch.setattr(engine, "COMPILED_FROM", compiled_from)
    caplog.set_level(logging.INFO)
    whole_losses, whole_records, whole_weights = run(case)
    path = tmp_path / "job.npz"
    with pytest.raises(PowerCutError):
        run(case, Checkpoint(path, "a"), cut_after)
    found_losses, found_records, found_weights = run(case, Checkpoint(path, "a"))
    assert f"going on after epoch {cut_after - 1}" in caplog.text
    np.testing.assert_array_equal(found_losses, whole_losses)
    assert found_records == whole_records
    for found, whole in zip(found_weights, whole_weights, strict=True):
        np.testing.assert_array_equal(found, whole)


def test_a_state_of_another_computation_is_ignored(always, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    path = tmp_path / "job.npz"
    with pytest.raises(PowerCutError):
        run("gradient", Checkpoint(path, "a"), cut_after=3)
    np.testing.assert_array_equal(run("gradient", Checkpoint(path, "b"))[0], run("gradient")[0])
    assert "is of another computation, training starts anew" in caplog.text


@pytest.mark.parametrize("damage", ["cut", "empty", "no header"])
def test_a_damaged_state_is_ignored(always, tmp_path, caplog, damage):
    path = tmp_path / "job.npz"
    checkpoint = Checkpoint(path, "a")
    checkpoint.save(TrainingState(1, [np.ones(2)], np.ones((1, 1, 1)), [], 2.0))
    if damage == "no header":
        write_npz(path, {"losses": np.ones(1)})
    else:
        path.write_bytes(path.read_bytes()[: 100 if damage == "cut" else 0])
    assert checkpoint.load() is None
    assert f"checkpoint {path} is damaged, training starts anew" in caplog.text


def test_a_state_comes_back_as_it_was(tmp_path):
    checkpoint = Checkpoint(tmp_path / "new/job.npz", "a")
    assert checkpoint.load() is None
    values = [np.arange(3, dtype=np.float32) * i for i in range(12)]
    records = [[0, 1, "test_mse", 0.1 + 0.2]]
    checkpoint.save(TrainingState(7, values, np.ones((7, 2, 1), np.float32), records, 2.5))
    state = checkpoint.load()
    assert (state.epoch, state.records, state.seconds) == (7, records, 2.5)
    assert state.losses.shape == (7, 2, 1)
    for found, value in zip(state.variables, values, strict=True):
        np.testing.assert_array_equal(found, value)
    checkpoint.remove()
    checkpoint.remove()
    assert list(tmp_path.glob("new/*")) == []


def test_saving_takes_a_fiftieth_of_the_time_at_most(tmp_path, monkeypatch):
    now = 100.0
    monkeypatch.setattr(checkpoints.time, "monotonic", lambda: now)
    checkpoint = Checkpoint(tmp_path / "job.npz", "a")
    assert not checkpoint.is_due()
    now = 101.0
    assert checkpoint.is_due()

    def slow_write(path, arrays):
        nonlocal now
        now += 3.0
        write_npz(path, arrays)

    monkeypatch.setattr(checkpoints, "write_npz", slow_write)
    checkpoint.save(TrainingState(1, [], np.ones((1, 1, 1)), [], 0.0))
    now = 104.0 + 149.0
    assert not checkpoint.is_due()
    now = 104.0 + 150.0
    assert checkpoint.is_due()
    assert json.loads(str(read_npz(tmp_path / "job.npz")["header"]))["epoch"] == 1


def test_identity_is_of_settings_data_code_and_libraries(tmp_path, monkeypatch):
    data = tmp_path / "data.npz"
    data.write_bytes(b"one")
    first = identity_of("settings", data)
    assert first == identity_of("settings", data)
    assert first != identity_of("other", data)
    data.write_bytes(b"two")
    assert first != identity_of("settings", data)
    data.write_bytes(b"one")
    with monkeypatch.context() as changed:
        changed.setattr(checkpoints, "version", lambda name: "0")
        assert first != identity_of("settings", data)
    source = tmp_path / "code.py"
    source.write_text("pass")
    monkeypatch.setattr(checkpoints, "_sources", lambda: [source])
    with_source = identity_of("settings", data)
    source.write_text("pass  # changed")
    assert with_source != identity_of("settings", data)


def test_the_code_is_that_of_every_room():
    rooms = {path.parent for path in (ROOT / "src/gradloss").rglob("*.py")}
    assert {path.parent for path in checkpoints._sources()} == rooms
