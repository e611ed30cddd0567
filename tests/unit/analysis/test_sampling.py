"""Claims on images, from files of bits to differences with both kinds of interval."""

import numpy as np
import pandas as pd
import pytest

from gradloss.analysis.claims import CLAIMS
from gradloss.analysis.crossed import crossed_interval
from gradloss.analysis.sampling import DIFFERENCES, compare_on_images, read_images
from gradloss.analysis.summaries import estimate
from gradloss.analysis.verdicts import PAIRED_RULES
from gradloss.evaluation.correctness import write_correct

IDS = {claim.id: claim for claim in CLAIMS}


def random_correct(seed, replicates, share=0.7, images=60):
    return np.random.default_rng(seed).random((replicates, images)) < share


@pytest.fixture
def files(tmp_path):
    """MNIST's main pair in jobs of two replicates, the baseline with one replicate more."""
    written = []
    for seed, (method, jobs) in enumerate({"gradient": (2, 2), "baseline": (2, 2, 1)}.items()):
        first = 0
        for job, count in enumerate(jobs):
            path = tmp_path / "mnist" / method / f"{first}-{first + count - 1}.npz"
            path.parent.mkdir(parents=True, exist_ok=True)
            conditions = {
                "none": random_correct([seed, job], count),
                "gaussian@0.1": random_correct([seed, job, 1], count),
            }
            write_correct(path, conditions)
            written.append(path)
            first += count
    return written


def test_jobs_of_a_method_are_joined_under_the_name_of_its_accuracy(files):
    correct = read_images(files)
    assert set(correct) == {
        f"mnist/{method}/accuracy{at}" for method in ("gradient", "baseline") for at in ("", "@0.1")
    }
    joined = np.concatenate([random_correct([1, job, 1], (2, 2, 1)[job]) for job in range(3)])
    np.testing.assert_array_equal(correct["mnist/baseline/accuracy@0.1"], joined)


def test_attacks_have_the_names_of_their_claims(tmp_path):
    path = tmp_path / "mnist" / "brier" / "0-0.npz"
    write_correct(path, {"subset": random_correct(0, 1), "pgd_l2@1": random_correct(1, 1)})
    assert set(read_images([path])) == {
        "mnist/brier/accuracy@subset:0",
        "mnist/brier/accuracy@pgd_l2:1",
    }


def test_a_claim_is_compared_on_the_replicates_that_both_sides_have(files):
    correct = read_images(files)
    (row,) = compare_on_images(correct).itertuples()
    assert (row.document, row.id) == ("002", "mnist-approaches")
    values = (
        correct["mnist/baseline/accuracy"][:4].astype(float) - correct["mnist/gradient/accuracy"]
    )
    alone, crossed = estimate(pd.Series(values.mean(axis=1))), crossed_interval(values)
    assert (row.replicates, row.images) == (4, 60)
    assert (row.difference, row.ci_low, row.ci_high) == pytest.approx(
        (alone.mean, alone.low, alone.high)
    )
    assert (row.crossed_low, row.crossed_high) == pytest.approx((crossed.low, crossed.high))


def test_the_smallest_gap_is_compared_with_the_nearest_other():
    claim = IDS["p5-mnist-gap"]
    correct = {
        name: random_correct(seed, 3, share).astype(np.int8)
        for seed, (name, share) in enumerate(
            zip(claim.quantities, [0.9, 0.8, 0.9, 0.1, 0.9, 0.5, 0.9, 0.2, 0.9, 0.3], strict=True)
        )
    }
    (row,) = compare_on_images(correct).itertuples()
    gaps = {
        name.split("/")[1]: np.mean(clean - correct[attacked])
        for (name, clean), attacked in zip(
            list(correct.items())[::2], list(correct)[1::2], strict=True
        )
    }
    assert row.id == claim.id
    assert row.difference == pytest.approx(gaps["baseline"] - gaps["hkr_robust"])


@pytest.mark.parametrize("rule", DIFFERENCES)
def test_the_difference_of_a_rule_is_what_the_rule_finds(rule):
    generator = np.random.default_rng(4)
    count = 6 if rule == "smallest_gap" else 2
    arrays = [generator.integers(0, 2, (3, 40)) for _ in range(count)]
    found = PAIRED_RULES[rule](0.0, *(array.mean(axis=1) for array in arrays)).found
    assert DIFFERENCES[rule](*arrays).mean() == pytest.approx(found.mean)


def test_without_any_image_the_table_is_empty():
    table = compare_on_images({})
    assert table.empty and "crossed_low" in table
