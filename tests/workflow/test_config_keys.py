"""Each key of config.yaml, changed, reruns exactly the rules that depend on it."""

import json
import re
from collections.abc import Callable, Iterator
from functools import reduce
from operator import getitem
from typing import Any

import pytest
import yaml
from study import ROOT, Outcome, Study

# What of the shipped study is kept: each kind of dataset, method, arm and product.
KEPT = {
    "boston": ["gradient", "baseline", "gradient_per_example"],
    "boston_leak_free": ["gradient", "baseline"],
    "mnist": ["gradient", "baseline", "hkr_robust", "brier"],
    "two_moons": ["gradient", "baseline", "hkr"],
    "trilotropicos": ["linear"],
}
ATTACKED = ["gradient", "hkr_robust"]

# Takes the place of every script: creates the outputs that its arguments name, and imports the
# package, as every script does.
STUB = """
import sys
from pathlib import Path

import gradloss

given = dict(zip(sys.argv, sys.argv[1:]))
if Path(sys.argv[0]).name.startswith("train"):
    Path(given.pop("--models")).mkdir()
for option in given.keys() & {"--output", "--timing", "--latex", "--page"}:
    Path(given[option]).touch()
if "--pages" in given:
    for page in sys.argv[sys.argv.index("--pages") + 1 :]:
        Path(page).touch()
"""

PROVENANCE = {"write_provenance"}
TABLES = {"tabulate", "preview_tables"}
ABLATION_TABLES = {"tabulate_ablation", "preview_tables"}
PRODUCTS = {
    "plot_headline",
    "plot_noise",
    "plot_ablation",
    "plot_perturbations",
    "plot_attacks",
    *TABLES,
    *ABLATION_TABLES,
}
NUMBERS = {"write_numbers"} | PROVENANCE  # they can quote any value of the configuration
# Everything below a job that will run is planned too.
METRICS = (
    {"collect_metrics", "judge_claims", "compare_methods", "plot_linear_fits", "execute_notebook"}
    | PRODUCTS
    | NUMBERS
)
EVALUATED = METRICS | {"evaluate_run"}
EVALUATED_HKR = METRICS | {"evaluate_hkr"}
ATTACKS = METRICS | {"attack_run"}
# The training curves of arms are not drawn.
GRADIENT_ARM = EVALUATED | {"train_gradient", "collect_timings"}
BASELINE_ARM = EVALUATED | {"train_baseline", "collect_timings"}
GRADIENT = GRADIENT_ARM | {"plot_training"}
BASELINE = BASELINE_ARM | {"plot_training"}
PLAIN = GRADIENT | BASELINE
HKR = EVALUATED_HKR | {"train_hkr", "collect_timings", "plot_training"}
TOY_HKR = HKR | {"plot_level_sets"}
LINEAR = METRICS | {"train_linear", "evaluate_linear"}
MODELS = PLAIN | TOY_HKR | LINEAR | ATTACKS
PREPARED = {"prepare_dataset"}
DOWNLOADED = {"download_dataset", "describe_data"}

