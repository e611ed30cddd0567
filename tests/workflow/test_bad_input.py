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


def unknown_loss(config: dict) -> None:
    config["datasets"]["two_moons"]["methods"]["baseline"]["loss"] = "cross_entopy"


def no_noise(config: dict) -> None:
    del config["datasets"]["two_moons"]["noise"]


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
        (
            unknown_loss,
            "config: datasets.two_moons.methods.baseline.loss is 'cross_entopy', which is unknown; "
            "did you mean 'cross_entropy'?",
        ),
        (
            no_noise,
            "config: datasets.two_moons lacks the key 'noise', under which its methods are",
        ),
        (no_epochs, "config: datasets.two_moons.methods.hkr.epochs is 0 and must be at least 1"),
    ],
)
def test_bad_configuration_is_refused(fresh: Study, change: Callable, sentence: str):
    fresh.change_config(change)
    assert_refused(fresh, sentence)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("seed: 8", "the key 'seed' is there twice; keep one"),
        ("more: [1", "while parsing a flow sequence, expected ',' or ']', but got '<stream end>'"),
        ("more: !!python/tuple [1]", "a value of type 'python/tuple' is refused; write plain"),
        ("__use_yte__: true", "config: config.yaml is a template; remove the key '__use_yte__'"),
    ],
)
def test_a_file_that_is_no_plain_yaml_is_refused(fresh: Study, line: str, sentence: str):
    fresh.append("config.yaml", line)
    assert_refused(fresh, sentence)


def test_a_claim_that_is_there_twice_is_refused(fresh: Study):
    claims = fresh.folder / "src/gradloss/analysis/claims.yaml"
    first = claims.read_text().partition("- id: ")[2].partition("- id: ")[0]
    fresh.append("src/gradloss/analysis/claims.yaml", f"- id: {first}")
    assert_refused(fresh, "claims.yaml: two claims have the id 'boston-gradient-clean'; change one")


def test_a_text_of_the_command_line_can_be_empty(fresh: Study):
    assert fresh.plan("data", "--config", "notice=").jobs["prepare_dataset"] == 1


def assert_refused(study: Study, sentence: str) -> None:
    outcome = study.snakemake("figures")
    assert outcome.code != 0
    assert outcome.text.count(sentence) == 1
    assert not (study.folder / "results").exists()
    assert "Traceback" not in outcome.text
    assert re.findall(r'^ *File ".*", line \d+.*$', outcome.text, re.MULTILINE) == []
