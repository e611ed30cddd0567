"""What a rule, loss, network, split, attack, tuning or preparation cannot take is refused."""

import copy
import dataclasses
import importlib
import inspect
import re

import numpy as np
import pytest
import yaml
from project import ROOT

from gradloss.configuration import fitting, offers
from gradloss.configuration.faults import ConfigError
from gradloss.configuration.runs import APART, run_settings, runs
from gradloss.configuration.validation import validate_config
from gradloss.data.preparations import NAMES
from gradloss.losses import hkr, plain
from gradloss.networks.architectures import NETWORKS
from gradloss.training.orders import epoch_orders

CONFIG = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
SCHEMA = yaml.safe_load((ROOT / "workflow/config.schema.yaml").read_text(encoding="utf-8"))
# A value of each key that a method can have.
VALUES = {key: value for recipe in CONFIG["methods"].values() for key, value in recipe.items()}
LOSS_KEYS = {"margin", "alpha", "label_smoothing", "input_weight", "penalty"}
LOSS_KEYS |= {"adversarial_radius", "adversarial_steps"}
NETWORK_KEYS = {"loss", "network", "order", "steps_per_epoch", "precision"}
NETWORK_KEYS |= {"noise_sigma", "weight_decay"}


def refusal(config):
    with pytest.raises(ConfigError) as caught:
        validate_config(config, SCHEMA)
    message = str(caught.value)
    assert message.startswith("config: ")
    assert "\n" not in message
    return message


def changed(place, value):
    """The shipped configuration with one value changed, or left out."""
    config = copy.deepcopy(CONFIG)
    *above, last = place.split(".")
    entry = config
    for key in above:
        entry = entry.setdefault(key, {})
    if value is None:
        del entry[last]
    else:
        entry[last] = value
    return config


def keys_read(run):
    """By hand: what trains a run."""
    if run["rule"] == "linear":
        return set()
    own = {
        "gradient": {"input_weight"},
        "jacobian_penalty": {"penalty"},
        "cross_entropy_input_gradient": {"penalty"},
        "squared_error_input_gradient": {"penalty"},
        "cross_entropy": {"label_smoothing"},
        "adversarial_cross_entropy": {"adversarial_radius", "adversarial_steps"},
        "hkr": {"margin", "alpha"},
        "multiclass_hkr": {"margin", "alpha"},
    }
    return NETWORK_KEYS | own.get(run["loss"], set())


def test_every_key_of_a_method_is_refused_where_it_is_not_read():
    everything = set(VALUES) - {"rule", *APART, "epochs", "batch_size", "learning_rate"}
    assert everything | {"tune"} == NETWORK_KEYS | LOSS_KEYS | {"tune"}
    seen = set()
    for dataset, method in runs(CONFIG):
        run = run_settings(CONFIG, dataset, method)
        kind = run["rule"], run.get("loss")
        if kind in seen:
            continue
        seen.add(kind)
        for key in everything - keys_read(run):
            place = f"datasets.{dataset}.methods.{method}.{key}"
            found = refusal(changed(place, VALUES[key]))
            assert found.startswith(f"config: {place} is given, and ")
            assert found.endswith(" does not read it; remove it")
    assert len(seen) > 12


