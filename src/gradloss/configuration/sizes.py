"""Whether numbers of rows, images and classes fit the data, as far as these are known beforehand.

They are by the manifest for what is downloaded, and by the configuration for points that are drawn.
"""

import math

from gradloss.configuration.faults import ConfigError
from gradloss.configuration.offers import Preparation
from gradloss.configuration.runs import Settings

AIMED_AT = 4  # classes at least, of the targeted ratio of logits


def check_sizes(entry: Settings, made: Preparation, place: str) -> None:
    """Refuse a data set of which more is asked than it has.

    Args:
        entry: Of the data set in the configuration.
        made: Its preparation.
        place: Of the entry, for messages.

    Raises:
        ConfigError: On the first fault.
    """
    given = entry.get("preparation", {})
    if made.fixed_split:
        train, test = (_limit(given, made, part, place) for part in ("train", "test"))
    else:
        train, test = _drawn_parts(entry["split"], given.get("pool_size", _rows(made)), place)
    share = entry.get("tuning", {}).get("share")
    if share and train and not 0 < round(share * train) < train:
        raise ConfigError(
            f"{place}.tuning.share is {share}, which of {train} training rows leaves none on one "
            "side; choose another"
        )
    if "attacks" in entry:
        _check_attacks(entry["attacks"], entry["classes"], test or math.inf, place)


def _rows(made: Preparation, array: str = "table") -> int | None:
    return made.arrays[array][0] if array in made.arrays else None


def _limit(given: Settings, made: Preparation, part: str, place: str) -> int | None:
    """Rows of a fixed part that are kept."""
    key, available = f"limit_{part}", _rows(made, f"x_{part}")
    kept = given.get(key, available)
    if kept and available and kept > available:
        raise ConfigError(
            f"{place}.preparation.{key} is {kept}, and there are {available} rows; lower it"
        )
    return kept


def _drawn_parts(split: Settings, rows: int | None, place: str) -> tuple[int | None, int | None]:
    """Rows of the parts that each replicate draws, as scikit-learn's `train_test_split` counts."""
    test, train = split["test_size"], split.get("train_size")
    if rows is not None:
        test = math.ceil(test * rows) if test < 1 else test
        train = rows - test if train is None else math.floor(train * rows) if train < 1 else train
        fits = 0 < train <= rows - test
    else:
        fits = sum(size for size in split.values() if size < 1) <= 1
    if not fits:
        raise ConfigError(f"{place}.split asks for more than all rows; lower its sizes")
    return (None, None) if rows is None else (train, test)


def _check_attacks(attacks: Settings, classes: int, rows: float, place: str) -> None:
    if "audit" in attacks and classes < AIMED_AT:
        raise ConfigError(f"{place} has 'attacks.audit', which takes {AIMED_AT} classes; remove it")
    audit = attacks.get("audit", {"images": 0, "targets": 0})
    limits = {
        "images": (attacks["images"], rows, "test rows"),
        "starts": (attacks["starts"], classes, "aims, any class and each of the wrong ones"),
        "ensemble.targets": (
            attacks["ensemble"]["targets"],
            classes - 1 if classes >= AIMED_AT else 0,
            "wrong classes that it can aim at",
        ),
        "audit.images": (audit["images"], attacks["images"], "attacked images"),
        "audit.targets": (audit["targets"], classes - 1, "wrong classes"),
    }
    for key, (value, limit, of) in limits.items():
        if value > limit:
            raise ConfigError(
                f"{place}.attacks.{key} is {value}, and there are {limit} {of}; lower it"
            )
