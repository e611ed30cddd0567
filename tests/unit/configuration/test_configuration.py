"""The shipped configuration, its presets, and the sentence that each fault gives."""

import copy
import re

import jsonschema
import pytest
import yaml
from project import ROOT

from gradloss.configuration.faults import ConfigError
from gradloss.configuration.runs import (
    leave_out_nulls,
    run_settings,
)
from gradloss.configuration.validation import SOURCE_FOLDERS, check_left_out, validate_config

REMOVED = object()


def read(path):
    return yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))


SCHEMA = read("workflow/config.schema.yaml")
PRESETS = sorted((ROOT / "workflow/presets").glob("*.yaml"))


def merged(base, changes):
    """Base with changes laid over it, mapping by mapping, as Snakemake does it."""
    result = copy.deepcopy(base)
    for key, value in changes.items():
        if isinstance(value, dict) and isinstance(result.get(key), dict):
            result[key] = merged(result[key], value)
        elif value is REMOVED:
            del result[key]
        else:
            result[key] = copy.deepcopy(value)
    return result


@pytest.fixture
def config():
    return read("config.yaml")


def test_a_text_that_is_null_is_empty(config):
    config |= {"notice": None, "repository": None}
    leave_out_nulls(config)
    assert config["notice"] == config["repository"] == ""
    validate_config(config, SCHEMA)


def nested(place, value):
    for key in reversed(place.split(".") if isinstance(place, str) else [place]):
        value = {key: value}
    return value


@pytest.mark.parametrize("preset", [None, *PRESETS], ids=lambda path: path.stem if path else "")
def test_shipped_configurations_are_valid(config, preset):
    if preset:
        config = merged(config, read(preset))
    leave_out_nulls(config)
    validate_config(config, SCHEMA)


def test_a_length_names_a_method_of_its_dataset(config):
    settings = [run_settings(config, "boston", name) for name in ("brier", "brier_threefold")]
    names = {"method": None, "epochs": None}
    assert settings[0] | names == settings[1] | names
    assert settings[1]["epochs"] == 3 * settings[0]["epochs"]
    del config["datasets"]["boston"]["methods"]["brier"]
    message = "methods.brier_quarter.length_of.brier is unknown; did you mean"
    with pytest.raises(ConfigError, match=message):
        validate_config(config, SCHEMA)


def test_a_length_of_a_dose_is_refused(config):
    """It would have no curve of its own to stand on."""
    config["methods"]["hkr_margin_2"]["length_of"] = "hkr_margin_05"
    with pytest.raises(ConfigError, match="length_of 'hkr_margin_05' is a dose or a length itself"):
        validate_config(config, SCHEMA)


def test_no_dataset_has_the_name_of_corrupted_images(config):
    entry = config["datasets"]["mnist"] | {"source": "mnist", "label": "Digits"}
    config["datasets"]["mnist_corrupted"] = entry
    with pytest.raises(ConfigError, match=r"datasets\.mnist_corrupted ends in '_corrupted', as do"):
        validate_config(config, SCHEMA)


@pytest.mark.parametrize("preset", PRESETS, ids=lambda path: path.stem)
def test_presets_leave_out_what_is_there(config, preset):
    check_left_out(merged(config, read(preset)), [config, read(preset)])


@pytest.mark.parametrize(
    ("preset", "sentence"),
    [
        (
            {"fashon_mnist": None},
            r"datasets.fashon_mnist has no value, .* \(did you mean 'fashion_mnist'\?\)$",
        ),
        (
            {"mnist": {"corruption": None}},
            r"datasets.mnist.corruption has no value, .* \(did you mean 'corruptions'\?\)$",
        ),
        (
            {"mnist": {"methods": {"adverserial": None}}},
            "mnist.methods.adverserial has no value, and no file has one that it could leave out;"
            r" give it one, or remove it \(did you mean 'adversarial'",
        ),
        ({"mnist": {"attacks": {"l3": None}}}, "mnist.attacks.l3 has no value"),
        ({"two_circles": {"corruptions": None}}, "two_circles.corruptions has no value"),
        ({"own": {"label": None}}, "datasets.own.label has no value, .* or remove it$"),
    ],
)
def test_what_is_not_there_cannot_be_left_out(config, preset, sentence):
    preset = {"datasets": preset}
    with pytest.raises(ConfigError, match=sentence):
        check_left_out(merged(config, preset), [config, preset])


