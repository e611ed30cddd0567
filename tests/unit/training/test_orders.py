"""The order of the examples in each epoch."""

from itertools import islice

import numpy as np
import pytest

from gradloss.support.errors import UserError
from gradloss.training.orders import balanced, epoch_orders

LABELS = np.array([0, 1] * 30)
TRAIN = [np.arange(5, 45), np.arange(59, 19, -1)]


def seed_of(position, epoch):
    return 100 * position + epoch


def orders(settings, train=TRAIN, seeds=seed_of, epochs=3):
    return list(islice(epoch_orders(settings, train, LABELS, seeds), epochs))


def test_file_order_is_the_same_in_every_epoch():
    for order in orders({"order": "file"}):
        assert order.dtype == np.int32
        np.testing.assert_array_equal(order, TRAIN)


def test_shuffled_order_is_a_new_permutation_for_every_epoch_and_replicate():
    drawn = orders({"order": "shuffled"})
    for order in drawn:
        assert order.dtype == np.int32
        for row, members in zip(order, TRAIN, strict=True):
            np.testing.assert_array_equal(np.sort(row), np.sort(members))
    ranks = {tuple(row) for order in drawn for row in order}
    assert len(ranks) == 6
    alike = orders({"order": "shuffled"}, train=[TRAIN[0], TRAIN[0]], epochs=1)[0]
    assert not np.array_equal(*alike)


@pytest.mark.parametrize(
    "settings",
    [
        {"order": "shuffled"},
        {"order": "balanced", "classes": 2, "batch_size": 8, "steps_per_epoch": 3},
    ],
)
def test_the_seed_alone_decides_the_order(settings):
    first = orders(settings)
    np.random.default_rng(0).random()
    np.testing.assert_array_equal(first, orders(settings))
    swapped = orders(settings, train=TRAIN[::-1], seeds=lambda p, epoch: seed_of(1 - p, epoch))
    for one, two in zip(first, swapped, strict=True):
        np.testing.assert_array_equal(one, two[::-1])
    other = orders(settings, seeds=lambda p, epoch: seed_of(p, epoch) + 1000)
    assert not np.array_equal(first, other)


def test_balanced_batches_hold_half_of_each_class_without_repeats():
    settings = {"order": "balanced", "classes": 2, "batch_size": 12, "steps_per_epoch": 9}
    for order in orders(settings):
        assert order.dtype == np.int32
        assert order.shape == (2, 9 * 12)
        for row, members in zip(order, TRAIN, strict=True):
            for batch in row.reshape(9, 12):
                assert LABELS[batch].tolist() == [0] * 6 + [1] * 6
                assert len(set(batch)) == 12
                assert set(batch) <= set(members)


def test_balanced_batches_are_drawn_evenly():
    rng = np.random.default_rng(0)
    drawn = balanced(rng, TRAIN[0], LABELS, 2, batch_size=8, steps=2000)
    counts = np.bincount(drawn, minlength=len(LABELS))[TRAIN[0]]
    # 2000 draws of 4 out of 20 each: mean 400, standard deviation sqrt(2000 * .2 * .8) = 17.9
    assert np.abs(counts - 400).max() < 5 * 17.9
    assert counts.sum() == 16000


def test_a_batch_as_large_as_both_classes_is_possible():
    batch = balanced(np.random.default_rng(0), TRAIN[0], LABELS, 2, batch_size=40, steps=1)
    assert set(batch) == set(TRAIN[0])


@pytest.mark.parametrize("batch_size", [42, 7])
def test_batches_that_cannot_be_balanced(batch_size):
    message = (
        f"batch_size {batch_size} cannot be balanced over 2 classes, the smallest of 20 examples; "
        "choose a multiple of 2, at most 40"
    )
    with pytest.raises(UserError, match=message):
        balanced(np.random.default_rng(0), TRAIN[0], LABELS, 2, batch_size, steps=1)


def test_all_of_several_classes_are_balanced():
    labels = np.arange(90) % 3
    settings = {"order": "balanced", "classes": 3, "batch_size": 12, "steps_per_epoch": 4}
    [order] = next(epoch_orders(settings, [np.arange(90)], labels, seed_of))
    for batch in order.reshape(4, 12):
        assert labels[batch].tolist() == [0] * 4 + [1] * 4 + [2] * 4
        assert len(set(batch)) == 12


def test_a_class_that_is_absent_cannot_be_balanced():
    with pytest.raises(UserError, match="the smallest of 0 examples"):
        balanced(np.random.default_rng(0), TRAIN[0], LABELS, 3, batch_size=12, steps=1)


def test_unknown_order():
    with pytest.raises(UserError, match="order 'random' is unknown; use file, shuffled or balan"):
        orders({"order": "random"})
