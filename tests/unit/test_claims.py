"""The claims of the documents and their judgement on made-up results."""

import re

import numpy as np
import pandas as pd
import pytest

from gradloss.claims import CLAIMS, COLUMNS, judge_claims, replicate_values
from gradloss.results import METRIC_KEYS
from gradloss.verdicts import RULES

# Every number that a claim may take from a document, typed from the documents' text.
REPORTED = {
    "000": {0.026652211, 0.022950811, 0.07023882, 0.16962628, 2.922454e-05},
    "001": {0.9033, 0.907, 0.8619, 0.8154, 0.0004996294},
    "002": {0.9785, 0.9782, 9.277199e-05},
    "003": {
        *(-0.71805906, 12.689999),
        *(-0.7696493, 12.655966),
        *(-0.72692335, 12.650194),
        *(-0.6994947, 12.679553),
        *(-0.7317973, 12.652348),
        *(-0.7890887, 12.644999),
        *(-0.7223748, 12.674201),
        *(-0.7307422, 12.66002),
    },
    "004": {0.9783, 0.0149, 0.9924},
}

# What each rule needs: the reported number, a bound, and how many quantities.
NEEDS_REPORTED = {"number", "exact"}
NEEDS_NO_BOUND = {"number"}
ONE_QUANTITY = {"number", "exact", "vanishing"}


def metrics(rows):
    return pd.DataFrame(rows, columns=[*METRIC_KEYS, "value"])


def rows_of(quantity, values):
    """Metrics of one quantity; under noise each replicate has two draws around its value."""
    name, _, level = quantity.partition("@")
    dataset, method, measure = name.split("/")
    for replicate, value in enumerate(values):
        key = (dataset, method, replicate, measure)
        if level:
            yield (*key, "gaussian", float(level), 0, value - 0.01)
            yield (*key, "gaussian", float(level), 1, value + 0.01)
        else:
            yield (*key, "none", 0.0, 0, value)


def verdict_of(judged, identifier):
    position = [claim.id for claim in CLAIMS].index(identifier)
    return judged.iloc[position]


def test_there_are_enough_claims_with_names_of_their_own():
    identifiers = [claim.id for claim in CLAIMS]
    assert len(identifiers) >= 40
    assert len(set(identifiers)) == len(identifiers)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", identifier) for identifier in identifiers)


def test_claims_come_in_the_order_of_the_documents():
    documents = [claim.document for claim in CLAIMS]
    assert documents == sorted(documents)
    assert set(documents) == {"000", "001", "002", "003", "004"}


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_claims_are_well_formed(claim):
    assert claim.rule in RULES
    assert claim.claim
    for quantity in claim.quantities:
        assert re.fullmatch(r"[a-z_]+/[a-z_]+/[a-z_0-9]+(@0\.\d+)?", quantity)
    assert len(set(claim.quantities)) == len(claim.quantities)
    if claim.rule == "equal":
        assert len(claim.quantities) > 1
    else:
        assert len(claim.quantities) == (1 if claim.rule in ONE_QUANTITY else 2)
    assert np.isfinite(claim.reported) == (claim.rule in NEEDS_REPORTED)
    assert np.all(np.isfinite(claim.bound)) == (claim.rule not in NEEDS_NO_BOUND)


@pytest.mark.parametrize("document", REPORTED)
def test_reported_numbers_are_those_of_the_documents(document):
    claims = [claim for claim in CLAIMS if claim.document == document]
    found = [claim.reported for claim in claims if np.isfinite(claim.reported)]
    assert len(found) == len(set(found))
    assert set(found) == REPORTED[document]


def test_values_are_averages_of_draws_by_replicate():
    values = replicate_values(
        metrics(
            [
                ("d", "a", 1, "mse", "none", 0.0, 0, 8.0),
                ("d", "a", 0, "mse", "none", 0.0, 0, 7.0),
                ("d", "a", 0, "mse", "gaussian", 0.1, 0, 1.0),
                ("d", "a", 0, "mse", "gaussian", 0.1, 1, 3.0),
                ("d", "a", 0, "mse", "gaussian", 0.15, 0, 5.0),
                ("d", "a", 0, "mse", "uniform", 0.1, 0, 99.0),
            ]
        )
    )
    expected = {"d/a/mse": [7, 8], "d/a/mse@0.1": [2], "d/a/mse@0.15": [5]}
    assert {name: array.tolist() for name, array in values.items()} == expected


def test_judgement_of_made_up_results():
    rng = np.random.default_rng(0)
    noise = rng.normal(scale=1e-3, size=6)
    judged = judge_claims(
        metrics(
            [
                *rows_of("boston/gradient/mse", 0.0267 + noise),
                *rows_of("boston/baseline/mse", 0.0400 + noise),
                *rows_of("boston/gradient/mse@0.1", 0.07 + noise),
                *rows_of("boston/baseline/mse@0.1", 0.09 + noise),
                *rows_of("trilotropicos/scikit_learn/slope", [-0.71806]),
                *rows_of("trilotropicos/loss_inside/target_gap", [0.0, 1e-7]),
            ]
        )
    )
    assert judged.columns.tolist() == COLUMNS
    assert judged["claim"].tolist() == [claim.claim for claim in CLAIMS]
    assert judged["seed"].tolist() == [claim.document for claim in CLAIMS]
    verdicts = {
        "boston-gradient-clean": "reproduced",
        "boston-baseline-clean": "not reproduced",
        "boston-gradient-noisy": "reproduced",
        "boston-baseline-noisy": "not reproduced",
        "boston-approaches": "reproduced",
        "boston-outperforms": "not reproduced",
        "linear-ols-slope": "reproduced",
        "linear-targets-unused": "not reproduced",
    }
    assert {name: verdict_of(judged, name).verdict for name in verdicts} == verdicts
    clean = verdict_of(judged, "boston-gradient-clean")
    assert clean.replicates == 6
    assert clean.reported == 0.026652211
    assert clean.replicated == pytest.approx(0.0267 + noise.mean())
    assert clean.ci_low < clean.replicated < clean.ci_high


def test_claims_without_results_are_inconclusive():
    judged = judge_claims(metrics([*rows_of("boston/gradient/mse", [0.02, 0.03, 0.04])]))
    missing = judged.iloc[1:]
    assert judged.iloc[0].verdict == "reproduced"
    assert (missing["verdict"] == "inconclusive").all()
    assert (missing["replicates"] == 0).all()
    assert missing[["replicated", "ci_low", "ci_high"]].isna().all(axis=None)
    assert len(judged) == len(CLAIMS)


def test_comparisons_pair_by_replicate_number_and_not_by_position():
    rows = [
        ("boston", method, replicate, "mse", "none", 0.0, 0, 0.02 + 0.01 * replicate)
        for method, replicates in (("gradient", range(4)), ("baseline", range(1, 7)))
        for replicate in replicates
    ]
    metrics = pd.DataFrame(rows, columns=[*METRIC_KEYS, "value"])
    claims = judge_claims(metrics)
    approaches = next(i for i, claim in enumerate(CLAIMS) if claim.id == "boston-approaches")
    assert claims.loc[approaches, "replicated"] == 1
    assert claims.loc[approaches, "replicates"] == 3
