"""The claims of the documents and their judgement on made-up results."""

import numpy as np
import pandas as pd
import pytest

from gradloss.analysis.claims import CLAIMS, COLUMNS, judge_claims, replicate_values
from gradloss.support.results import METRIC_KEYS

# Every number that a claim may take from a document, typed from the documents' text.
REPORTED = {
    "000": [
        *(0.026652211, 0.022950811, 0.07023882, 0.16962628, 2.922454e-05),
        *(0.006087185222929046, 3.632833082686013e-05, 3.4149459069520544e-05),
        *(3.217657818045379e-05, 3.109250000287398e-05, 3.153061858664854e-05),
        *(3.0249257843927563e-05, 3.0093021347029008e-05, 2.9586733841231784e-05),
        2.8929466270286247e-05,
        *(8.772951, 0.03719834, 0.033582423, 0.03131363, 0.029599959, 0.028452879),
        *(0.027725188, 0.027242636, 0.026891032, 0.026641201),
        *(8.1206, 4.1835, 0.9938, 0.6948, 0.3138, 0.1751, 0.1310, 0.1065, 0.0945, 0.0849),
        *(0.0759, 0.0706),
        *(5.9058, 1.8395, 0.9278, 0.4496, 0.2357, 0.1588, 0.1187, 0.1059, 0.0926, 0.0838),
        *(0.0770, 0.0734),
    ],
    "001": [
        *(0.9033, 0.907, 0.8619, 0.8154, 0.0004996294),
        *(0.0008826909, 0.00066508434, 0.0005956925, 0.000531269, 0.00045660275),
        *(0.00045052278, 0.0004704871, 0.00045560423, 0.00042795483),
    ],
    "002": [
        *(0.9785, 0.9782, 9.277199e-05),
        *(0.00022991777, 0.00016096806, 0.00013518962, 0.00011561232, 0.00011101961),
        *(0.00010521267, 0.00011087055, 0.000108633445, 0.00010395485, 9.801582e-05),
        *(9.600283e-05, 9.6686e-05, 8.454644e-05, 8.760694e-05, 8.176513e-05, 8.39288e-05),
        *(8.118931e-05, 8.327232e-05),
    ],
    "003": [
        *(-0.71805906, 12.689999),
        *(-0.7696493, 12.655966, 8.807719, 8.03807, 7.2684207),
        *(-0.72692335, 12.650194, 9.015577, 8.288654, 7.561731),
        *(-0.6994947, 12.679553, 9.182079, 8.482585, 7.78309),
        *(-0.7317973, 12.652348, 8.993361, 8.261564, 7.5297666),
        *(-0.7890887, 12.644999, 8.699554, 7.910466, 7.1213775),
        *(-0.7223748, 12.674201, 9.062326, 8.339952, 7.6175776),
        *(-0.7307422, 12.66002, 9.006309, 8.275566, 7.5448246),
        *(0.22706842585597964, 0.22706842585597964, 0.22706842585597964),
    ],
    "004": [
        *(0.9783, 0.0149, 0.9924, -0.8296, 1.0),
        *(0.6832, -0.7488, -0.7921, -0.8035, -0.8232, -0.8207, -0.8376, -0.8252, -0.8320),
        *(0.5668, 0.9578, 0.9734, 0.9783, 0.9749, 0.9690, 0.9940, 0.9878, 0.9810),
        *(0.1250, 0.0209, 0.0181, 0.0175, 0.0152, 0.0148, 0.0156, 0.0163, 0.0149),
        *(0.7808, 0.9795, 0.9865, 0.9875, 0.9913, 0.9920, 0.9911, 0.9888, 0.9926),
        *(41985, 768, 32896, 8256, 65),
    ],
}
OURS = ["P1", "P2", "P3", "P4", "P5", "anchors", "causes"]


def metrics(rows):
    return pd.DataFrame(rows, columns=[*METRIC_KEYS, "value"])


def rows_of(quantity, values):
    """Metrics of one quantity; perturbed, each replicate has two draws around its value, the
    first of which is 1 % less, or more where the replicate's number is odd.
    """
    name, _, at = quantity.partition("@")
    perturbation, _, level = at.rpartition(":")
    dataset, method, measure = name.split("/")
    for replicate, value in enumerate(values):
        key = (dataset, method, replicate, measure)
        if level:
            where = (perturbation or "gaussian", float(level))
            apart = 0.01 * value * (-1) ** replicate
            yield (*key, *where, 0, value - apart)
            yield (*key, *where, 1, value + apart)
        else:
            yield (*key, "none", 0.0, 0, value)


