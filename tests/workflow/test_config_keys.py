"""Each key of config.yaml, changed, reruns exactly the rules that depend on it."""

import json
import re
from collections.abc import Callable, Iterator
from functools import reduce
from operator import getitem
from typing import Any

import pytest
import yaml
from stubs import ATTACKED
from study import ROOT, Finished, Outcome, Study

PROVENANCE = {"write_provenance", "write_crate"}
NUMBERS = {"write_numbers"} | PROVENANCE  # they can quote any value of the configuration
TABLES = {"tabulate", "preview_tables"}
ABLATION_TABLES = {"tabulate_ablation", "preview_tables"}
ABLATION = {"plot_ablation"} | ABLATION_TABLES
LENGTHS = {"plot_length", "tabulate_length", "preview_tables"}
STORY = {"execute_notebook"}
CURVES = {"plot_training"}  # of main methods

# What runs when a value is measured anew, whatever it is; when a claim is about it; and when it is
# one of a data set's main methods, or arms. Everything below a job that will run is planned too.
VALUES = {"collect_metrics", "compare_methods", "describe_design"} | TABLES | NUMBERS
JUDGED = VALUES | {"judge_claims", "collect_claims", "plot_verdicts"}
IMAGES = {"compare_on_images"}  # where replicates share their test images
BOSTON_ARM = JUDGED | ABLATION
BOSTON = BOSTON_ARM | {"plot_noise", "plot_headline"} | STORY
LEAK_FREE = VALUES | {"plot_noise"}
MNIST_ARM = BOSTON_ARM | IMAGES
MNIST_HKR = MNIST_ARM | {"plot_noise", "plot_perturbations", "plot_corruptions", "plot_attacks"}
MNIST = MNIST_HKR | STORY
FRONTIER = JUDGED | {"plot_frontier"} | IMAGES
MOONS = VALUES | {"plot_noise"}
MOONS_HKR = MOONS | JUDGED | STORY
AUDITS = VALUES | {"audit_attacks"}
ATTACKS = AUDITS | JUDGED | {"attack_run", "plot_attacks"} | IMAGES

# What trains and evaluates methods, and what chooses a constant first.
EVALUATED = {"evaluate_run"}
EVALUATED_HKR = {"evaluate_hkr"}
TIMED = {"collect_timings", "describe_machine"}
GRADIENT = {"train_gradient"} | TIMED | EVALUATED
BASELINE = {"train_baseline"} | TIMED | EVALUATED
PLAIN = GRADIENT | BASELINE
HKR = {"train_hkr"} | TIMED | EVALUATED_HKR
LIBRARY = {"fit_library"} | JUDGED
LEVEL_SETS = {"compute_level_sets", "plot_level_sets"}
ALL_HKR = MOONS_HKR | HKR | CURVES | LEVEL_SETS | LIBRARY
TUNED = {"tune_method", "collect_tuning"} | BASELINE | VALUES | ABLATION  # no claim is on it
LINEAR = JUDGED | STORY | {"train_linear", "evaluate_linear", "plot_linear_fits"}
ALL_BOSTON = BOSTON | LENGTHS | PLAIN | CURVES
ALL_LEAK_FREE = LEAK_FREE | PLAIN | CURVES
ALL_PLAIN_MNIST = MNIST | PLAIN | CURVES | ATTACKS
ALL_MNIST = ALL_PLAIN_MNIST | HKR | FRONTIER
ALL_MOONS = MOONS_HKR | PLAIN | HKR | CURVES
ALL_TOY = ALL_MOONS | LEVEL_SETS | LIBRARY
MODELS = ALL_BOSTON | TUNED | ALL_MNIST | ALL_MOONS | LIBRARY | LEVEL_SETS | LINEAR
PREPARED = {"prepare_dataset"}
CORRUPTED = {"corrupt_dataset"}
DOWNLOADED = {"download_dataset", "describe_data"}
OTHER_SOURCE = PREPARED | {"describe_data"}
OTHER_IMAGES = ALL_MNIST | PREPARED | CORRUPTED | DOWNLOADED
ONCE = {"simulate_coverage"}

