"""Validation of the configuration, and what one run of a method on a dataset is made of."""

import difflib
import json
import math
import reprlib
from collections.abc import Iterable, Iterator
from typing import Any

import jsonschema

from gradloss.errors import UserError

Settings = dict[str, Any]

# Environment variable with a configuration as JSON, for a notebook that the workflow executes.
CONFIG_VARIABLE = "GRADLOSS_CONFIG"

# What a dataset hands on to the runs of its methods, and what only describes a method.
SHARED = ("source", "task", "classes", "network", "split", "epochs")
DESCRIPTION = ("label", "changes")
# Which no run may write to.
SOURCE_FOLDERS = frozenset(
    ("benchmarks", "docs", "notebooks", "paper", "profiles", "scripts", "src", "tests", "workflow")
)

# JSON schema takes 2.0 for an integer, which Python's range does not.
VALIDATOR = jsonschema.validators.extend(
    jsonschema.Draft202012Validator,
    type_checker=jsonschema.Draft202012Validator.TYPE_CHECKER.redefine(
        "integer", lambda _, value: type(value) is int
    ),
)


class ConfigError(UserError):
    """The configuration is not valid."""


def validate_config(config: Settings, schema: Settings, known_datasets: Iterable[str]) -> None:
    """Check a configuration against its schema and every run that it asks for.

    Args:
        config: The merged configuration.
        schema: JSON schema (2020-12) with a definition `run`.
        known_datasets: Names for which a preparation exists.

    Raises:
        ConfigError: With one sentence on the first fault.
    """
    sources = {
        str(entry.get("source", name)) if isinstance(entry, dict) else name: None
        for name, entry in _items(config.get("datasets"))
    }
    _check_names("datasets", sources, known_datasets)
    methods = config.get("methods")
    for name, dataset in _items(config.get("datasets")):
        if isinstance(dataset, dict) and isinstance(methods, dict):
            _check_names(f"datasets.{name}.methods", dataset.get("methods"), methods)
    _check_schema(config, schema, where=())
    _check_finite(config, where=())
    for key in ("results", "downloads"):
        if config[key] in SOURCE_FOLDERS:
            raise ConfigError(
                f"config: {key} is {config[key]!r}, a folder of sources; choose another"
            )
    if config["results"] == config["downloads"]:
        raise ConfigError(
            f"config: results and downloads are both {config['results']!r}; choose two folders"
        )
    run_schema = {"$ref": "#/$defs/run", "$defs": schema["$defs"]}
    for name, dataset in config["datasets"].items():
        attacked = dict.fromkeys(dataset.get("attacks", {}).get("methods", []))
        _check_names(f"datasets.{name}.attacks.methods", attacked, dataset["methods"])
        _check_reference(config, name)
    for dataset, method in runs(config):
        run = run_settings(config, dataset, method)
        _check_schema(run, run_schema, where=("datasets", dataset, "methods", method))


def overlay(config: Settings, preset: Settings) -> Settings:
    """A configuration with a preset laid over it, as `snakemake --configfile` does.

    Mappings are merged key by key; every other value of the preset takes the place of the old one.
    """
    merged = dict(config)
    for key, value in preset.items():
        below = merged.get(key)
        nested = isinstance(value, dict) and isinstance(below, dict)
        merged[key] = overlay(below, value) if nested else value
    return merged


def leave_out_nulls(config: Settings) -> None:
    """Remove, in place, the datasets and methods of datasets that a preset sets to null."""
    datasets = config.get("datasets")
    for name, dataset in list(_items(datasets)):
        if dataset is None:
            del datasets[name]
            continue
        methods = dataset.get("methods") if isinstance(dataset, dict) else None
        for method in [method for method, entry in _items(methods) if entry is None]:
            del methods[method]


def sort_keys(value: Any, named: bool = False) -> Any:
    """Sort all keys but the names of datasets and methods, whose order fixes rows and styles."""
    if not isinstance(value, dict):
        return value
    keys = value if named else sorted(value)
    return {key: sort_keys(value[key], key in ("datasets", "methods")) for key in keys}


def runs(config: Settings) -> Iterator[tuple[str, str]]:
    """Pairs of a dataset and a method that the configuration asks for, in its order."""
    for name, dataset in config["datasets"].items():
        for method in dataset["methods"]:
            yield name, method


