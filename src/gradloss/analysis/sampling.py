"""The claims on images, with intervals that count other test images as well as other trainings."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from gradloss.analysis.claims import CLAIMS, quantity_name
from gradloss.analysis.crossed import crossed_interval
from gradloss.analysis.summaries import estimate
from gradloss.evaluation.correctness import read_correct

COLUMNS = [
    *("document", "id", "claim", "difference", "ci_low", "ci_high"),
    *("crossed_low", "crossed_high", "replicates", "images"),
]


def difference(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """First minus second, of correctness [R, I]."""
    return a - b


def nearest_gap(*pairs: np.ndarray) -> np.ndarray:
    """How much larger the nearest other gap is than the first, see `verdicts.smallest_gap`."""
    first, *others = (clean - hit for clean, hit in zip(pairs[::2], pairs[1::2], strict=True))
    return min((other - first for other in others), key=np.mean)


# What a rule of the claims compares, image by image.
DIFFERENCES: dict[str, Callable[..., np.ndarray]] = {
    "difference_above": difference,
    "difference_below": difference,
    "equivalent": difference,
    "smallest_gap": nearest_gap,
}


def read_images(files: Iterable[Path]) -> dict[str, np.ndarray]:
    """Correctness [R, I] as 0 and 1, by the name of the accuracy that is its mean.

    Args:
        files: ``.../dataset/method/replicates.npz`` of all jobs, those of a method in the order of
            their replicates.

    Raises:
        DataError: A file is damaged.
        OSError: A file cannot be opened.
    """
    jobs: dict[str, list[np.ndarray]] = {}
    for file in files:
        for condition, correct in read_correct(file).items():
            perturbation, _, level = condition.partition("@")
            name = quantity_name(*file.parts[-3:-1], "accuracy", perturbation, float(level or 0))
            jobs.setdefault(name, []).append(correct.astype(np.int8))
    return {name: np.concatenate(parts) for name, parts in jobs.items()}


def compare_on_images(correct: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """Differences of the claims about methods on test images, with both kinds of interval.

    Args:
        correct: As `read_images` gives it, of datasets whose replicates share their test images.

    Returns:
        `COLUMNS`, one row per claim whose quantities are all known: the interval over replicates
        (ci), which is conditional on these test images, and that over replicates and images.
        Replicates are those that all quantities have, the first ones.
    """
    rows = []
    for claim in CLAIMS:
        if claim.rule not in DIFFERENCES or not all(name in correct for name in claim.quantities):
            continue
        arrays = [correct[name] for name in claim.quantities]
        common = min(map(len, arrays))
        values = DIFFERENCES[claim.rule](*(array[:common] for array in arrays))
        alone, crossed = estimate(pd.Series(values.mean(axis=1))), crossed_interval(values)
        rows.append(
            (
                *(claim.document, claim.id, claim.claim, alone.mean, alone.low, alone.high),
                *(crossed.low, crossed.high, *values.shape),
            )
        )
    return pd.DataFrame(rows, columns=COLUMNS)
