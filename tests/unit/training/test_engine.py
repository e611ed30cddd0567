"""Stacked training against a plain Keras loop over one model at a time."""

from functools import partial
from itertools import islice

import keras
import numpy as np
import psutil
import pytest
import tensorflow as tf

from gradloss.losses import hkr
from gradloss.losses import plain as losses
from gradloss.networks.architectures import build_network
from gradloss.support.errors import UserError
from gradloss.training import engine
from gradloss.training.engine import (
    Schedule,
    memory_of_training,
    train,
)
from gradloss.training.run import add_gaussian_noise
from gradloss.training.stacked import StackedReplicates

# Keras 3.15 reads a variable with numpy.array(variable), which NumPy 2 finds outdated.
pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning:keras"
)

REPLICATES = 3
PERCEPTRON = {"name": "multilayer_perceptron", "hidden": [8, 6]}
CONVOLUTIONAL = {"name": "convolutional", "filters": [3, 4], "hidden": [5]}
LIPSCHITZ = {"name": "lipschitz_perceptron", "hidden": [8, 6]}

# name: (loss, network, inputs, outputs, head)
CASES = {
    "gradient": ({"loss": "gradient"}, PERCEPTRON, (5,), 3, "softmax"),
    "batch mean": ({"loss": "gradient_of_batch_mean"}, PERCEPTRON, (5,), 1, "value"),
    "squared error": ({"loss": "mean_squared_error"}, PERCEPTRON, (5,), 1, "value"),
    "cross-entropy": ({"loss": "cross_entropy"}, PERCEPTRON, (5,), 3, "softmax"),
    "convolutional": ({"loss": "gradient"}, CONVOLUTIONAL, (12, 12, 1), 3, "softmax"),
    "1-Lipschitz": ({"loss": "hkr", "margin": 0.3, "alpha": 10.0}, LIPSCHITZ, (2,), 2, "sign"),
}
EXAMPLES, BATCH, EPOCHS = 43, 10, 4  # 4 full batches and one of 3, 20 steps in all


def build_loss(settings):
    return (hkr if settings["loss"] == "hkr" else losses).build_loss(settings)


def models_of(case, seeds=range(REPLICATES)):
    _, network, inputs, outputs, head = CASES[case]
    return [build_network(network, inputs, outputs, head, seed) for seed in seeds]


def data_of(case):
    """A pool of which each replicate sees other examples, with both signs in every batch."""
    _, _, inputs, outputs, head = CASES[case]
    rng = np.random.default_rng(6)
    x = rng.normal(size=(60, *inputs)).astype(np.float32)
    if head == "softmax":
        y = np.eye(outputs, dtype=np.float32)[rng.integers(outputs, size=60)]
    elif head == "sign":
        y = np.where(np.arange(60) % 2, 1.0, -1.0).astype(np.float32)[:, None]
        x += y
    else:
        y = rng.normal(size=(60, 1)).astype(np.float32)
    return x, y


def orders(replicates=range(REPLICATES), epochs=EPOCHS):
    for epoch in range(epochs):
        rows = [
            np.random.default_rng([epoch, replicate]).permutation(60)[:EXAMPLES]
            for replicate in replicates
        ]
        yield np.stack(rows).astype(np.int32)


def no_monitor(_epoch, _models):
    return []


def train_stacked(case, models, learning_rate=1e-3, replicates=range(REPLICATES), epochs=EPOCHS):
    schedule = Schedule(epochs, BATCH, learning_rate)
    loss, data = build_loss(CASES[case][0]), data_of(case)
    return train(models, loss, *data, orders(replicates, epochs), schedule, no_monitor).losses


