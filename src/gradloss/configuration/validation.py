"""Validation of the configuration."""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import jsonschema

from gradloss.configuration.faults import ConfigError, check_names, nearest, sentence_on
from gradloss.configuration.files import read_plain
from gradloss.configuration.fitting import check_dataset, check_labels, check_run
from gradloss.configuration.offers import preparations, readers
from gradloss.configuration.runs import Settings, items_of, run_settings, runs

# Which no run may write to.
SOURCE_FOLDERS = frozenset(
    ("benchmarks", "docs", "notebooks", "paper", "profiles", "scripts", "src", "tests", "workflow")
)

CORRUPTED = "_corrupted"

# JSON schema takes 2.0 for an integer, which Python's range does not.
VALIDATOR = jsonschema.validators.extend(
    jsonschema.Draft202012Validator,
    type_checker=jsonschema.Draft202012Validator.TYPE_CHECKER.redefine(
        "integer", lambda _, value: type(value) is int
    ),
)


def validate_config(config: Settings, schema: Settings) -> None:
    """Check a configuration against its schema, and whether the parts of every run fit.

    Args:
        config: The merged configuration.
        schema: JSON schema (2020-12) with a definition `run`.

    Raises:
        ConfigError: With one sentence on the first fault.
    """
    sources = {
        str(entry.get("source", name)) if isinstance(entry, dict) else name: None
        for name, entry in items_of(config.get("datasets"))
    }
    check_names("datasets", sources, preparations())
    methods = config.get("methods")
    for name, dataset in items_of(config.get("datasets")):
        if isinstance(dataset, dict) and isinstance(methods, dict):
            check_names(f"datasets.{name}.methods", dataset.get("methods"), methods)
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
    _check_doses(config["methods"])
    run_schema = {"$ref": "#/$defs/run", "$defs": schema["$defs"]}
    check_labels(config)
    for name, dataset in config["datasets"].items():
        attacked = dict.fromkeys(dataset.get("attacks", {}).get("methods", []))
        check_names(f"datasets.{name}.attacks.methods", attacked, dataset["methods"])
        _check_reference(config, name)
        _check_lengths(config, name)
        _check_frontier(config, name)
        check_dataset(config, name)
        if name.endswith(CORRUPTED):
            raise ConfigError(
                f"config: datasets.{name} ends in '{CORRUPTED}', as do files of corrupted test"
                " images; choose another name"
            )
    for dataset, method in runs(config):
        run = run_settings(config, dataset, method)
        _check_schema(run, run_schema, where=("datasets", dataset, "methods", method))
        check_run(config, dataset, method)


def check_left_out(config: Settings, files: Sequence[Settings]) -> None:
    """Refuse a null below `datasets` for what no file gives a value, such as a misspelt name.

    Args:
        config: The merged configuration, before what is null is left out of it.
        files: The files that it was merged from.

    Raises:
        ConfigError: With one sentence on the first one.
    """
    for *above, name in _nulls(config.get("datasets"), ("datasets",)):
        known = {key for file in files for key in _keys_below(file, above)}
        if name not in known:
            meant = f" ({nearest(name, known)})" if known else ""
            raise ConfigError(
                f"config: {'.'.join((*above, name))} has no value, and no file has one that it"
                f" could leave out; give it one, or remove it{meant}"
            )


def _nulls(value: Any, where: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for key, entry in items_of(value):
        if entry is None:
            yield (*where, str(key))
        else:
            yield from _nulls(entry, (*where, str(key)))


def _keys_below(value: Any, where: Sequence[str]) -> list[str]:
    """Keys with a value in the mapping at a place, if there is one."""
    for name in where:
        value = dict(items_of(value)).get(name)
    return [str(key) for key, entry in items_of(value) if entry is not None]


def check_manifest(path: Path, schema: Settings) -> None:
    """Check the sources of the data sets against their schema and the readers that there are.

    Args:
        path: YAML in UTF-8, as manifest.yaml.
        schema: JSON schema (2020-12).

    Raises:
        ConfigError: With one sentence on the first fault.
        OSError: The file cannot be read.
    """
    manifest = read_plain(path)
    _check_schema(manifest, schema, where=(), file=path.name)
    for name, entry in manifest.items():
        for reader in (source["reader"] for source in entry["sources"]):
            if reader not in readers():
                raise ConfigError(
                    f"{path.name}: {name} has a source with the reader '{reader}', which is"
                    f" unknown; {nearest(reader, readers())}"
                )


def _check_reference(config: Settings, name: str) -> None:
    dataset = config["datasets"][name]
    arms = [method for method in dataset["methods"] if "changes" in config["methods"][method]]
    reference = dataset.get("reference")
    if arms and reference is None:
        raise ConfigError(
            f"config: datasets.{name} has the arm '{arms[0]}' and lacks the key 'reference'; "
            "name the method that its arms are compared with"
        )
    check_names(
        f"datasets.{name}.reference", {reference: None} if reference else {}, dataset["methods"]
    )
    if reference and config["methods"][reference].keys() & {"dose_of", "length_of"}:
        raise ConfigError(
            f"config: datasets.{name}.reference '{reference}' is a dose or a length of another"
            " method, which the ablation does not show; name that method"
        )


def _check_doses(methods: Settings) -> None:
    for name, recipe in methods.items():
        if "dose_of" not in recipe:
            continue
        check_names(f"methods.{name}.dose_of", {recipe["dose_of"]: None}, methods)
        for method in (name, recipe["dose_of"]):
            if "margin" not in methods[method]:
                raise ConfigError(
                    f"config: methods.{method} lacks the key 'margin', which is the dose; add it"
                )


def _check_lengths(config: Settings, name: str) -> None:
    known = config["datasets"][name]["methods"]
    for method in known:
        base = config["methods"][method].get("length_of")
        check_names(f"methods.{method}.length_of", {base: None} if base else {}, known)
        if base and config["methods"][base].keys() & {"dose_of", "length_of"}:
            raise ConfigError(
                f"config: methods.{method}.length_of '{base}' is a dose or a length itself; name"
                " the method whose training is shortened or lengthened"
            )


def _check_frontier(config: Settings, name: str) -> None:
    dataset = config["datasets"][name]
    doses = [method for method in dataset["methods"] if "dose_of" in config["methods"][method]]
    if doses and not dataset.get("certified"):
        raise ConfigError(
            f"config: datasets.{name} has the dose '{doses[0]}' and lacks the key 'certified'; name"
            " the radii at which doses are compared"
        )
    varied = {config["methods"][method]["dose_of"] for method in doses} & dataset["methods"].keys()
    for method in (*doses, *sorted(varied)):
        if "margin" in run_settings(config, name, method).get("tune", {}):
            raise ConfigError(
                f"config: datasets.{name}.methods.{method}.tune has the key 'margin', which is the"
                " dose and cannot be tuned; remove it"
            )


def _check_finite(value: Any, where: tuple[str, ...]) -> None:
    if isinstance(value, float) and not math.isfinite(value):
        raise ConfigError(f"config: {'.'.join(where)} is {value} and must be a finite number")
    if isinstance(value, dict | list):
        entries = value.items() if isinstance(value, dict) else enumerate(value)
        for key, entry in entries:
            _check_finite(entry, (*where, str(key)))


def _check_schema(
    value: Any, schema: Settings, where: tuple[str, ...], file: str = "config"
) -> None:
    error = next(iter(VALIDATOR(schema).iter_errors(value)), None)
    if error is not None:
        raise ConfigError(sentence_on(error, where, file))