def test_presets_exist_and_change_only_what_exists(config):
    assert "quick" in [path.stem for path in PRESETS]
    for path in PRESETS:
        preset = read(path)
        assert preset["results"] != config["results"]
        for name, dataset in preset["datasets"].items():
            named = set((dataset or {}).get("methods", {}))
            assert named <= set(config["datasets"][name]["methods"])


FAULTS = [
    ("thread", 2, "the top level has an unknown key 'thread'; did you mean 'threads'?"),
    ("zzz", 2, "the top level has an unknown key 'zzz'; known are data_mirror, datasets,"),
    ("threads", REMOVED, "the top level lacks the key 'threads'; add it"),
    ("threads", 0, "threads is 0 and must be at least 1"),
    ("threads", "2", "threads is '2' and must be of type integer"),
    ("threads", True, "threads is True and must be of type integer"),
    ("seed", -1, "seed is -1 and must be at least 0"),
    ("seed", 1.5, "seed is 1.5 and must be of type integer"),
    ("results", "../x", "results is '../x' and must be a single name of A-Z, a-z"),
    ("results", "/tmp", "results is '/tmp' and must be a single name of A-Z, a-z"),
    ("results", "results\n", "results is 'results\\n' and must be a single name"),
    ("results", "src", "results is 'src', a folder of sources; choose another"),
    ("downloads", "", "downloads is '' and must be a single name"),
    ("downloads", "paper", "downloads is 'paper', a folder of sources; choose another"),
    ("data_mirror", "a\0b", "data_mirror is 'a\\x00b' and must be a path"),
    ("methods.gradient.rule", "adam", "methods.gradient.rule is 'adam' and must be one of"),
    ("methods.gradient.rule", REMOVED, "methods.gradient lacks the key 'rule'; add it"),
    ("methods.gradient.label", "", "methods.gradient.label is '' and must not be empty"),
    ("methods.gradient.order", "random", "methods.gradient.order is 'random' and must be one of"),
    ("methods.gradient.batchsize", 3, "methods.gradient has an unknown key 'batchsize'; did you"),
    ("methods.hkr.network.hidden", [], "methods.hkr.network.hidden is [] and must have at least 1"),
    ("methods.hkr.network.hidden", [8, 0], "methods.hkr.network.hidden.1 is 0 and must be at lea"),
    ("methods.hkr_margin_2.dose_of", "hkr_cert", "hkr_cert is unknown; did you mean 'hkr_certif"),
    ("methods.hkr_margin_2.dose_of", 2, "methods.hkr_margin_2.dose_of is 2 and must be of type"),
    (
        "datasets.mnist.methods.hkr_certified",
        {"tune": {"margin": [0.5, 1]}},
        "datasets.mnist.methods.hkr_certified.tune has the key 'margin', which is the dose",
    ),
    (
        "datasets.boston.reference",
        "gradient_long",
        "reference 'gradient_long' is a dose or a length",
    ),
    (
        "methods.per_example_ninefold.length_of",
        "per_example_threefold",
        "length_of 'per_example_threefold' is a dose or a length itself",
    ),
    ("methods.hkr_margin_2.dose_of", "gradient", "methods.gradient lacks the key 'margin', which"),
    ("methods.hkr_margin_2.margin", REMOVED, "methods.hkr_margin_2 lacks the key 'margin', which"),
    ("datasets.mnist.methods.hkr_margin_2.replicates", 0, "replicates is 0 and must be at least 1"),
    ("methods.hkr.margin", 0, "methods.hkr.margin is 0 and must be greater than 0"),
    ("methods.gradient\n", {}, "methods is 'gradient\\n' and must be made of a-z, 0-9 and _"),
    ("methods.My Method", {}, "methods is 'My Method' and must be made of a-z, 0-9 and _"),
    ("datasets", [], "datasets is [] and must be of type object"),
    ("datasets", REMOVED, "the top level lacks the key 'datasets'; add it"),
    ("datasets.bostom", {}, "datasets.bostom is unknown; did you mean 'boston'?"),
    ("datasets.cifar", {}, "datasets.cifar is unknown; known are boston, diabetes,"),
    ("datasets.boston", 1, "datasets.boston is 1 and must be of type object"),
    ("datasets.boston.source", "bosten", "datasets.bosten is unknown; did you mean 'boston'?"),
    (
        "datasets.mnist.attacks.methods",
        ["gradient", "hkr"],
        "datasets.mnist.attacks.methods.hkr is unknown; did you",
    ),
    ("datasets.boston.methods.gradientt", {}, "datasets.boston.methods.gradientt is unknown; did"),
    ("datasets.boston.methods.gradient", 1, "datasets.boston.methods.gradient is 1 and must"),
    ("datasets.boston.methods.gradient.epochs", 0, "epochs is 0 and must be at least 1"),
    ("datasets.boston.methods.gradient.epochs", 2.0, "epochs is 2.0 and must be of type integer"),
    ("datasets.boston.methods.gradient.epochs", 2.5, "epochs is 2.5 and must be of type integer"),
    ("datasets.boston.methods.gradient.epoch", 2, "has an unknown key 'epoch'; did you mean 'epoc"),
    ("datasets.boston.task", "ranking", "datasets.boston.task is 'ranking' and must be one of"),
    ("datasets.boston.replicates", 0, "datasets.boston.replicates is 0 and must be at least 1"),
    ("datasets.boston.split.test_sizes", 1, "datasets.boston.split has an unknown key 'test_size"),
    (
        "datasets.boston.split.test_size",
        0,
        "split.test_size is 0 and must be a number of rows",
    ),
    (
        "datasets.boston.noise.gaussian",
        [0.1, -0.1],
        "noise.gaussian.1 is -0.1 and must be greater t",
    ),
    ("datasets.boston.noise.gaussian", [0.1, 0.1], "[0.1, 0.1] and must not repeat a value"),
    ("datasets.mnist.noise.pixel_flip", [0.5, 2], "pixel_flip.1 is 2 and must be at most 1"),
    ("datasets.boston.noise.gaussian", [], "noise.gaussian is [] and must have at least 1 it"),
    ("datasets.boston.noise.gaussian", "0.1", "noise.gaussian is '0.1' and must be of type arr"),
    ("datasets.boston.noise.draws", REMOVED, "datasets.boston.noise lacks the key 'draws'; add it"),
    ("datasets.two_moons.methods.hkr", REMOVED, "two_moons.methods lacks the key 'hkr'; add it"),
    ("datasets.two_moons.methods.hkr.tune", {"margin": [1]}, "library trains with the recipe's ow"),
    (
        "datasets.mnist.certified",
        REMOVED,
        "'hkr_margin_01' and lacks the key 'certified'; name the",
    ),
    ("datasets.mnist.classes", REMOVED, "datasets.mnist lacks the key 'classes'; add it"),
    ("datasets.mnist.network.name", "MLP", "datasets.mnist.network.name is 'MLP' and must be made"),
    ("datasets.two_circles.preparation.factor", 1, "preparation.factor is 1 and must be less than"),
    ("datasets.boston.epochs", REMOVED, "datasets.boston.methods.gradient lacks the key 'epochs'"),
    (
        "datasets.mnist.methods.baseline.loss",
        REMOVED,
        "datasets.mnist.methods.baseline lacks the key 'loss'; add it",
    ),
    ("datasets.diabetes.network", REMOVED, "datasets.diabetes.methods.gradient lacks the key 'net"),
    ("methods.baseline.order", REMOVED, "datasets.boston.methods.baseline lacks the key 'order'"),
    ("methods.hkr.steps_per_epoch", REMOVED, "datasets.two_moons.methods.hkr lacks the key 'step"),
    ("methods.hkr.precision", "bfloat16", "methods.hkr.precision is 'bfloat16' and must be one of"),
    ("datasets.boston.methods.brier.tune", {}, "brier.tune is {} and must have at least 1 entry"),
    (
        "datasets.boston.methods.weight_decay.tune.penalty",
        [1],
        "'weight_decay': [0.001, 0.01, 0.1, 1, 10]} and must have at most 1 entry",
    ),
    (
        "datasets.boston.methods.brier.tune",
        {"penalti": [1]},
        "brier.tune has an unknown key 'penalti'; did you mean 'penalty'?",
    ),
    ("datasets.mnist.methods.hkr_dense.tune.margin", [0], "tune.margin.0 is 0 and must be greater"),
    (
        "datasets.diabetes.methods.gradient.tune",
        {"noise_sigma": [1]},
        "datasets.diabetes.methods.gradient.tune is given, and the dataset lacks the key 'tuning'",
    ),
    (
        "datasets.trilotropicos.methods.linear.tune",
        {"penalty": [1]},
        "linear.tune is given, and a linear regression does not read it; remove it",
    ),
    ("datasets.boston.tuning.share", 1, "datasets.boston.tuning.share is 1 and must be less than"),
    ("methods.hkr.margin", float("nan"), "methods.hkr.margin is nan and must be a finite number"),
    ("datasets.boston.noise.gaussian", [float("inf")], "noise.gaussian.0 is inf and must be a fin"),
    ("downloads", "results", "results and downloads are both 'results'; choose two folders"),
    (5, 1, "the top level has an unknown key '5'"),
    ("datasets", {5: {}}, "datasets.5 is unknown; known are"),
    ("methods", 3, "methods is 3 and must be of type object"),
    ("methods.linear.batch_size", REMOVED, "datasets.trilotropicos.methods.linear lacks the key"),
]