# Place of a key, a new value for it, and the rules that run.
EXPECTED: dict[str, tuple[Any, set[str]]] = {
    "results": ("anew", MODELS | PREPARED | {"describe_data", "describe_machine"}),
    "downloads": ("anew", PLAIN | HKR | LINEAR | ATTACKS | PREPARED | DOWNLOADED),
    "data_mirror": ("mirror", set()),
    "repository": ("https://example.org/us/study", PROVENANCE),
    "notice": ("a draft", NUMBERS),
    "seed": (1, MODELS | PREPARED),
    "threads": (2, MODELS),
    # Mnist has jobs of five, and so has the attack.
    "replicates_per_job": (5, PLAIN | TOY_HKR | LINEAR),
    "methods.baseline.rule": ("gradient", GRADIENT),
    "methods.hkr.label": (
        "1-Lip",
        NUMBERS | {"plot_noise", "plot_training", "execute_notebook"} | TABLES,
    ),
    "methods.brier.changes": ("the loss", NUMBERS | ABLATION_TABLES),
    "methods.hkr.loss": ("hinge", TOY_HKR),
    "methods.hkr_robust.network.name": ("lipschitz_perceptron", HKR | ATTACKS),
    "methods.hkr_robust.network.filters": ([8, 8], HKR | ATTACKS),
    "methods.hkr.network.hidden": ([8, 8], TOY_HKR),
    "methods.hkr.margin": (0.9, TOY_HKR),
    "methods.hkr.alpha": (9.0, TOY_HKR),
    "methods.hkr.steps_per_epoch": (9, TOY_HKR),
    "methods.gradient.batch_size": (9, GRADIENT | ATTACKS),
    "methods.baseline.order": ("file", BASELINE),
    "methods.linear.learning_rate": (0.9, LINEAR),
    "methods.gradient_per_example.input_weight": (9, GRADIENT_ARM),
    "methods.brier.label_smoothing": (0.9, BASELINE_ARM),
    "methods.brier.penalty": (0.9, BASELINE_ARM),
    "methods.brier.noise_sigma": (0.9, BASELINE_ARM),
    "methods.brier.weight_decay": (0.9, BASELINE_ARM),
    "methods.brier.precision": ("bfloat16", BASELINE_ARM),
    "datasets.boston.label": ("Boston", NUMBERS | TABLES | {"plot_headline", "execute_notebook"}),
    "datasets.mnist.task": ("regression", PLAIN | HKR | ATTACKS),
    "datasets.mnist.classes": (9, PLAIN | HKR | ATTACKS),
    "datasets.boston_leak_free.source": ("mnist", PLAIN | PREPARED),
    "datasets.boston_leak_free.preparation.scaling": ("all_rows", PLAIN | PREPARED),
    "datasets.two_moons.preparation.pool_size": (9, PLAIN | TOY_HKR | PREPARED),
    "datasets.two_moons.preparation.noise": (0.9, PLAIN | TOY_HKR | PREPARED),
    "datasets.two_moons.preparation.factor": (0.9, PLAIN | TOY_HKR | PREPARED),
    # The network of hkr_robust is its own.
    "datasets.mnist.network.name": ("convolutional", PLAIN | ATTACKS),
    "datasets.mnist.network.filters": ([8, 8], PLAIN | ATTACKS),
    "datasets.mnist.network.hidden": ([8, 8], PLAIN | ATTACKS),
    "datasets.two_moons.split.train_size": (9, PLAIN | TOY_HKR),
    "datasets.boston.split.test_size": (0.9, PLAIN),
    "datasets.boston.epochs": (9, PLAIN),
    # The level sets are those of a replicate that is there already.
    "datasets.two_moons.replicates": (30, PLAIN | HKR),
    "datasets.boston.arm_replicates": (20, GRADIENT_ARM),
    "datasets.boston.reference": ("gradient", NUMBERS | {"plot_ablation"} | ABLATION_TABLES),
    "datasets.boston.replicates_per_job": (20, PLAIN),
    "datasets.boston.noise.draws": (9, EVALUATED),
    "datasets.boston_leak_free.noise.uniform": ([0.9], EVALUATED),
    "datasets.mnist.noise.gaussian": ([0.9], EVALUATED | EVALUATED_HKR),
    "datasets.mnist.noise.gaussian_clipped": ([0.9], EVALUATED | EVALUATED_HKR),
    "datasets.mnist.noise.pixel_flip": ([0.9], EVALUATED | EVALUATED_HKR),
    "datasets.mnist.certified": ([0.9], EVALUATED_HKR),
    "datasets.mnist.attacks.methods": ([*ATTACKED, "baseline"], ATTACKS),
    "datasets.mnist.attacks.images": (9, ATTACKS),
    "datasets.mnist.attacks.replicates": (1, ATTACKS),
    "datasets.mnist.attacks.steps": (9, ATTACKS),
    "datasets.mnist.attacks.l2": ([0.9], ATTACKS),
    "datasets.mnist.attacks.linf": ([0.9], ATTACKS),
    "datasets.mnist.attacks.ensemble.l2": (0.9, ATTACKS),
    "datasets.mnist.attacks.ensemble.linf": (0.9, ATTACKS),
    "datasets.mnist.attacks.ensemble.square_queries": (9, ATTACKS),
    "datasets.boston.methods.brier": ({}, BASELINE_ARM),
    "datasets.boston.methods.gradient.loss": ("gradient", GRADIENT),
    "datasets.boston.methods.gradient.steps_per_epoch": (9, GRADIENT),
    "datasets.mnist.methods.hkr_robust.epochs": (9, HKR | ATTACKS),
}
REDRAWN = PRODUCTS | {"plot_training"} | PROVENANCE
# Two places that exchange their values, and the rules that run.
SWAPS: dict[tuple[str, str], set[str]] = {
    ("methods.hkr.margin", "methods.hkr.alpha"): TOY_HKR,
    ("methods.gradient.label", "methods.baseline.label"): (
        NUMBERS | REDRAWN | {"execute_notebook"}
    ),
    ("datasets.mnist.noise.gaussian", "datasets.mnist.noise.gaussian_clipped"): (
        EVALUATED | EVALUATED_HKR
    ),
    ("datasets.mnist.attacks.l2", "datasets.mnist.attacks.linf"): ATTACKS,
    ("datasets.mnist.attacks.ensemble.l2", "datasets.mnist.attacks.ensemble.linf"): ATTACKS,
}


def cut(config: dict) -> dict:
    """The parts that are kept; values that YAML shares become values of their own."""
    datasets = {name: dict(config["datasets"][name]) for name in KEPT}
    for name, methods in KEPT.items():
        datasets[name]["methods"] = {key: datasets[name]["methods"][key] for key in methods}
    datasets["mnist"]["attacks"] = {**datasets["mnist"]["attacks"], "methods": ATTACKED}
    return json.loads(json.dumps({**config, "datasets": datasets}))