def run_settings(config: Settings, dataset: str, method: str) -> Settings:
    """Settings of training one method on one dataset.

    The dataset gives its task, network and epochs; the method's recipe overrides them, and the
    values that the dataset states for this method override both. Labels are no part of them.
    """
    entry = config["datasets"][dataset]
    shared = {key: entry[key] for key in SHARED if key in entry}
    if "scaling" in entry.get("preparation", {}):
        shared["scaling"] = entry["preparation"]["scaling"]
    merged = {**shared, **config["methods"][method], **entry["methods"][method]}
    run = {key: value for key, value in merged.items() if key not in DESCRIPTION}
    return {**run, "dataset": dataset, "method": method, "seed": config["seed"]}


def replicates_of(config: Settings, dataset: str, method: str) -> int:
    """Number of replicates; arms of the ablation may have fewer than the other methods."""
    entry = config["datasets"][dataset]
    is_arm = "changes" in config["methods"][method]
    return entry.get("arm_replicates", entry["replicates"]) if is_arm else entry["replicates"]


def replicate_ranges(config: Settings, dataset: str, method: str) -> list[str]:
    """Ranges of replicates, FIRST-LAST, that are trained together."""
    total = replicates_of(config, dataset, method)
    size = min(config["datasets"][dataset]["replicates_per_job"], config["replicates_per_job"])
    return [f"{first}-{min(first + size, total) - 1}" for first in range(0, total, size)]


def canonical_json(settings: Any) -> str:
    """JSON text that is equal for equal settings."""
    return json.dumps(settings, sort_keys=True, ensure_ascii=False)


def _items(mapping: Any) -> Iterable[tuple[str, Any]]:
    return mapping.items() if isinstance(mapping, dict) else ()


def _check_names(where: str, mapping: Any, known: Iterable[str]) -> None:
    for name, _ in _items(mapping):
        if name not in set(known):
            raise ConfigError(f"config: {where}.{name} is unknown; {_nearest(name, known)}")


def _nearest(name: object, known: Iterable[object]) -> str:
    names = sorted(map(str, known))
    close = difflib.get_close_matches(str(name), names, n=1, cutoff=0.5)
    return f"did you mean '{close[0]}'?" if close else f"known are {', '.join(names)}"


def _check_reference(config: Settings, name: str) -> None:
    dataset = config["datasets"][name]
    arms = [method for method in dataset["methods"] if "changes" in config["methods"][method]]
    reference = dataset.get("reference")
    if arms and reference is None:
        raise ConfigError(
            f"config: datasets.{name} has the arm '{arms[0]}' and lacks the key 'reference'; "
            "name the method that its arms are compared with"
        )
    _check_names(
        f"datasets.{name}.reference", {reference: None} if reference else {}, dataset["methods"]
    )


def _check_finite(value: Any, where: tuple[str, ...]) -> None:
    if isinstance(value, float) and not math.isfinite(value):
        raise ConfigError(f"config: {'.'.join(where)} is {value} and must be a finite number")
    if isinstance(value, dict | list):
        entries = value.items() if isinstance(value, dict) else enumerate(value)
        for key, entry in entries:
            _check_finite(entry, (*where, str(key)))


def _check_schema(value: Any, schema: Settings, where: tuple[str, ...]) -> None:
    error = next(iter(VALIDATOR(schema).iter_errors(value)), None)
    if error is not None:
        raise ConfigError(_sentence(error, where))


def _sentence(error: jsonschema.ValidationError, where: tuple[str, ...]) -> str:
    place = ".".join([*where, *map(str, error.absolute_path)]) or "the top level"
    value = error.instance
    if error.validator == "additionalProperties":
        allowed = error.schema["properties"]
        unknown = next(key for key in value if key not in allowed)
        return f"config: {place} has an unknown key '{unknown}'; {_nearest(unknown, allowed)}"
    if error.validator == "required":
        missing = next(key for key in error.validator_value if key not in value)
        return f"config: {place} lacks the key '{missing}'; add it"
    expectation = {
        "type": f"must be of type {error.validator_value}",
        "enum": f"must be one of {error.validator_value}",
        "minimum": f"must be at least {error.validator_value}",
        "maximum": f"must be at most {error.validator_value}",
        "exclusiveMinimum": f"must be greater than {error.validator_value}",
        "exclusiveMaximum": f"must be less than {error.validator_value}",
        "pattern": f"must be {error.schema.get('description')}",
        "minLength": "must not be empty",
        "minItems": f"must have at least {error.validator_value} item",
        "minProperties": f"must have at least {error.validator_value} entry",
        "uniqueItems": "must not repeat a value",
    }[str(error.validator)]
    return f"config: {place} is {reprlib.repr(value)} and {expectation}"