def verdict_of(judged, identifier):
    position = [claim.id for claim in CLAIMS].index(identifier)
    return judged.iloc[position]


def test_claims_are_told_apart_by_their_words():
    words = [(claim.document, claim.claim) for claim in CLAIMS]
    assert len(set(words)) == len(words)


def test_claims_come_in_the_order_of_the_documents_and_then_of_the_predictions():
    documents = [claim.document for claim in CLAIMS]
    assert list(dict.fromkeys(documents)) == [*REPORTED, *OURS]
    assert documents == sorted(documents)


@pytest.mark.parametrize("document", [*REPORTED, *OURS])
def test_reported_numbers_are_those_of_the_documents(document):
    claims = [claim for claim in CLAIMS if claim.document == document]
    found = [claim.reported for claim in claims if np.isfinite(claim.reported)]
    assert sorted(found) == sorted(REPORTED.get(document, []))


def test_reported_predictions_follow_from_the_reported_weights():
    numbers = {claim.id: claim.reported for claim in CLAIMS}
    variants = [name.removesuffix("-slope") for name in numbers if name.endswith("-slope")]
    predicted = [name for name in variants if f"{name}-prediction-5" in numbers]
    assert len(predicted) == 7
    for name in predicted:
        for x in (5, 6, 7):
            value = numbers[f"{name}-slope"] * x + numbers[f"{name}-intercept"]
            assert numbers[f"{name}-prediction-{x}"] == pytest.approx(value, abs=2e-6)


def test_a_series_is_one_claim_per_number():
    series = [claim for claim in CLAIMS if claim.id.startswith("boston-gradient-loss-")]
    assert len(series) == 10
    assert vars(series[1]) == {
        "id": "boston-gradient-loss-101",
        "document": "000",
        "claim": "Gradient loss of the last batch, epoch 101",
        "quantities": ["boston/gradient/last_batch_loss@epoch:101"],
        "rule": "number",
        "reported": 3.632833082686013e-05,
        "bound": pytest.approx(np.nan, nan_ok=True),
        "headline": False,
        "cannot_fail": "",
        "derived": False,
        "left_out": False,
    }


def test_what_cannot_fail_says_why():
    reasons = {claim.cannot_fail for claim in CLAIMS} - {""}
    assert reasons == {"identity", "theorem", "count", "construction"}
    numbers = [claim for claim in CLAIMS if claim.rule == "number"]
    assert all(claim.can_fail for claim in numbers)
    counts = [claim for claim in CLAIMS if "parameters" in claim.quantities[0]]
    assert {claim.cannot_fail for claim in counts} == {"count"}


def test_main_claims_are_independent_and_of_documents():
    main = [claim for claim in CLAIMS if claim.headline]
    assert not any(claim.is_on_curve or claim.derived for claim in main)
    assert {claim.document for claim in main} == set(REPORTED)
    quantities = [claim.quantities[0] for claim in main if claim.rule == "number"]
    assert len(set(quantities)) == len(quantities)


def test_derived_numbers_are_the_predictions_of_printed_lines():
    derived = [claim.id for claim in CLAIMS if claim.derived]
    assert derived == [claim.id for claim in CLAIMS if "-prediction-" in claim.id]


def test_the_spread_is_that_of_all_printed_slopes():
    claims = {claim.id: claim for claim in CLAIMS}
    slopes = [claim.reported for name, claim in claims.items() if name.endswith("-slope")]
    assert claims["linear-spread"].bound == slopes[1:]  # without that of least squares