# Place of a key, a new value for it, and the rules that run.
EXPECTED: dict[str, tuple[Any, set[str]]] = {
    "results": ("anew", MODELS | PREPARED | CORRUPTED | ONCE | {"describe_data"}),
    "downloads": (
        "anew",
        ALL_BOSTON | TUNED | ALL_MNIST | LINEAR | PREPARED | CORRUPTED | DOWNLOADED,
    ),
    "data_mirror": ("mirror", set()),
    "repository": ("https://example.org/us/study", PROVENANCE),
    "notice": ("a draft", NUMBERS),
    "seed": (1, MODELS | PREPARED | CORRUPTED | {"simulate_coverage"}),
    "threads": (2, MODELS),
    "simulations": (9, {"simulate_coverage"} | TABLES | NUMBERS),
    # Mnist has jobs of five, and so has the attack.
    "replicates_per_job": (5, ALL_BOSTON | ALL_MOONS | LEVEL_SETS | LINEAR),
    "methods.baseline.rule": ("gradient", BOSTON | MNIST | GRADIENT | CURVES),
    "methods.hkr.label": ("1-Lip", NUMBERS | {"plot_noise"} | CURVES | STORY | TABLES),
    "methods.brier.changes": ("the loss", NUMBERS | ABLATION_TABLES),
    "methods.hkr_margin_05.dose_of": ("hkr_robust", NUMBERS | {"plot_frontier"}),
    "methods.gradient_long.length_of": ("baseline", NUMBERS | LENGTHS),
    "methods.gradient_per_example.loss": ("jacobian_penalty", BOSTON_ARM | GRADIENT),
    "methods.hkr.network.name": ("lipschitz_perceptron_pairs", ALL_HKR),
    "methods.hkr_robust.network.filters": ([8, 8], MNIST_HKR | HKR | CURVES | ATTACKS),
    "methods.hkr.network.hidden": ([8, 8], ALL_HKR),
    "methods.hkr.margin": (0.9, ALL_HKR),
    "methods.hkr.alpha": (9.0, ALL_HKR),
    "methods.hkr.steps_per_epoch": (9, ALL_HKR),
    "methods.gradient.batch_size": (9, BOSTON | LENGTHS | MNIST | GRADIENT | CURVES | ATTACKS),
    "methods.baseline.order": ("file", BOSTON | MNIST | BASELINE | CURVES),
    "methods.linear.learning_rate": (0.9, LINEAR),
    "methods.gradient_per_example.input_weight": (9, BOSTON_ARM | GRADIENT),
    "methods.brier.label_smoothing": (0.9, MNIST_ARM | BASELINE),
    "methods.brier.penalty": (0.9, MNIST_ARM | BASELINE),
    "methods.brier.noise_sigma": (0.9, MNIST_ARM | BASELINE),
    "methods.brier.weight_decay": (0.9, MNIST_ARM | BASELINE),
    "methods.brier.precision": ("bfloat16", MNIST_ARM | BASELINE),
    "methods.brier.adversarial_radius": (0.9, MNIST_ARM | BASELINE),
    "methods.brier.adversarial_steps": (9, MNIST_ARM | BASELINE),
    "datasets.boston.label": ("Boston", NUMBERS | TABLES | {"plot_headline"} | STORY),
    "datasets.boston_leak_free.source": ("diabetes", ALL_LEAK_FREE | OTHER_SOURCE),
    "datasets.boston_leak_free.preparation.scaling": ("all_rows", ALL_LEAK_FREE | PREPARED),
    "datasets.two_moons.preparation.pool_size": (90000, ALL_TOY | PREPARED),
    "datasets.two_moons.preparation.noise": (0.9, ALL_TOY | PREPARED),
    "datasets.two_moons.preparation.factor": (0.9, ALL_TOY | OTHER_SOURCE),
    "datasets.mnist.network.name": ("convolutional", OTHER_IMAGES),
    "datasets.mnist.network.filters": ([8, 8], OTHER_IMAGES),
    # The network of hkr_robust is its own.
    "datasets.mnist.network.hidden": ([8, 8], ALL_PLAIN_MNIST),
    "datasets.two_moons.split.train_size": (9, ALL_TOY),
    "datasets.boston.split.test_size": (0.9, ALL_BOSTON | TUNED),
    "datasets.boston.epochs": (9, ALL_BOSTON | TUNED),
    # The level sets are those of a replicate that is there already.
    "datasets.two_moons.replicates": (30, ALL_MOONS),
    "datasets.two_moons.library_replicates": (2, LIBRARY),
    "datasets.mnist.arm_replicates": (20, MNIST_ARM | BASELINE),
    "datasets.boston.reference": ("gradient", NUMBERS | ABLATION),
    "datasets.boston.replicates_per_job": (20, ALL_BOSTON),
    "datasets.boston.noise.draws": (9, BOSTON | LENGTHS | EVALUATED),
    "datasets.boston.noise.gaussian": ([0.9], BOSTON | LENGTHS | EVALUATED | TUNED),
    "datasets.boston_leak_free.noise.uniform": ([0.9], LEAK_FREE | EVALUATED),
    "datasets.boston.tuning.share": (0.2, TUNED),
    "datasets.boston.tuning.replicates": (9, TUNED),
    "datasets.mnist.noise.gaussian": ([0.9], MNIST | FRONTIER | EVALUATED | EVALUATED_HKR),
    "datasets.mnist.noise.gaussian_clipped": ([0.9], MNIST | FRONTIER | EVALUATED | EVALUATED_HKR),
    "datasets.mnist.noise.pixel_flip": ([0.9], MNIST | FRONTIER | EVALUATED | EVALUATED_HKR),
    "datasets.mnist.corruptions": (
        ["fog"],
        MNIST | FRONTIER | EVALUATED | EVALUATED_HKR | CORRUPTED,
    ),
    "datasets.mnist.certified": ([0.9], MNIST_HKR | FRONTIER | EVALUATED_HKR),
    "datasets.mnist.attacks.methods": ([*ATTACKED, "baseline"], ATTACKS),
    "datasets.mnist.attacks.images": (999, ATTACKS),
    "datasets.mnist.attacks.replicates": (1, ATTACKS),
    "datasets.mnist.attacks.starts": (9, ATTACKS),
    "datasets.mnist.attacks.steps": (9, ATTACKS),
    "datasets.mnist.attacks.l2": ([0.9], ATTACKS),
    "datasets.mnist.attacks.linf": ([0.9], ATTACKS),
    "datasets.mnist.attacks.ensemble.l2": (0.9, ATTACKS),
    "datasets.mnist.attacks.ensemble.linf": (0.9, ATTACKS),
    "datasets.mnist.attacks.ensemble.square_queries": (9, ATTACKS),
    "datasets.mnist.attacks.ensemble.targets": (4, ATTACKS),
    "datasets.mnist.attacks.audit.images": (9, AUDITS),
    "datasets.mnist.attacks.audit.iterations": (9, AUDITS),
    "datasets.mnist.attacks.audit.targets": (8, AUDITS),
    "datasets.mnist.attacks.audit.queries": (9, AUDITS),
    "datasets.boston.methods.brier": ({}, BOSTON_ARM | BASELINE),
    "datasets.boston.methods.gradient.loss": ("gradient", BOSTON | LENGTHS | GRADIENT | CURVES),
    "datasets.boston.methods.gradient.steps_per_epoch": (9, BOSTON | LENGTHS | GRADIENT | CURVES),
    "datasets.mnist.methods.hkr_robust.epochs": (9, MNIST_HKR | HKR | CURVES | ATTACKS),
    # Those who are attacked are there already.
    "datasets.mnist.methods.hkr_robust.replicates": (10, MNIST_HKR | HKR | CURVES),
    "datasets.boston.methods.weight_decay.tune.weight_decay": ([0.2], TUNED),
}
# Keys that have one value only for data of one form, and what a new value of a key needs beside it.
GIVEN = {"datasets.*.task", "datasets.*.classes"}
ALONG: dict[str, dict[str, Any]] = {
    "methods.gradient_per_example.loss": {"methods.gradient_per_example.penalty": 0.1},
    "methods.brier.label_smoothing": {"methods.brier.loss": "cross_entropy"},
    "methods.brier.penalty": {"methods.brier.loss": "jacobian_penalty"},
    "methods.brier.adversarial_radius": {
        "methods.brier.loss": "adversarial_cross_entropy",
        "methods.brier.adversarial_steps": 1,
    },
    "methods.brier.adversarial_steps": {
        "methods.brier.loss": "adversarial_cross_entropy",
        "methods.brier.adversarial_radius": 1,
    },
    "datasets.two_moons.preparation.factor": {"datasets.two_moons.source": "two_circles"},
    "datasets.mnist.network.name": {
        "datasets.mnist.source": "fashion_mnist",
        "datasets.mnist.network.filters": [4, 4],
    },
    "datasets.mnist.network.filters": {
        "datasets.mnist.source": "fashion_mnist",
        "datasets.mnist.network.name": "convolutional",
    },
}
REDRAWN = (
    {"plot_headline", "plot_noise", "plot_perturbations", "plot_corruptions", "plot_attacks"}
    | ABLATION
    | LENGTHS
    | TABLES
    | CURVES
    | PROVENANCE
)  # the frontier names no method
# Two places that exchange their values, and the rules that run.
SWAPS: dict[tuple[str, str], set[str]] = {
    ("methods.hkr.margin", "methods.hkr.alpha"): ALL_HKR,
    ("methods.gradient.label", "methods.baseline.label"): NUMBERS | REDRAWN | STORY,
    ("datasets.mnist.noise.gaussian", "datasets.mnist.noise.gaussian_clipped"): (
        MNIST | FRONTIER | EVALUATED | EVALUATED_HKR
    ),
    ("datasets.mnist.attacks.l2", "datasets.mnist.attacks.linf"): ATTACKS,
    ("datasets.mnist.attacks.ensemble.l2", "datasets.mnist.attacks.ensemble.linf"): ATTACKS,
}


