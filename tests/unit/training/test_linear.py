"""The variants of linear regression: one mathematics, and near to least squares."""

import keras
import numpy as np
import pytest

from gradloss.data.pool import Pool
from gradloss.evaluation.linear import (
    PROBES,
    PUBLISHED_PAIRS,
    evaluate_variants,
    least_squares,
    measure_variant,
    mse_three_ways,
)
from gradloss.networks.linear import VARIANTS, variant_path
from gradloss.support.errors import UserError
from gradloss.training.linear import train_variant

# Keras 3.15 reads a variable with numpy.array(variable), which NumPy 2 finds outdated.
pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning:keras"
)

SETTINGS = {"epochs": 5, "batch_size": 16, "learning_rate": 0.01, "seed": 3, "dataset": "line"}


@pytest.fixture(scope="module")
def line():
    """Points around y = 3 - 0.7 x."""
    rng = np.random.default_rng(0)
    x = rng.uniform(0, 4, size=(70, 1)).astype(np.float32)
    return Pool(x, (3 - 0.7 * x[:, 0] + rng.normal(0, 0.2, 70)).astype(np.float32), n_train=70)


@pytest.fixture(scope="module")
def trained(line):
    return {variant: train_variant(variant, line.x, line.y, SETTINGS, 0) for variant in VARIANTS}


def test_variants_agree(trained):
    measured = {variant: measure_variant(model) for variant, model in trained.items()}
    for variant, measures in measured.items():
        assert measures.pop("target_gap" if variant == "loss_inside" else "predict_gap") == 0
    reference = measured["sequential_mse"]
    for variant, measures in measured.items():
        assert measures == pytest.approx(reference, abs=1e-6), variant


def test_training_is_stochastic_gradient_descent_on_the_squared_error(line):
    """One batch of all points: the steps do not depend on the order and can be done by hand."""
    settings = {**SETTINGS, "batch_size": 70, "epochs": 3}
    still = train_variant("loss_inside", line.x, line.y, {**settings, "learning_rate": 1e-30}, 0)
    start = measure_variant(still)
    slope, intercept = start["slope"], start["intercept"]
    x, y = line.x[:, 0].astype(float), line.y.astype(float)
    for _ in range(3):
        residual = slope * x + intercept - y
        slope -= 0.01 * np.mean(2 * residual * x)
        intercept -= 0.01 * np.mean(2 * residual)
    for variant in ("sequential_own", "loss_inside"):
        measures = measure_variant(train_variant(variant, line.x, line.y, settings, 0))
        assert measures["slope"] == pytest.approx(slope, abs=1e-5)
        assert measures["intercept"] == pytest.approx(intercept, abs=1e-5)


def test_a_long_training_comes_near_least_squares(line):
    settings = {**SETTINGS, "epochs": 400}
    measures = measure_variant(train_variant("functional_own", line.x, line.y, settings, 0))
    assert measures.pop("predict_gap") == 0
    exact = least_squares(line.x, line.y)
    assert measures == pytest.approx(exact, abs=0.05)


def test_replicates_differ_and_repeat(line):
    first, again, other = (
        measure_variant(train_variant("sequential_mse", line.x, line.y, SETTINGS, replicate))
        for replicate in (0, 0, 1)
    )
    assert first == again
    assert abs(first["slope"] - other["slope"]) > 1e-4


def test_targets_change_the_loss_inside_the_model_but_not_its_outputs(trained):
    model = trained["loss_inside"]
    losses, outputs = [], []
    for target in (0.0, 10.0):
        targets = np.full_like(PROBES, target)
        outputs.append(np.asarray(model([PROBES, targets])))
        losses.append(float(sum(model.losses)))
        expected = np.mean((outputs[-1] - target) ** 2)
        assert losses[-1] == pytest.approx(expected, rel=1e-5)
    assert losses[0] != pytest.approx(losses[1])
    np.testing.assert_array_equal(*outputs)


def test_measures_are_the_weights_and_the_line_at_the_probes(trained):
    measures = measure_variant(trained["functional_mse"])
    slope, intercept = measures["slope"], measures["intercept"]
    for probe in (5, 6, 7):
        expected = slope * probe + intercept
        assert measures[f"prediction_{probe}"] == pytest.approx(expected, rel=1e-6)


def test_least_squares_against_numpy(line):
    design = np.column_stack([line.x.astype(float), np.ones(70)])
    (slope, intercept), *_ = np.linalg.lstsq(design, line.y.astype(float))
    expected = {"slope": slope, "intercept": intercept}
    expected |= {f"prediction_{probe}": slope * probe + intercept for probe in (5, 6, 7)}
    assert least_squares(line.x, line.y) == pytest.approx(expected, abs=1e-5)


def test_three_computations_of_one_mean_squared_error():
    errors = mse_three_ways()
    expected = sum((one - two) ** 2 for one, two in zip(*PUBLISHED_PAIRS, strict=True)) / 5
    assert errors == pytest.approx(dict.fromkeys(("numpy", "keras", "own"), expected), abs=1e-12)


def test_models_keep_their_predictions_through_files(trained, line, tmp_path):
    for variant, model in trained.items():
        path = variant_path(tmp_path, variant, 0)
        model.save(path)
        assert path.name == f"{variant}_000.keras"
        assert measure_variant(keras.models.load_model(path)) == measure_variant(model)

    rows = evaluate_variants(SETTINGS, line, tmp_path, [0])
    assert set(rows["method"]) == {*VARIANTS, "scikit_learn", "mse"}
    assert set(rows["replicate"]) == {0}
    slopes = rows.query("measure == 'slope'").set_index("method")["value"]
    assert slopes["loss_inside"] == measure_variant(trained["loss_inside"])["slope"]
    assert slopes["scikit_learn"] == least_squares(line.x, line.y)["slope"]


def test_least_squares_is_given_once(trained, line, tmp_path):
    for variant, model in trained.items():
        model.save(variant_path(tmp_path, variant, 4))
    rows = evaluate_variants(SETTINGS, line, tmp_path, [4])
    assert set(rows["method"]) == set(VARIANTS)
    assert set(rows["replicate"]) == {4}


def test_divergence(line):
    message = (
        "training diverged: functional_mse, replicate 2 reached a loss that is not a finite "
        "number; lower learning_rate, or look for faulty values in the data"
    )
    with pytest.raises(UserError, match=message):
        train_variant("functional_mse", line.x, line.y, {**SETTINGS, "learning_rate": 1e20}, 2)