def places(value: Any, *path: str) -> Iterator[str]:
    """Dotted paths of the values that are no mappings, or empty ones."""
    if isinstance(value, dict) and value:
        for key, entry in value.items():
            yield from places(entry, *path, key)
    else:
        yield ".".join(path)


def pattern(place: str) -> str:
    """A place with the names of datasets and methods generalised."""
    parts = place.split(".")
    above = ["", *parts]
    return ".".join(
        "*" if over in ("datasets", "methods") else part
        for over, part in zip(above, parts, strict=False)
    )


def get(config: dict, place: str) -> Any:
    return reduce(getitem, place.split("."), config)


def put(config: dict, place: str, value: Any) -> None:
    *path, key = place.split(".")
    entry = reduce(getitem, path, config)
    assert entry.get(key) != value, f"{value!r} is no new value of {place}"
    entry[key] = value


def swap(config: dict, first: str, second: str) -> None:
    values = get(config, second), get(config, first)
    for place, value in zip((first, second), values, strict=True):
        put(config, place, value)


def rules(outcome: Outcome) -> set[str]:
    return outcome.jobs.keys() - {"all"}


def elsewhere(outcome: Outcome, place: str) -> set[tuple[str, str]]:
    """(method, dataset) of jobs that train, evaluate or attack what a place is no part of."""
    named = dict(zip(place.split("."), place.split(".")[1:], strict=False))
    return {
        (method, dataset)
        for verb in ("Training", "Evaluating", "Attacking")
        for method, dataset, _ in outcome.replicates(verb)
        if named.get("methods", method) != method or named.get("datasets", dataset) != dataset
    }


@pytest.fixture(scope="module")
def stubbed(tmp_path_factory: pytest.TempPathFactory, path_without_tex: str) -> Study:
    """Parts of the shipped study, computed to the end by stubs."""
    study = Study.from_repository(
        tmp_path_factory.mktemp("stubbed"),
        path_without_tex,
        cut(yaml.safe_load((ROOT / "config.yaml").read_text())),
    )
    for script in (study.folder / "scripts").glob("*.py"):
        script.write_text(STUB)
    outcome = study.snakemake()
    assert outcome.code == 0, outcome.text
    assert rules(outcome) == MODELS | PREPARED | DOWNLOADED | {"describe_machine"}
    return study


@pytest.fixture
def study(stubbed: Study) -> Iterator[Study]:
    """The same, with its configuration put back after a test: dry runs change nothing else."""
    config = stubbed.folder / "config.yaml"
    text = config.read_text()
    yield stubbed
    config.write_text(text)


def test_every_shipped_key_has_an_expectation():
    config = yaml.safe_load((ROOT / "config.yaml").read_text())
    shipped, expected = set(map(pattern, places(config))), set(map(pattern, EXPECTED))
    assert shipped - expected == set(), "keys of config.yaml without an expectation"
    assert expected - shipped == set(), "expectations of keys that config.yaml lacks"


def test_nothing_is_to_be_done_without_a_change(study: Study):
    assert study.plan().jobs == {}


@pytest.mark.parametrize("place", EXPECTED)
def test_a_new_value_reruns_what_depends_on_it(study: Study, place: str):
    value, expected = EXPECTED[place]
    study.change_config(lambda config: put(config, place, value))
    outcome = study.plan()
    assert rules(outcome) == expected
    assert elsewhere(outcome, place) == set()


@pytest.mark.parametrize(("first", "second"), SWAPS)
def test_swapped_values_rerun_what_depends_on_them(study: Study, first: str, second: str):
    study.change_config(lambda config: swap(config, first, second))
    assert rules(study.plan()) == SWAPS[first, second]


def reverse_names(config: dict) -> None:
    for key in ("methods", "datasets"):
        config[key] = dict(reversed(config[key].items()))


def test_the_order_of_names_orders_rows_and_styles_and_no_more(study: Study):
    study.change_config(reverse_names)
    assert rules(study.plan()) == REDRAWN


def reverse_keys(value: Any, named: bool = False) -> Any:
    """Reverse the keys of every mapping but those of datasets and of methods by name."""
    if not isinstance(value, dict):
        return value
    keys = list(value) if named else reversed(value)
    return {key: reverse_keys(value[key], key in ("datasets", "methods")) for key in keys}


def as_reversed_yaml(config: dict) -> str:
    return yaml.safe_dump(reverse_keys(config), sort_keys=False)


def as_json(config: dict) -> str:
    """Numbers are written with an exponent."""
    text, count = re.subn(r"(?<=: )(\d+\.\d+)", r"\1e0", json.dumps(config))
    assert count > 0
    return text


@pytest.mark.parametrize("write", [as_reversed_yaml, as_json])
def test_the_same_values_written_differently_rerun_nothing(
    study: Study, write: Callable[[dict], str]
):
    file = study.folder / "config.yaml"
    file.write_text(write(yaml.safe_load(file.read_text())))
    assert rules(study.plan()) == set()
