"""A bad configuration is refused in one sentence, before anything is written."""

import re
from collections.abc import Callable

import pytest
from study import Study


def misspelt_key(config: dict) -> None:
    config["methods"]["hkr"]["alhpa"] = config["methods"]["hkr"].pop("alpha")


def unknown_dataset(config: dict) -> None:
    config["datasets"]["two_mons"] = config["datasets"].pop("two_moons")


def negative_sigma(config: dict) -> None:
    config["datasets"]["two_moons"]["noise"]["gaussian"][1] = -0.4


def no_epochs(config: dict) -> None:
    config["datasets"]["two_moons"]["methods"]["hkr"]["epochs"] = 0


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (misspelt_key, "config: methods.hkr has an unknown key 'alhpa'; did you mean 'alpha'?"),
        (unknown_dataset, "config: datasets.two_mons is unknown; did you mean 'two_moons'?"),
        (
            negative_sigma,
            "config: datasets.two_moons.noise.gaussian.1 is -0.4 and must be greater than 0",
        ),
        (no_epochs, "config: datasets.two_moons.methods.hkr.epochs is 0 and must be at least 1"),
    ],
)
def test_bad_configuration_is_refused(fresh: Study, change: Callable, sentence: str):
    fresh.change_config(change)
    outcome = fresh.snakemake("figures")
    assert outcome.code != 0
    assert outcome.text.count(sentence) == 1
    assert not (fresh.folder / "results").exists()
    assert "Traceback" not in outcome.text
    assert re.findall(r'^ *File ".*", line \d+.*$', outcome.text, re.MULTILINE) == []
