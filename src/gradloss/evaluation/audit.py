"""How strong the attacks are: standard attacks of the toolbox on some of the same images."""

from collections import ChainMap, deque
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import keras
import numpy as np
import pandas as pd

from gradloss.configuration.heads import head_of
from gradloss.data.pool import Pool
from gradloss.evaluation.attacks import (
    ATTACKED,
    attacked_subset,
    condition,
    images_of,
    radii,
    scores_of,
    withstand,
    withstand_targets,
)
from gradloss.evaluation.measures import certified_radii
from gradloss.evaluation.toolbox import (
    NORMS,
    Classifier,
    auto_pgd,
    classify,
    deep_fool,
    one_hot,
    perturb,
    square,
    targeted_ratio,
)
from gradloss.networks.prediction import Predictor
from gradloss.networks.replicate import (
    model_path,
    seed_for,
    split_of,
)
from gradloss.support.progress import progress
from gradloss.support.results import metric_rows

ATTACKS = {"l2": 4, "linf": 3}  # how many there are
BISECTIONS = 15


def audit_run(
    settings: dict,
    attacks: dict,
    pool: Pool,
    folder: Path,
    replicate: int,
    correct: dict[str, np.ndarray],
) -> pd.DataFrame:
    """Attack the first model of a job by strong attacks, each for itself.

    Args:
        settings: Of the run, as for training.
        attacks: As for `attacks.attack_run`, with the radii of its `ensemble`, and `audit`:
            numbers of `images` of the attacked ones, of `iterations` of an attack by gradients,
            of `targets` of a targeted one, and of `queries` of Square.
        pool: Prepared data of the dataset, inputs in [0, 1].
        folder: Where the training job saved its models.
        replicate: Number of the first replicate of the job.
        correct: What `attacks.attack_run` tells of the same job.

    Returns:
        Tidy rows of `results.metric_rows`: accuracy under "audit_chain_l2" (the ensemble, by
        `correct`), "audit_apgd_l2", "audit_targeted_l2", "audit_square_l2", "audit_minimum_l2"
        and "audit_worst_l2" (of them all), and but for the minimum norm the same of "linf". Of a
        1-Lipschitz network also "certified_fallen" under "audit_worst_l2": the number of images
        that fell to any of them, or to PGD, within their certified radius.
    """
    audit = attacks["audit"]
    subset = attacked_subset(settings, audit["images"], pool, replicate)
    _, test = split_of(settings, pool, replicate)
    audited = np.isin(test[correct[ATTACKED][0]], subset)
    chain = {name: bits[0][audited] for name, bits in correct.items() if name != ATTACKED}
    model = keras.models.load_model(model_path(folder, replicate), compile=False)
    x, y, seed_of = pool.x[subset], pool.y[subset], partial(seed_for, settings, replicate)
    victim = scores_of(model, head_of(settings)), images_of(settings, x), y, chain["subset"]
    rows: list[tuple[int, str, str, float, int, float]] = []
    with progress(sum(ATTACKS.values()), "strong attack") as tell:
        done = 0
        for norm in NORMS:
            level = attacks["ensemble"][norm]
            falls = {"chain": _falls_of_chain(chain, attacks, norm)}
            for name, fall in strong_attacks(*victim, norm, level, audit, seed_of):
                falls[name], done = fall, done + 1
                tell(done, f"{name} {norm} {level:g}: {np.mean(fall > level):.4f}")
            falls["worst"] = np.minimum.reduce(list(falls.values()))
            for name, fall in falls.items():
                accuracy = float(np.mean(fall > level))
                rows.append((replicate, "accuracy", f"audit_{name}_{norm}", level, 0, accuracy))
            if norm == "l2" and settings["rule"] == "hkr":
                outputs = Predictor(model)(model, x)
                radius = certified_radii(outputs, y, head_of(settings), model)
                broken = float(np.sum(radius > falls["worst"]))
                rows.append((replicate, "certified_fallen", "audit_worst_l2", level, 0, broken))
    return metric_rows(settings["dataset"], settings["method"], rows)