@pytest.mark.parametrize(
    ("place", "value", "expected"),
    [
        (
            "methods.brier.loss",
            "mean_squared_eror",
            "is 'mean_squared_eror', which is unknown; d",
        ),
        ("datasets.mnist.network.name", "perceptron", "network.name is 'perceptron', which is unk"),
        ("datasets.mnist.network.filters", [3], "network takes hidden, not filters, hidden; corr"),
        (
            "datasets.mnist.network.name",
            "convolutional",
            "which takes images with channels; cho",
        ),
        (
            "datasets.boston.split.test_size",
            1.5,
            "test_size is 1.5 and must be a number of rows",
        ),
        (
            "datasets.boston.split.test_size",
            "2e-1",
            "below 1; it is text to YAML, so write it",
        ),
        ("datasets.boston.split.train_size", 0.8, "split asks for more than all rows; lower its s"),
        ("datasets.two_moons.split.train_size", 99999, "split asks for more than all rows; lower"),
        ("datasets.boston.split.train_size", 400, "split asks for more than all rows; lower its"),
        ("datasets.boston.split.test_size", 506, "boston.split asks for more than all rows; lower"),
        ("datasets.diabetes.split.train_size", 0.8, "split asks for more than all rows; lower its"),
        (
            "datasets.boston.tuning.share",
            0.001,
            "tuning.share is 0.001, which of 379 training rows leaves none on one side; choose ano",
        ),
        (
            "datasets.mnist.tuning.share",
            0.999999,
            "tuning.share is 0.999999, which of 60000 training rows leaves none on one side; choo",
        ),
        ("datasets.two_moons.split", None, "two_moons lacks the key 'split'; add it, as each rep"),
        ("datasets.mnist.split", {"test_size": 0.5}, "mnist has the key 'split', and its training"),
        ("seed", 2**32, "seed is 4294967296 and must be at most 4294967295"),
        ("methods.gradient.learning_rate", "1e-3", "must be of type number; it is text to YAML, s"),
        (
            "datasets.boston.attacks",
            CONFIG["datasets"]["mnist"]["attacks"],
            "attacks.methods.adversarial is unknown; known",
        ),
        (
            "datasets.diabetes.attacks",
            {**CONFIG["datasets"]["mnist"]["attacks"], "methods": ["gradient"]},
            "config: datasets.diabetes has 'attacks', and its data are no images; remove it",
        ),
        (
            "datasets.mnist.preparation",
            {"limit_test": 500},
            "mnist.attacks.images is 1000, and there are 500 test rows; lower it",
        ),
        (
            "datasets.mnist.preparation",
            {"limit_train": 60001},
            "preparation.limit_train is 60001, and there are 60000 rows; lower it",
        ),
        ("datasets.mnist.attacks.images", 10001, "images is 10001, and there are 10000 test rows;"),
        ("datasets.mnist.attacks.starts", 11, "starts is 11, and there are 10 aims, any class and"),
        ("datasets.mnist.attacks.audit.targets", 10, "targets is 10, and there are 9 wrong classe"),
        (
            "datasets.mnist.attacks.audit.images",
            1001,
            "mnist.attacks.audit.images is 1001, and there are 1000 attacked images; lower it",
        ),
        ("datasets.two_moons.corruptions", ["fog"], "two_moons has 'corruptions', and its data a"),
        ("datasets.two_moons.noise.pixel_flip", [0.1], "has 'pixel_flip', and its data are no im"),
        (
            "datasets.boston.methods.baseline.loss",
            "cross_entropy",
            "'cross_entropy' and does not f",
        ),
        ("datasets.two_moons.methods.hkr.loss", "multiclass_hkr", "those that do: hkr"),
        ("datasets.mnist.methods.hkr_dense.loss", "hkr", "those that do: multiclass_hkr"),
        (
            "datasets.mnist.methods.baseline.network",
            {"name": "lipschitz_perceptron", "hidden": [8]},
            "network.name is 'lipschitz_perceptron' and does not fit the task; those that do: mul",
        ),
        ("datasets.two_moons.methods.hkr.loss", "gradient", "hkr.loss is 'gradient', which is unk"),
        (
            "datasets.two_moons.methods.gradient",
            {"loss": "adversarial_cross_entropy", "adversarial_radius": 1, "adversarial_steps": 1},
            "gradient.loss is 'adversarial_cross_entropy', which takes images; choose another",
        ),
        (
            "datasets.boston.methods.hkr",
            {},
            "hkr separates classes, which boston has not; remove i",
        ),
        ("datasets.boston.methods.linear", {}, "boston.methods.linear fits a line, which takes da"),
        ("datasets.boston.task", "classification", "boston lacks the key 'classes'; add it"),
        ("datasets.mnist.task", "regression", "mnist.task is 'regression', and its data are of a"),
        ("datasets.mnist.classes", 9, "datasets.mnist.classes is 9, and its data have 10; corre"),
        ("datasets.two_moons.noise", None, "two_moons lacks the key 'noise', under which its met"),
        (
            "datasets.trilotropicos.noise",
            CONFIG["datasets"]["two_moons"]["noise"],
            "has 'noise', w",
        ),
        ("datasets.mnist.preparation", {"scaling": "all_rows"}, "preparation.scaling is not taken"),
        ("datasets.two_moons.preparation", {"noise": 0.1}, "preparation lacks the key 'pool_size'"),
        ("methods.jacobian.penalty", None, "methods.jacobian lacks the key 'penalty' of its loss"),
        ("methods.hkr.batch_size", 255, "batch_size is 255, and balanced batches hold as much of"),
        (
            "datasets.diabetes.methods.gradient",
            {"order": "balanced", "steps_per_epoch": 2, "loss": "gradient"},
            "order is 'balanced', and a regression has no classes",
        ),
        (
            "datasets.boston.methods.brier.tune",
            {"margin": [1]},
            "tune.margin is not read by the ru",
        ),
        ("datasets.mnist.methods.gradient.rule", "baseline", "move it to methods.gradient, or nam"),
        ("datasets.mnist.methods.gradient.label", "x", "move it to methods.gradient, or name ano"),
        ("datasets.two_circles.library_replicates", 2, None),
        ("methods.hkr.label", "σ ≥ é", None),
        ("methods.gradient.label", "漢", "methods.gradient.label holds '漢', which the fonts of t"),
        ("methods.gradient.label", "a\nb", "methods.gradient.label holds '\\n', which the fonts"),
        ("methods.gradient.changes", "Ħ", "methods.gradient.changes holds 'Ħ', which the fonts"),
        ("notice", "漢", "config: notice holds '漢', which the fonts of the paper"),
        (
            "datasets.mnist.label",
            "$x$",
            "mnist.label holds '$'; leave it out, as in figures it i",
        ),
        ("methods.gradient.label", "baseline", "gradient and baseline have the same label 'baseli"),
        ("datasets.mnist.label", "Diabetes", "datasets: diabetes and mnist have the same label"),
    ],
)
def test_what_does_not_fit_is_refused(place, value, expected):
    if expected is None:
        validate_config(changed(place, value), SCHEMA)
    else:
        assert expected in refusal(changed(place, value))


