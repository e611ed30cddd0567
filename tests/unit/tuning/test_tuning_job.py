"""Constants that are chosen on a part of the training data: the rule, the parts and the runs."""

import argparse
from pathlib import Path

import hypothesis
import numpy as np
import pandas as pd
import pytest
from hypothesis import strategies as st
from project import module_at

from gradloss.data.pool import Pool
from gradloss.losses import hkr
from gradloss.losses import plain as losses
from gradloss.networks.replicate import inputs_of, model_path, split_of
from gradloss.networks.saving import load_model
from gradloss.networks.tuned_constant import bind_chosen, chosen_value, criterion, read_tuning
from gradloss.support.errors import UserError
from gradloss.support.files import write_npz
from gradloss.tables.html import table_page
from gradloss.training import job as training_job
from gradloss.training.run import run_training
from gradloss.tuning.job import tune

tabulate_tuning = module_at("scripts/tables/tabulate_tuning.py")

# Keras 3.15 reads a variable with numpy.array(variable), which NumPy 2 finds outdated.
pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning:keras"
)

DRAWN = {
    "rule": "baseline",
    "task": "regression",
    "network": {"name": "multilayer_perceptron", "hidden": [6]},
    "split": {"test_size": 0.25},
    "loss": "mean_squared_error",
    "order": "file",
    "epochs": 3,
    "batch_size": 10,
    "learning_rate": 0.01,
    "dataset": "boston",
    "method": "weight_decay",
    "seed": 11,
    "tune": {"weight_decay": [0.1, 10.0]},
}
FIXED = {
    **{key: value for key, value in DRAWN.items() if key != "split"},
    **{"task": "classification", "classes": 2, "rule": "hkr", "loss": "hkr"},
    **{"network": {"name": "lipschitz_perceptron", "hidden": [8]}, "alpha": 10.0},
    **{"dataset": "two_moons", "method": "hkr", "tune": {"margin": [0.1, 1.0]}},
}
VALIDATION = {"share": 0.2, "replicates": 2, "gaussian": [0.1, 0.3]}


def table_of(measure: str, values: dict[float, list[float]]) -> pd.DataFrame:
    rows = [(candidate, value) for candidate, found in values.items() for value in found]
    return pd.DataFrame(rows, columns=["candidate", "value"]).assign(
        dataset="d", method="m", constant="weight_decay", replicate=0, measure=measure
    )


def regression() -> Pool:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 4)).astype(np.float32)
    return Pool(x, (x[:, 0] - x[:, 1]).astype(np.float32), n_train=0)


def classification() -> Pool:
    rng = np.random.default_rng(0)
    y = np.arange(80) % 2
    x = rng.normal(scale=0.4, size=(80, 2)) + np.where(y, 1.0, -1.0)[:, None]
    return Pool(x.astype(np.float32), y, n_train=50)


def losses_of(settings: dict):
    return (hkr if settings["rule"] == "hkr" else losses).build_loss


def test_the_accuracy_is_averaged_and_the_largest_chosen():
    table = table_of("accuracy", {0.1: [0.9, 0.5], 1.0: [0.8, 0.7], 10.0: [0.7, 0.7]})
    assert criterion(table).to_dict() == pytest.approx({0.1: 0.7, 1.0: 0.75, 10.0: 0.7})
    assert chosen_value(table) == 1.0


def test_errors_are_averaged_geometrically_and_the_smallest_chosen():
    table = table_of("mse", {0.5: [0.01, 1.0], 2.0: [0.2, 0.2]})
    assert criterion(table).to_dict() == pytest.approx({0.5: 0.1, 2.0: 0.2})
    assert chosen_value(table) == 0.5


@pytest.mark.parametrize("measure", ["accuracy", "mse"])
def test_of_equal_values_the_smallest_is_chosen(measure: str):
    assert chosen_value(table_of(measure, {3.0: [0.5], 1.0: [0.5], 2.0: [0.5]})) == 1.0


@hypothesis.settings(deadline=None)
@hypothesis.given(
    rows=st.integers(20, 300),
    n_train=st.integers(0, 300),
    share=st.floats(0.05, 0.9),
    replicate=st.integers(0, 9),
)
def test_training_validation_and_test_parts_never_meet(
    rows: int, n_train: int, share: float, replicate: int
):
    n_train = n_train if 10 <= n_train < rows else 0
    pool = Pool(np.zeros((rows, 1), np.float32), np.zeros(rows, np.float32), n_train)
    settings = {"seed": 3, "dataset": "d"} | ({} if n_train else {"split": {"test_size": 0.25}})
    train, test = split_of(settings, pool, replicate)
    fitted, held_out = split_of({**settings, "validation": share}, pool, replicate)
    assert not set(fitted) & set(held_out)
    assert not (set(fitted) | set(held_out)) & set(test)
    assert len(held_out) == round(share * len(train))
    assert fitted.tolist() == [row for row in train if row not in set(held_out)]
    assert set(fitted) | set(held_out) == set(train)


