"""A constant that validation chooses, from the configuration to the trained models."""

from pathlib import Path

import pandas as pd
import pytest
from study import TWO_MOONS, Study, configuration

from gradloss.networks.tuned_constant import chosen_value, read_tuning

TABLE = "results/tuning/two_moons/hkr.csv"
EVALUATION = "results/evaluations/two_moons/hkr/0-1.csv"
TARGETS = [EVALUATION, "results/tables/tuning.tex"]


def tuned(**hkr: object) -> dict:
    """Two moons with the HKR method alone, trained with these settings."""
    dataset = {
        **TWO_MOONS,
        "tuning": {"share": 0.2, "replicates": 1},
        "methods": {"hkr": {"epochs": 1, **hkr}},
    }
    return configuration(two_moons=dataset)


@pytest.fixture(scope="module")
def computed_once(tmp_path_factory: pytest.TempPathFactory, path_without_tex: str) -> Study:
    config = tuned(tune={"margin": [0.5, 1.5]})
    study = Study.from_repository(tmp_path_factory.mktemp("tuned"), path_without_tex, config)
    outcome = study.snakemake(*TARGETS)
    assert outcome.code == 0, outcome.text
    assert outcome.jobs.items() >= {"tune_hkr": 1, "train_hkr": 1, "collect_tuning": 1}.items()
    return study


def test_the_chosen_value_trains_and_evaluates_like_one_of_the_configuration(
    computed_once: Study, tmp_path: Path, path_without_tex: str
):
    margin = chosen_value(read_tuning(computed_once.folder / TABLE))
    config = tuned(margin=margin)
    stated = Study.from_repository(tmp_path / "stated", path_without_tex, config)
    outcome = stated.snakemake(EVALUATION)
    assert outcome.code == 0, outcome.text
    assert outcome.jobs.keys().isdisjoint({"tune_hkr"})
    models = Path("results/models/two_moons/hkr/0-1")
    for file in [EVALUATION, *(models / f"replicate_00{number}.keras" for number in (0, 1))]:
        assert (stated.folder / file).read_bytes() == (computed_once.folder / file).read_bytes()


def test_every_value_is_published(computed_once: Study):
    collected = pd.read_csv(computed_once.folder / "results/tuning.csv")
    assert set(collected["constant"]) == {"margin"}
    assert set(collected["candidate"]) == {0.5, 1.5}
    assert set(collected["level"]) == {0, *TWO_MOONS["noise"]["gaussian"]}


def test_another_grid_tunes_and_trains_again(computed_once: Study, tmp_path: Path):
    study = computed_once.copy(tmp_path / "study")
    assert study.plan(*TARGETS).jobs == {}
    entry = ("datasets", "two_moons", "methods", "hkr", "tune")
    study.change_config(lambda config: _at(config, *entry).update(margin=[0.5, 1]))
    jobs = study.plan(*TARGETS).jobs.keys()
    assert jobs == {"tune_hkr", "train_hkr", "evaluate_hkr", "collect_tuning", "tabulate"}


def _at(config: dict, *path: str) -> dict:
    for key in path:
        config = config[key]
    return config