def train_plainly(case, model, replicate, learning_rate=1e-3, epochs=EPOCHS):
    """Losses [steps] of an ordinary loop over one model."""
    loss, (x, y) = build_loss(CASES[case][0]), data_of(case)
    optimizer = keras.optimizers.Adam(learning_rate)
    optimizer.build(model.trainable_variables)

    @tf.function
    def step(inputs: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            value = loss(lambda x: model(x, training=True), inputs, targets)
        slopes = tape.gradient(value, model.trainable_variables)
        optimizer.apply(slopes, model.trainable_variables)
        return value

    losses = []
    for order in orders([replicate], epochs):
        for start in range(0, EXAMPLES, BATCH):
            batch = order[0, start : start + BATCH]
            losses.append(float(step(tf.constant(x[batch]), tf.constant(y[batch]))))
    return np.array(losses)


@pytest.fixture
def _compiled(monkeypatch):
    """XLA compiles however short a training is."""
    monkeypatch.setattr(engine, "COMPILED_FROM", 0)


DENSE = ["gradient", "batch mean", "squared error", "cross-entropy"]


@pytest.mark.parametrize("case", CASES)
def test_stacked_replicates_train_like_single_models(case):
    assert_like_single_models(case)


@pytest.mark.usefixtures("_compiled")
@pytest.mark.parametrize("case", DENSE)
def test_compiled_replicates_train_like_single_models(case):
    assert_like_single_models(case)


def assert_like_single_models(case):
    models, singles = models_of(case), models_of(case)
    losses = train_stacked(case, models)
    assert losses.dtype == np.float32
    assert losses.shape == (EPOCHS, 5, REPLICATES)
    for replicate, single in enumerate(singles):
        expected = train_plainly(case, single, replicate)
        stacked = losses[:, :, replicate].ravel()
        np.testing.assert_allclose(stacked, expected, rtol=1e-4, atol=1e-4 * abs(expected).max())
        for one, other in zip(models[replicate].weights, single.weights, strict=True):
            np.testing.assert_allclose(one.numpy(), other.numpy(), atol=1e-4)


@pytest.mark.parametrize("case", ["gradient", "cross-entropy", "squared error"])
def test_a_long_training_ends_with_the_same_statistics(case):
    """300 steps: rounding makes the paths part, not the results."""
    epochs, models, singles = 60, models_of(case), models_of(case)
    losses = train_stacked(case, models, epochs=epochs)
    plain = [
        train_plainly(case, single, replicate, epochs=epochs).reshape(epochs, 5)[-1].mean()
        for replicate, single in enumerate(singles)
    ]
    stacked = losses[-1].mean(axis=0)
    np.testing.assert_allclose(stacked, plain, rtol=1e-2)
    np.testing.assert_allclose(stacked.mean(), np.mean(plain), rtol=2e-3)
    assert (stacked < losses[0].mean(axis=0)).all()


def test_training_moves_the_weights_much_further_than_the_tolerance_above():
    models, untrained = models_of("gradient"), models_of("gradient")
    losses = train_stacked("gradient", models)
    for model, start in zip(models, untrained, strict=True):
        for one, other in zip(model.get_weights(), start.get_weights(), strict=True):
            assert np.abs(one - other).max() > 2e-3
    assert np.ptp(losses[0, 0]) > 1e-3


@pytest.mark.parametrize("case", ["gradient", "1-Lipschitz"])
def test_replicates_do_not_see_each_other(case):
    first = train_stacked(case, models_of(case))
    other = train_stacked(case, models_of(case, seeds=[0, 9, 2]), replicates=[0, 8, 2])
    np.testing.assert_allclose(other[..., [0, 2]], first[..., [0, 2]], rtol=1e-6, atol=1e-6)
    assert np.abs(other[..., 1] - first[..., 1]).max() > 1e-2


@pytest.mark.parametrize("case", CASES)
def test_only_plain_dense_networks_suit_xla(case):
    replicates = StackedReplicates(
        models_of(case), build_loss(CASES[case][0]), keras.optimizers.Adam(1e-3)
    )
    assert replicates.suit_xla == (case in DENSE)


def test_a_training_is_compiled_from_a_number_of_steps_on(monkeypatch):
    asked = []

    def function(jit_compile):
        asked.append(jit_compile)
        return lambda graph: graph

    monkeypatch.setattr(engine.tf, "function", function)
    for least in (EPOCHS * 5, EPOCHS * 5 + 1):
        monkeypatch.setattr(engine, "COMPILED_FROM", least)
        train_stacked("squared error", models_of("squared error"))
    assert asked == [True, False]


@pytest.mark.parametrize("steps_per_call", [1, 20, 1000])
@pytest.mark.parametrize("compiled_from", [0, 10**9])
def test_the_epochs_of_a_call_do_not_change_a_byte(monkeypatch, steps_per_call, compiled_from):
    """21 to 30 are not monitored, so a call may take all of them."""
    monkeypatch.setattr(engine, "COMPILED_FROM", compiled_from)
    losses = {}
    for steps in (100, steps_per_call):
        monkeypatch.setattr(engine, "STEPS_PER_CALL", steps)
        losses[steps] = train_stacked("squared error", models_of("squared error"), epochs=30)
    assert losses[100].shape == (30, 5, REPLICATES)
    np.testing.assert_array_equal(losses[steps_per_call], losses[100])


@pytest.mark.parametrize("compiled_from", [0, 10**9])
def test_equal_inputs_give_equal_bytes(monkeypatch, compiled_from):
    monkeypatch.setattr(engine, "COMPILED_FROM", compiled_from)
    runs = []
    for _ in range(2):
        models = models_of("gradient")
        losses = train_stacked("gradient", models)
        weights = [weight for model in models for weight in model.get_weights()]
        runs.append([array.tobytes() for array in (losses, *weights)])
    assert runs[0] == runs[1]


@pytest.mark.parametrize(
    ("epochs", "expected"),
    [(1, {1}), (3, {1, 2, 3}), (21, {*range(1, 22)}), (250, {*range(1, 21), 101, 201, 250})],
)
def test_monitored_epochs(epochs, expected):
    schedule = Schedule(epochs, 1, 1.0)
    assert {epoch for epoch in range(1, epochs + 1) if schedule.is_monitored(epoch)} == expected


def test_the_monitor_sees_the_current_weights():
    case, seen = "squared error", []
    loss, (x, y) = build_loss(CASES[case][0]), data_of(case)

    def monitor(epoch, models):
        seen.append((epoch, [model.get_weights()[0].copy() for model in models]))
        return [epoch]

    models = models_of(case)
    train(models, loss, x, y, orders(), Schedule(EPOCHS, BATCH, 1e-2), monitor)
    assert [epoch for epoch, _ in seen] == [1, 2, 3, EPOCHS]

    shorter = models_of(case)
    schedule = Schedule(1, BATCH, 1e-2)
    train(shorter, loss, x, y, islice(orders(), 1), schedule, no_monitor)
    for position in range(REPLICATES):
        np.testing.assert_array_equal(seen[0][1][position], shorter[position].get_weights()[0])
        np.testing.assert_array_equal(seen[-1][1][position], models[position].get_weights()[0])


@pytest.mark.parametrize("case", ["gradient", "1-Lipschitz"])
def test_write_back_gives_every_model_its_own_weights(case):
    models = models_of(case)
    before = [model.get_weights() for model in models]
    replicates = StackedReplicates(models, build_loss(CASES[case][0]), keras.optimizers.Adam(1e-3))
    for variable in [*replicates.trainable, *replicates.state]:
        steps = np.arange(1.0, REPLICATES + 1).reshape(-1, *[1] * (variable.ndim - 1))
        variable.assign_add(tf.cast(tf.broadcast_to(steps, variable.shape), variable.dtype))
    assert replicates.write_back() is models
    for position, (model, old) in enumerate(zip(models, before, strict=True)):
        for new, weight in zip(model.get_weights(), old, strict=True):
            np.testing.assert_array_equal(new, weight + np.float32(position + 1))


def test_a_learning_rate_that_diverges():
    message = (
        r"training diverged: the loss of stacked replicate 0 is not a finite number in epoch 1; "
        r"lower learning_rate, or look for faulty values in the data"
    )
    with pytest.raises(UserError, match=message):
        train_stacked("squared error", models_of("squared error"), learning_rate=1e30)


def test_faulty_data_name_the_replicate_and_the_epoch():
    loss, (x, y) = build_loss({"loss": "mean_squared_error"}), data_of("squared error")
    x[7, 0] = np.nan
    seven = np.full((1, 2), 7)
    good = np.array([[0, 1], [2, 3]])
    epochs = [good, np.concatenate([good[:1], seven])]
    schedule = Schedule(2, 2, 1e-3)
    with pytest.raises(UserError, match="stacked replicate 1 is not a finite number in epoch 2"):
        train(models_of("squared error")[:2], loss, x, y, iter(epochs), schedule, no_monitor)


def test_a_batch_larger_than_the_data_is_one_partial_batch():
    loss, (x, y) = build_loss({"loss": "mean_squared_error"}), data_of("squared error")
    models = models_of("squared error")[:1]
    expected = np.mean((np.asarray(models[0](x[:4])) - y[:4]) ** 2)
    order = iter([np.arange(4, dtype=np.int32)[None]])
    losses = train(models, loss, x, y, order, Schedule(1, 100, 1e-3), no_monitor).losses
    assert losses.shape == (1, 1, 1)
    assert losses[0, 0, 0] == pytest.approx(expected, rel=1e-5)


def test_more_replicates_than_memory_holds_are_refused_before_training(monkeypatch):
    models = models_of("gradient")
    needed = REPLICATES * memory_of_training(models[0], BATCH)
    memory = psutil.virtual_memory()._replace(total=needed - 1, available=1)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: memory)
    with pytest.raises(
        UserError, match=r"training 3 replicates together takes about .* this machine has .* take"
    ):
        train_stacked("gradient", models)
    memory = memory._replace(total=needed)
    assert np.isfinite(train_stacked("gradient", models)).all()