def test_the_gaps_pair_clean_and_attacked_accuracy_of_one_method():
    for claim in CLAIMS:
        if claim.rule != "smallest_gap":
            continue
        names = [quantity.partition("@")[0] for quantity in claim.quantities]
        levels = [quantity.partition("@")[2] for quantity in claim.quantities]
        assert names[::2] == names[1::2]
        assert set(levels[::2]) == {"subset:0"}
        assert set(levels[1::2]) == {"pgd_l2:1"}


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
                ("d", "a", 0, "mse", "pgd_l2", 1.58, 0, 98.0),
                ("d", "a", 0, "mse", "subset", 0.0, 0, 97.0),
                ("d", "a", 0, "mse", "epoch", 101.0, 0, 96.0),
            ]
        )
    )
    expected = {
        "d/a/mse": [7, 8],
        "d/a/mse@0.1": [2],
        "d/a/mse@0.15": [5],
        "d/a/mse@uniform:0.1": [99],
        "d/a/mse@pgd_l2:1.58": [98],
        "d/a/mse@subset:0": [97],
        "d/a/mse@epoch:101": [96],
    }
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
                *rows_of("two_moons/hkr/final_mean_hinge", 0.015 + 2 * noise),
                *rows_of("two_moons/hkr/mean_loss@epoch:1", -0.2 + noise),
                *rows_of("two_moons/hkr/mean_loss@epoch:2", -0.75 + noise),
                *rows_of("trilotropicos/scikit_learn/slope", [-0.71806]),
                *rows_of("trilotropicos/loss_inside/target_gap", [0.0, 1e-7]),
                *rows_of("boston/brier/mse@0.1", 0.07 - 1e-4 + noise[::-1]),
                *rows_of("boston/gradient/last_batch_loss@epoch:101", 1e-4 + 1e-4 * noise),
                *rows_of("mnist/hkr_robust/accuracy", 0.97 + noise),
            ]
        )
    )
    assert judged.columns.tolist() == COLUMNS
    assert judged["claim"].tolist() == [claim.claim for claim in CLAIMS]
    assert judged["document"].tolist() == [claim.document for claim in CLAIMS]
    verdicts = {
        "boston-gradient-clean": "reproduced",
        "boston-baseline-clean": "not reproduced",
        "boston-gradient-noisy": "reproduced",
        "boston-baseline-noisy": "not reproduced",
        "boston-approaches": "reproduced",
        "boston-outperforms": "not reproduced",
        "moons-hinge": "compatible",
        "moons-loss-1": "not reproduced",
        "moons-loss-2": "reproduced",
        "linear-ols-slope": "reproduced",
        "linear-targets-unused": "not reproduced",
        "boston-gradient-loss-101": "not reproduced",
        "p1-boston-beats": "inconclusive",
        "p1-boston-share": "reproduced",
        "anchor-mnist-robust": "reproduced",
        "anchor-mnist-accurate": "not computed",
    }
    assert {name: verdict_of(judged, name).verdict for name in verdicts} == verdicts
    clean = verdict_of(judged, "boston-gradient-clean")
    assert clean.replicates == 6
    assert clean.reported == 0.026652211
    assert clean.replicated == pytest.approx(np.exp(np.log(0.0267 + noise).mean()))
    assert clean.pi_low < clean.ci_low < clean.replicated < clean.ci_high < clean.pi_high
    assert judged["sharp"].notna().sum() == judged["pi_low"].notna().sum() == 8
    assert judged["can_fail"].tolist() == [claim.can_fail for claim in CLAIMS]
    assert judged["headline"].tolist() == [claim.headline for claim in CLAIMS]


def test_a_number_is_found_by_averages_of_draws_and_judged_by_the_first():
    values = np.full(4, 0.07)
    judged = judge_claims(metrics(rows_of("boston/gradient/mse@0.1", values)))
    noisy = verdict_of(judged, "boston-gradient-noisy")
    assert (noisy.ci_low, noisy.ci_high) == pytest.approx((0.07, 0.07))
    logs = np.log([0.0693, 0.0707, 0.0693, 0.0707])
    half = 3.1824 * logs.std(ddof=1) * np.sqrt(1 + 1 / 4)
    assert np.log([noisy.pi_low, noisy.pi_high]) == pytest.approx(
        [logs.mean() - half, logs.mean() + half], abs=1e-5
    )
    assert (noisy.sharp, noisy.verdict) == (True, "reproduced")


def test_claims_without_results_have_no_verdict():
    judged = judge_claims(metrics([*rows_of("boston/gradient/mse", [0.026, 0.027, 0.0265])]))
    missing = judged.iloc[1:]
    assert judged.iloc[0].verdict == "reproduced"
    assert (missing["verdict"] == "not computed").all()
    assert (missing["replicates"] == 0).all()
    found = ["replicated", "ci_low", "ci_high", "pi_low", "pi_high", "sharp"]
    assert missing[found].isna().all(axis=None)
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


def test_claims_about_replicates_that_were_never_run_together_have_no_verdict():
    rows = [
        ("boston", method, replicate, "mse", "none", 0.0, 0, 0.02)
        for method, replicates in (("gradient", range(3)), ("baseline", range(3, 6)))
        for replicate in replicates
    ]
    judged = judge_claims(pd.DataFrame(rows, columns=[*METRIC_KEYS, "value"]))
    found = verdict_of(judged, "boston-approaches")
    assert (found.verdict, found.replicates) == ("not computed", 0)
    assert np.isnan(found.replicated)
