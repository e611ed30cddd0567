"""The rows that attacks on the models of a job give."""

import logging

import keras
import numpy as np
import pytest

from gradloss.data.pool import Pool
from gradloss.evaluation.attacks import ATTACKED, attack_run, attacked_subset, condition
from gradloss.networks.architectures import build_network, decode_classes
from gradloss.networks.replicate import model_path, split_of
from gradloss.support.errors import UserError
from gradloss.support.results import METRIC_KEYS

# Keras 3.15 reads a variable with numpy.array(variable), which NumPy 2 finds outdated.
pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning:keras"
)

PERCEPTRON = {"name": "multilayer_perceptron", "hidden": [16]}
ATTACKS = {
    "images": 24,
    "replicates": 2,
    "starts": 2,
    "steps": 10,
    "l2": [0.1, 0.3],
    "linf": [0.02],
    "ensemble": {"l2": 0.3, "linf": 0.05, "targets": 0, "square_queries": 10},
}
SETTINGS = {
    "dataset": "images",
    "method": "baseline",
    "rule": "baseline",
    "task": "classification",
    "classes": 3,
    "seed": 7,
}


@pytest.fixture
def run(tmp_path):
    """A pool of flat images with a fixed test part, and the folder of a job's three models."""
    x = np.random.default_rng(0).random((100, 100), dtype=np.float32)
    labels = np.random.default_rng(1).integers(0, 3, 100)
    for replicate in range(3):
        model = build_network(PERCEPTRON, (100,), 3, "softmax", replicate)
        model.save(model_path(tmp_path, replicate))
    return Pool(x, labels, n_train=60), tmp_path


def test_rows_of_a_run(run, caplog):
    pool, folder = run
    with caplog.at_level(logging.INFO, logger="gradloss.support.progress"):
        frame, correct = attack_run(SETTINGS, ATTACKS, pool, folder, [0, 1, 2])
    assert caplog.messages[0].startswith("accuracy 1 of 14, replicate 0, subset 0: ")
    assert caplog.messages[-1].startswith("accuracy 14 of 14, replicate 1, pgd_linf 0.02: ")
    assert frame.columns.tolist() == [*METRIC_KEYS, "value"]
    assert frame.equals(frame.sort_values(METRIC_KEYS, ignore_index=True))
    assert set(frame["dataset"]) == {"images"}
    assert set(frame["measure"]) == {"accuracy"}
    assert set(frame["draw"]) == {0}
    wanted = [
        ("ensemble_l2", 0.3),
        ("ensemble_linf", 0.05),
        ("pgd_l2", 0.1),
        ("pgd_l2", 0.3),
        ("pgd_linf", 0.02),
        ("pgd_linf", 0.05),
        ("subset", 0.0),
    ]
    values = frame.set_index(["replicate", "perturbation", "level"])["value"]
    assert values.index.tolist() == [(number, *key) for number in (0, 1) for key in wanted]
    for replicate in (0, 1):
        own = values[replicate]
        subset = attacked_subset(SETTINGS, 24, pool, replicate)
        model = keras.models.load_model(model_path(folder, replicate), compile=False)
        labels = decode_classes(np.asarray(model(pool.x[subset])), "softmax")
        assert own["subset", 0.0] == np.mean(labels == pool.y[subset])
        assert own["subset", 0.0] >= own["pgd_l2", 0.1] >= own["pgd_l2", 0.3]
        assert own["ensemble_l2", 0.3] <= own["pgd_l2", 0.3] < own["subset", 0.0]
        assert own["ensemble_linf", 0.05] <= own["pgd_linf", 0.05]
        _, test = split_of(SETTINGS, pool, replicate)
        assert test[correct[ATTACKED][replicate]].tolist() == subset.tolist()
        assert correct["subset"][replicate].tolist() == (labels == pool.y[subset]).tolist()
        for perturbation, level in wanted:
            bits = correct[condition(perturbation, level)]
            assert bits.shape == (2, 24)
            assert bits[replicate].mean() == own[perturbation, level]
    again, bits = attack_run(SETTINGS, ATTACKS, pool, folder, [0, 1])
    assert again.equals(frame)
    assert all((bits[name] == right).all() for name, right in correct.items())


def test_replicates_that_are_not_attacked_leave_the_columns(run):
    pool, folder = run
    frame, correct = attack_run(SETTINGS, ATTACKS, pool, folder, [2, 3])
    assert frame.empty
    assert correct == {}
    assert frame.columns.tolist() == [*METRIC_KEYS, "value"]


def test_every_method_and_replicate_is_attacked_on_the_same_images(run):
    pool, _ = run
    subset = attacked_subset(SETTINGS, 24, pool, 0)
    assert len(set(subset)) == 24
    assert subset.tolist() == sorted(subset)
    assert set(attacked_subset(SETTINGS, 7, pool, 0)) < set(subset)
    assert set(subset) <= set(split_of(SETTINGS, pool, 0)[1])
    for settings, replicate in (({**SETTINGS, "method": "gradient"}, 0), (SETTINGS, 1)):
        np.testing.assert_array_equal(attacked_subset(settings, 24, pool, replicate), subset)
    assert set(attacked_subset({**SETTINGS, "seed": 8}, 24, pool, 0)) != set(subset)


@pytest.mark.parametrize(
    ("change", "attacks", "inputs", "message"),
    [
        ({}, {"images": 41}, {}, "attacks.images of images is 41, and its test part has 40"),
        ({}, {}, {"scale": 2}, r"images is a classification of inputs in \[.*\]; remove its `att"),
        ({"task": "regression"}, {}, {}, "in .0, 1., and images is a regression of inputs in"),
        (
            {},
            {},
            {"columns": 99},
            r"needs images, and images has examples of shape \(99,\); remove",
        ),
    ],
)
def test_what_cannot_be_attacked(run, change, attacks, inputs, message):
    pool, folder = run
    x = inputs.get("scale", 1) * pool.x[:, : inputs.get("columns", 100)]
    with pytest.raises(UserError, match=message):
        attack_run({**SETTINGS, **change}, {**ATTACKS, **attacks}, Pool(x, pool.y, 60), folder, [0])
