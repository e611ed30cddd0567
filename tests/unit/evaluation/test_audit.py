"""Strong attacks on a small network, beside what the attacks of the study found."""

from functools import partial

import keras
import numpy as np
import pytest
import tensorflow as tf

from gradloss.data.pool import Pool
from gradloss.evaluation.attacks import ATTACKED, attack_run, scores_of
from gradloss.evaluation.audit import Recalling, audit_run, strong_attacks
from gradloss.evaluation.toolbox import Classifier
from gradloss.networks.replicate import model_path
from gradloss.support.results import METRIC_KEYS

# Keras 3.15 reads a variable with numpy.array(variable), which NumPy 2 finds outdated.
pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning:keras"
)

ATTACKS = {
    "images": 24,
    "replicates": 2,
    "starts": 2,
    "steps": 10,
    "l2": [0.1],
    "linf": [],
    "ensemble": {"l2": 0.3, "linf": 0.03, "targets": 1, "square_queries": 5},
    "audit": {"images": 16, "iterations": 10, "targets": 3, "queries": 20},
}
SETTINGS = {
    "dataset": "images",
    "method": "hkr",
    "rule": "hkr",
    "task": "classification",
    "classes": 4,
    "seed": 7,
}


@pytest.fixture
def run(tmp_path):
    """A pool of flat images, and the folder of a job's model: one dense layer, so K is known."""
    x = np.random.default_rng(0).random((60, 36), dtype=np.float32)
    plain = keras.Sequential([keras.Input((36,)), keras.layers.Dense(4)])
    plain.layers[-1].set_weights(
        [np.random.default_rng(1).normal(size=(36, 4)) / 6, np.zeros(4, np.float32)]
    )
    labels = np.asarray(plain(x)).argmax(axis=1)
    labels[:8] = (labels[:8] + 1) % 4
    plain.save(model_path(tmp_path, 0))
    return Pool(x, labels, n_train=30), tmp_path


def test_rows_of_an_audit(run):
    pool, folder = run
    _, correct = attack_run(SETTINGS, ATTACKS, pool, folder, [0])
    frame = audit_run(SETTINGS, ATTACKS, pool, folder, 0, correct)
    assert frame.columns.tolist() == [*METRIC_KEYS, "value"]
    values = frame.set_index(["measure", "perturbation", "level"])["value"]
    assert values["certified_fallen", "audit_worst_l2", 0.3] == 0
    own = values["accuracy"]
    both = ["apgd", "targeted", "square"]
    strong = {"l2": [*both, "minimum"], "linf": both}
    for norm, level in (("l2", 0.3), ("linf", 0.03)):
        found = [own[f"audit_{name}_{norm}", level] for name in ["chain", *strong[norm]]]
        assert own[f"audit_worst_{norm}", level] <= min(found) < 1
    assert len(frame) == 6 + 5 + 1
    assert audit_run(SETTINGS, ATTACKS, pool, folder, 0, correct).equals(frame)
    plain = audit_run({**SETTINGS, "rule": "baseline"}, ATTACKS, pool, folder, 0, correct)
    assert set(plain["measure"]) == {"accuracy"}


def test_a_fall_within_a_certified_radius_is_counted(run):
    pool, folder = run
    _, correct = attack_run(SETTINGS, ATTACKS, pool, folder, [0])
    kept = {name: correct[name] for name in (ATTACKED, "subset")}
    lies = {name: np.zeros_like(bits) for name, bits in correct.items()} | kept
    frame = audit_run(SETTINGS, ATTACKS, pool, folder, 0, lies)
    broken = frame.loc[frame["measure"] == "certified_fallen", "value"].item()
    assert broken > 0


def test_the_least_norm_of_a_linear_model_is_the_distance_from_its_boundary():
    rng = np.random.default_rng(2)
    kernel = rng.normal(size=(100, 4)).astype(np.float32)
    model = keras.Sequential([keras.Input((100,)), keras.layers.Dense(4, use_bias=False)])
    model.set_weights([kernel])
    x = (0.5 + 0.05 * rng.normal(size=(20, 10, 10, 1))).astype(np.float32)
    scores = x.reshape(20, 100) @ kernel
    y = scores.argmax(axis=1)
    gaps = scores[range(20), y, None] - scores
    slopes = np.linalg.norm(kernel[:, y].T[:, :, None] - kernel, axis=1)
    distances = np.min(np.where(slopes > 0, gaps / np.where(slopes > 0, slopes, 1), np.inf), axis=1)
    clean = np.arange(20) > 1
    attacks = partial(strong_attacks, scores_of(model, "scores"), x, y, clean, "l2", 0.05)
    falls = dict(attacks(ATTACKS["audit"], len))
    np.testing.assert_allclose(falls["minimum"][2:], distances[2:], rtol=1e-2)
    assert (falls["minimum"][:2] == 0).all()
    for name in ("apgd", "targeted"):
        right = falls[name][2:] > 0.05
        clear = np.abs(distances[2:] - 0.05) > 1e-3
        np.testing.assert_array_equal(right[clear], (distances[2:] > 0.05)[clear])


def test_scores_of_the_last_calls_are_recalled(monkeypatch):
    seen = []

    def predict(self, x, **_):
        seen.append(len(x))
        return x.reshape(len(x), -1)

    monkeypatch.setattr(Classifier, "predict", predict)
    images = np.random.default_rng(3).random((6, 2, 2, 1), dtype=np.float32)
    classifier = Recalling(lambda x, training: tf.reshape(x, (-1, 4)), images)
    for part, asked in [
        (images[:4], [4]),
        (images[1:3], []),  # known
        (images[2:6], [2]),
        (images[2:6], []),
        (images[2:6], []),
        (images[:4], [2]),  # the first two are forgotten by now
    ]:
        found = classifier.predict(part, batch_size=3)
        np.testing.assert_array_equal(found, part.reshape(len(part), 4))
        assert seen == asked
        seen.clear()