@pytest.mark.parametrize(("settings", "pool"), [(DRAWN, regression()), (FIXED, classification())])
def test_the_test_part_is_not_touched(settings: dict, pool: Pool):
    one = {**VALIDATION, "replicates": 1}
    table = tune(settings, one, pool, losses_of(settings))
    _, test = split_of(settings, pool, 0)
    x, y = pool.x.copy(), pool.y.copy()
    x[test], y[test] = 1e6, 0
    pd.testing.assert_frame_equal(
        tune(settings, one, Pool(x, y, pool.n_train), losses_of(settings)), table
    )


def test_a_value_is_judged_on_what_its_training_has_not_seen():
    settings, pool = FIXED, classification()
    table = tune(settings, VALIDATION, pool, hkr.build_loss)
    assert list(table.groupby("candidate").size()) == [2 * 3, 2 * 3]
    for replicate in (0, 1):
        parts = split_of({**settings, "validation": 0.2}, pool, replicate)
        rows = np.concatenate(parts)
        alone = Pool(pool.x[rows], pool.y[rows], n_train=len(parts[0]))
        written = {key: value for key, value in settings.items() if key != "tune"} | {"margin": 1.0}
        curves = run_training(written, alone, [replicate], hkr.build_loss(written)).history
        expected = curves.query("measure == 'test_accuracy' and epoch == 3")["value"].item()
        own = table.query("candidate == 1 and replicate == @replicate and perturbation == 'none'")
        assert own["value"].item() == expected


def test_inputs_are_scaled_by_what_the_training_sees():
    settings = {**DRAWN, "scaling": "training_part", "validation": 0.2}
    pool = regression()
    fitted, _ = split_of(settings, pool, 0)
    assert inputs_of(settings, pool, fitted)[fitted].max() <= 1


def test_a_tuned_training_is_that_with_the_constant_in_the_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(training_job, "configure_device", lambda threads: f"CPU with {threads}")
    settings, pool = {**DRAWN, "threads": 1}, regression()
    table = table_of("mse", {0.3: [0.1], 7.0: [0.2]})
    table.to_csv(tmp_path / "tuning.csv", index=False)
    write_npz(tmp_path / "data.npz", {"x": pool.x, "y": pool.y, "n_train": np.array(0)})
    written = {key: value for key, value in settings.items() if key != "tune"}
    written["weight_decay"] = 0.3
    weights = {}
    for name, own, tuning in (("tuned", settings, "tuning.csv"), ("written", written, None)):
        arguments = argparse.Namespace(
            settings=own,
            replicates=[0, 1],
            data=tmp_path / "data.npz",
            tuning=tuning and tmp_path / tuning,
            models=tmp_path / name,
            history=tmp_path / f"{name}_history.csv",
            timing=tmp_path / f"{name}.csv",
            checkpoint=tmp_path / f"{name}.npz",
        )
        training_job.run_training_job(arguments, losses.build_loss, training_job.save_plain)
        models = [load_model(model_path(tmp_path / name, replicate)) for replicate in (0, 1)]
        weights[name] = [array.tobytes() for model in models for array in model.get_weights()]
    assert weights["tuned"] == weights["written"]
    assert len(set(weights["tuned"])) > 4


def test_settings_without_tuning_stay():
    assert bind_chosen({"penalty": 3}, None) == {"penalty": 3}


def test_a_missing_table_is_named():
    with pytest.raises(UserError, match="weight_decay is tuned; name its table with --tuning"):
        bind_chosen(DRAWN, None)


def test_the_table_shows_what_was_tried_and_what_was_chosen(tmp_path: Path):
    accuracy = table_of("accuracy", {0.1: [0.9], 10.0: [0.95], 100.0: [0.5]})
    other = table_of("accuracy", {1.0: [0.25]}).assign(method="other", constant="penalty")
    pd.concat([accuracy, other]).to_csv(tmp_path / "tuning.csv", index=False)
    labels = {"m": {"label": "A & B"}, "other": {"label": "other"}, "absent": {"label": "absent"}}
    entry = {"label": "D", "task": "classification", "methods": dict.fromkeys(labels)}
    settings = {"datasets": {"d": entry}, "methods": labels}
    text = tabulate_tuning.tabulate(read_tuning(tmp_path / "tuning.csv"), settings)
    assert r"D, mean accuracy, $n = 1$" in text
    assert r"A \& B & weight decay & " in text
    assert text.count(r"\textbf{") == 2
    assert r"\textbf{10}\\[-2pt]\scriptsize 0.9500" in text
    assert "absent" not in text
    assert "<b>10</b>" in table_page(text, "tuning")