def test_weight_decay_shrinks_every_weight_apart_from_the_gradient():
    """It takes rate * decay of the weight that was there before the step."""
    case = "squared error"
    loss, (x, y) = build_loss(CASES[case][0]), data_of(case)
    with_decay, without, start = models_of(case), models_of(case), models_of(case)
    one_step = [np.stack([np.arange(BATCH)] * REPLICATES).astype(np.int32)]
    train(with_decay, loss, x, y, iter(one_step), Schedule(1, BATCH, 0.01, weight_decay=0.5))
    train(without, loss, x, y, iter(one_step), Schedule(1, BATCH, 0.01))
    for decayed, plain, initial in zip(with_decay, without, start, strict=True):
        weights = zip(decayed.weights, plain.weights, initial.weights, strict=True)
        for one, other, before in weights:
            assert np.abs(other.numpy() - before.numpy()).max() > 0
            expected = other.numpy() - 0.01 * 0.5 * before.numpy()
            np.testing.assert_allclose(one.numpy(), expected, atol=1e-7)


def test_training_noise_is_gaussian_and_each_replicate_has_its_own():
    inputs = tf.ones((2, 400, 50))

    @tf.function
    def noisy(inputs, step, seeds):
        return add_gaussian_noise(inputs, step, sigma=0.2, seeds=seeds)

    noise = noisy(inputs, tf.constant(3), [1, 2]).numpy() - 1
    # 20,000 numbers each: the standard errors are .2 / 141 and .2 / 200
    np.testing.assert_allclose(noise.mean(axis=(1, 2)), 0, atol=5 * 0.2 / 141)
    np.testing.assert_allclose(noise.std(axis=(1, 2)), 0.2, atol=5 * 0.2 / 200)
    assert abs(np.corrcoef(noise[0].ravel(), noise[1].ravel())[0, 1]) < 0.05
    alone = noisy(inputs[1:], tf.constant(3), [2]).numpy() - 1
    np.testing.assert_array_equal(alone[0], noise[1])
    later = noisy(inputs[1:], tf.constant(4), [2]).numpy() - 1
    assert abs(np.corrcoef(later.ravel(), alone.ravel())[0, 1]) < 0.05