def places(value: Any, *path: str) -> Iterator[str]:
    """Dotted paths of the values that are no mappings, or empty ones."""
    if isinstance(value, dict) and value:
        for key, entry in value.items():
            yield from places(entry, *path, key)
    else:
        yield ".".join(path)


def pattern(place: str) -> str:
    """A place with the names of datasets, methods and tuned constants generalised."""
    parts = place.split(".")
    above = ["", *parts]
    return ".".join(
        "*" if over in ("datasets", "methods", "tune") else part
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


def test_the_first_run_runs_every_rule(stubbed: Finished):
    assert rules(stubbed.outcome) == MODELS | PREPARED | CORRUPTED | DOWNLOADED | ONCE


@pytest.fixture
def study(stubbed: Finished) -> Iterator[Study]:
    """The study of stubs, with its configuration put back: dry runs change nothing else."""
    config = stubbed.study.folder / "config.yaml"
    text = config.read_text()
    yield stubbed.study
    config.write_text(text)


def test_every_shipped_key_has_an_expectation():
    config = yaml.safe_load((ROOT / "config.yaml").read_text())
    shipped, expected = set(map(pattern, places(config))), set(map(pattern, EXPECTED))
    assert shipped - expected == GIVEN, "keys of config.yaml without an expectation"
    assert expected & GIVEN == set()
    assert expected - shipped == set(), "expectations of keys that config.yaml lacks"


def test_nothing_is_to_be_done_without_a_change(study: Study):
    assert study.plan().jobs == {}


@pytest.mark.parametrize("place", EXPECTED)
def test_a_new_value_reruns_what_depends_on_it(study: Study, place: str):
    value, expected = EXPECTED[place]
    for other, along in ALONG.get(place, {}).items():
        study.change_config(lambda config, other=other, along=along: put(config, other, along))
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
    # Of one method's lengths there is nothing to order.
    assert rules(study.plan()) == REDRAWN - {"plot_length", "tabulate_length"}


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