@pytest.mark.parametrize(
    ("place", "part"),
    [
        ("levels", {"maxItems": 1}),
        ("levels", {"const": 3}),
        ("levels", {"anyOf": [{"type": "null"}]}),
        ("levels", {"oneOf": [{}, {}]}),
        ("levels", {"not": {}}),
        ("levels", {"contains": {"const": 9}}),
        ("levels", {"prefixItems": [{"const": 3}]}),
        ("levels", {"items": False}),
        ("levels", {"items": {"multipleOf": 7}}),
        ("levels", {"unevaluatedItems": False}),
        ("levels", {"if": True, "then": False}),
        ("levels", {"type": ["null", "string"]}),
        ("count", {"multipleOf": 1000}),
        ("name", {"maxLength": 1}),
        ("name", {"pattern": "^$"}),
        ("network", False),
        ("network", {"additionalProperties": False}),
        ("network", {"unevaluatedProperties": False}),
        ("network", {"patternProperties": {"h.*": False}}),
        ("network", {"propertyNames": {"maxLength": 2}}),
        ("network", {"dependentRequired": {"name": ["zz"]}}),
        ("network", {"dependentSchemas": {"name": False}}),
        ("network", {"minProperties": 9}),
    ],
)
def test_whatever_the_schema_asks_for_a_fault_gives_a_sentence(place, part):
    schema = copy.deepcopy(SCHEMA)
    schema["$defs"][place] = part
    with pytest.raises(ConfigError, match=r"^config: (datasets|methods|threads)") as caught:
        validate_config(CONFIG, schema)
    assert re.search(" (is|lacks) .*(must|does not fit the schema, |not taken)", str(caught.value))


@pytest.mark.parametrize(("rule", "module"), [("gradient", plain), ("hkr", hkr)])
def test_the_losses_that_are_offered_are_those_that_train(rule, module):
    found = offers.losses_of(rule)
    assert list(found) == list(module.LOSSES)
    for name, function in module.LOSSES.items():
        parameters = list(inspect.signature(function).parameters.values())[3:]
        required = {p.name for p in parameters if p.default is p.empty}
        assert found[name].required == required
        assert found[name].parameters == {p.name for p in parameters}
        assert found[name].heads <= {"value", "softmax", "sign", "scores"}


def test_the_networks_that_are_offered_are_those_that_are_built():
    found = offers.networks()
    assert list(found) == list(NETWORKS)
    for name, function in NETWORKS.items():
        assert found[name].required == set(list(inspect.signature(function).parameters)[3:])


def test_preparations_are_what_they_state():
    found = offers.preparations()
    assert list(found) == NAMES
    for name, made in found.items():
        module = importlib.import_module(f"gradloss.data.preparations.{name}")
        assert vars(module.FORM) == {key: getattr(made, key) for key in vars(module.FORM)}
        taken = set(list(inspect.signature(module.prepare).parameters)[1:])
        assert made.takes.parameters == taken - {"seed"}


@pytest.mark.parametrize("text", ["", "FORM = Form(shape=x)\ndef prepare(raw): pass\n"])
def test_a_preparation_without_a_form_is_refused(tmp_path, monkeypatch, text):
    (tmp_path / "mine.py").write_text(text)
    monkeypatch.setattr(offers, "PREPARATIONS", tmp_path)
    offers.preparations.cache_clear()
    try:
        with pytest.raises(ConfigError, match=r"mine.py must hold a function 'prepare' and 'FORM"):
            offers.preparations()
    finally:
        offers.preparations.cache_clear()


def test_orders_of_the_schema_are_those_that_are_known():
    for order in SCHEMA["$defs"]["method"]["properties"]["order"]["enum"]:
        settings = {"order": order, "batch_size": 2, "steps_per_epoch": 1, "classes": 2}
        next(epoch_orders(settings, [np.arange(4)], np.array([0, 1, 0, 1]), lambda *_: 0))


def test_an_audit_takes_four_classes(monkeypatch):
    offered = offers.preparations()
    three = {"mnist": dataclasses.replace(offered["mnist"], classes=3)}
    monkeypatch.setattr(fitting, "preparations", lambda: offered | three)
    message = refusal(changed("datasets.mnist.classes", 3))
    assert message == (
        "config: datasets.mnist has 'attacks.audit', which takes 4 classes; remove it"
    )