def test_training_noise_is_the_same_however_long_the_training(monkeypatch):
    """XLA would draw other numbers, and so much more slowly that such trainings stay without it."""
    case, schedule, recorded = "squared error", Schedule(EPOCHS, BATCH, 1e-2), []
    loss, (x, y) = build_loss(CASES[case][0]), data_of(case)
    for compiled_from in (0, engine.COMPILED_FROM):
        monkeypatch.setattr(engine, "COMPILED_FROM", compiled_from)
        noisy = partial(add_gaussian_noise, sigma=0.2, seeds=list(range(REPLICATES)))
        trained = train(models_of(case), loss, x, y, orders(), schedule, augment=noisy)
        recorded.append(trained.losses)
    np.testing.assert_array_equal(*recorded)


def test_training_sees_the_augmented_inputs():
    case, steps = "squared error", []

    def zeros(inputs, step):
        steps.append(step)
        return tf.zeros_like(inputs)

    loss, (x, y) = build_loss(CASES[case][0]), data_of(case)
    augmented, blind = models_of(case), models_of(case)
    schedule = Schedule(EPOCHS, BATCH, 1e-2)
    train(augmented, loss, x, y, orders(), schedule, augment=zeros)
    train(blind, loss, np.zeros_like(x), y, orders(), schedule)
    assert steps
    for one, other in zip(augmented, blind, strict=True):
        for weight, expected in zip(one.get_weights(), other.get_weights(), strict=True):
            np.testing.assert_array_equal(weight, expected)


@pytest.mark.parametrize("case", ["gradient", "convolutional"])
def test_bfloat16_rounds_the_network_and_keeps_float32_weights(case):
    """Its 8 bits are good to 2**-8 an operation, so the first losses differ, and by little."""
    loss, (x, y) = build_loss(CASES[case][0]), data_of(case)
    order = [next(orders())]
    models, losses = {}, {}
    for precision in ("float32", "bfloat16"):
        models[precision] = models_of(case)
        schedule = Schedule(1, BATCH, 1e-3, precision=precision)
        losses[precision] = train(models[precision], loss, x, y, iter(order), schedule).losses
    assert (losses["float32"][0] != losses["bfloat16"][0]).all()
    np.testing.assert_allclose(losses["bfloat16"], losses["float32"], rtol=0.05)
    for model in models["bfloat16"]:
        assert {layer.compute_dtype for layer in model.layers} == {"float32"}
        for weight in model.weights:
            # With the lower half of its bits, which bfloat16 does not have.
            assert weight.dtype == "float32"
            assert (weight.numpy().view(np.uint32) & 0xFFFF).any()