def _falls_of_chain(chain: dict[str, np.ndarray], attacks: dict, norm: str) -> np.ndarray:
    """Smallest radius [N] of the chain at which an image falls, 0 without attack, or infinite."""
    fall, last = np.full(len(chain["subset"]), np.inf), attacks["ensemble"][norm]
    for level in reversed(radii(attacks, norm)):
        for attack in ("pgd", "ensemble") if level == last else ("pgd",):
            fall[~chain[condition(f"{attack}_{norm}", level)]] = level
    return np.where(chain["subset"], fall, 0.0)


def strong_attacks(
    scores: Callable,
    x: np.ndarray,
    y: np.ndarray,
    clean: np.ndarray,
    norm: str,
    level: float,
    audit: dict,
    seed_of: Callable[[str], int],
) -> Iterator[tuple[str, np.ndarray]]:
    """Attack one model by each of the strong attacks, as those of AutoAttack.

    Args:
        scores: Of the model, see `attacks.scores_of`.
        x: Images float32 [N, h, w, c] in [0, 1].
        y: Labels int64 [N].
        clean: Which of them are classified correctly, bool [N].
        norm: "l2" or "linf".
        level: Radius.
        audit: As in `audit_run`.
        seed_of: Gives the seed for a purpose.

    Yields:
        Name of the attack, and the radius [N] at which an image falls: 0 without attack, infinite
        if it does not.
    """
    classifier, iterations = Classifier(scores, x), audit["iterations"]

    def fall(right: np.ndarray) -> np.ndarray:
        return np.where(clean, np.where(right, np.inf, level), 0.0)

    def seed(name: str) -> int:
        return seed_of(f"audit {name}_{norm} {level}")

    attack = auto_pgd(classifier, norm, level, iterations)
    yield "apgd", fall(withstand(attack, x, y, clean, seed("apgd")))
    attack = auto_pgd(Classifier(scores, x, targeted_ratio), norm, level, iterations)
    yield "targeted", fall(withstand_targets(attack, x, y, clean, audit["targets"], seed))
    attack = square(Recalling(scores, x), norm, level, audit["queries"])
    yield "square", fall(withstand(attack, x, y, clean, seed("square")))
    if norm == "l2":
        yield "minimum", np.where(clean, _least_norms(classifier, x, y, iterations), 0.0)


class Recalling(Classifier):
    """A classifier that knows the scores of the images that its last calls saw.

    In each step Square asks for those of all images, of the ones left, and of these changed; only
    the last are new.
    """

    def __init__(self, scores: Callable, x: np.ndarray) -> None:
        super().__init__(scores, x)
        self._calls: deque[dict[bytes, np.ndarray]] = deque(maxlen=3)

    def predict(self, x, **options):
        keys, known = [image.tobytes() for image in x], ChainMap(*self._calls)
        new = [number for number, key in enumerate(keys) if key not in known]
        fresh = super().predict(x[new], **options) if new else []
        known = known.new_child({keys[number]: row for number, row in zip(new, fresh, strict=True)})
        self._calls.append({key: known[key] for key in keys})
        return np.stack([known[key] for key in keys])


def _least_norms(
    classifier: Classifier, x: np.ndarray, y: np.ndarray, iterations: int
) -> np.ndarray:
    """Distances [N] of wrong points on the lines to those of DeepFool, infinite without one."""
    labels = one_hot(y, classifier.nb_classes)
    way = perturb(deep_fool(classifier, iterations), x, labels, seed=0) - x  # it draws nothing
    right, share = np.zeros(len(x), np.float32), np.ones(len(x), np.float32)
    for _ in range(BISECTIONS):
        middle = (right + share) / 2
        wrong = classify(classifier, x + middle[:, None, None, None] * way) != y
        right, share = np.where(wrong, right, middle), np.where(wrong, middle, share)
    nearest = x + share[:, None, None, None] * way
    distances = np.linalg.norm((nearest - x).reshape(len(x), -1).astype(float), axis=1)
    return np.where(classify(classifier, nearest) != y, distances, np.inf)