@pytest.mark.parametrize(("place", "value", "expected"), FAULTS)
def test_a_fault_gives_one_sentence(config, place, value, expected):
    with pytest.raises(ConfigError, match=re.escape(expected)) as caught:
        validate_config(merged(config, nested(place, value)), SCHEMA)
    message = str(caught.value)
    assert message.startswith("config: ")
    assert "\n" not in message


def test_no_folder_of_the_repository_can_be_a_results_folder():
    computed = re.compile(r"\..*|__.*|data|results.*")
    folders = {path.name for path in ROOT.iterdir() if path.is_dir()}
    sources = {name for name in folders if not computed.fullmatch(name)}
    assert sources - SOURCE_FOLDERS == set()
    assert {"src", "paper", "workflow"} <= sources


@pytest.mark.parametrize("place", ["methods", "datasets"])
def test_empty_mappings(config, place):
    config[place] = {}
    if place == "methods":
        config["datasets"] = {"boston": {**config["datasets"]["boston"], "methods": {}}}
    with pytest.raises(ConfigError, match=f"{place} is {{}} and must have at least 1 entry"):
        validate_config(config, SCHEMA)


def objects_of(schema, place):
    """Every part of a schema that describes an object, with its place."""
    if isinstance(schema, dict):
        if schema.get("type") == "object":
            yield place, schema
        for key, value in schema.items():
            yield from objects_of(value, f"{place}/{key}")
    elif isinstance(schema, list):
        for index, value in enumerate(schema):
            yield from objects_of(value, f"{place}/{index}")


def test_the_schema_is_valid_and_closed():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    found = dict(objects_of(SCHEMA, ""))
    open_ones = [place for place, part in found.items() if "additionalProperties" not in part]
    assert open_ones == ["/$defs/run"]
    assert {"", "/$defs/network", "/$defs/method", "/$defs/dataset"} <= set(found)
    for part in found.values():
        if "properties" in part and part is not SCHEMA["$defs"]["run"]:
            assert part["additionalProperties"] is False
            assert set(part.get("required", [])) <= set(part["properties"])
