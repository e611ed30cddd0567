"""The merged configuration, and what of it one run of a method on a dataset is made of."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

Settings = dict[str, Any]

# Environment variable with a configuration as JSON, for a notebook that the workflow executes.
CONFIG_VARIABLE = "GRADLOSS_CONFIG"

# What a dataset hands on to the runs of its methods, and what of a method no run depends on.
SHARED = ("source", "task", "classes", "network", "split", "epochs")
APART = ("label", "changes", "dose_of", "length_of", "replicates")
TEXTS = ("data_mirror", "repository", "notice")
# Method of the results that document 004's own library gives, which is no method of ours.
LIBRARY = "deel_lip"


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
    """Remove, in place, what a preset sets to null below `datasets`: one, a method, its attacks.

    A text is then empty, as on the command line `notice=` is null.
    """
    config.update({key: "" for key in TEXTS if config.get(key, "") is None})
    _remove_nulls(config.get("datasets"))


def _remove_nulls(value: Any) -> None:
    for key, entry in list(items_of(value)):
        if entry is None:
            del value[key]
        else:
            _remove_nulls(entry)


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
    values that the dataset states for this method override both. A constant that is tuned has no
    value yet. Labels are no part of the settings, nor are numbers of replicates.
    """
    entry = config["datasets"][dataset]
    shared = {key: entry[key] for key in SHARED if key in entry}
    if "scaling" in entry.get("preparation", {}):
        shared["scaling"] = entry["preparation"]["scaling"]
    merged = {**shared, **config["methods"][method], **entry["methods"][method]}
    absent = {*APART, *merged.get("tune", {})}
    run = {key: value for key, value in merged.items() if key not in absent}
    return {**run, "dataset": dataset, "method": method, "seed": config["seed"]}


def replicates_of(config: Settings, dataset: str, method: str) -> int:
    """Number of replicates: of the method by itself, of all arms of the ablation, or of all."""
    entry, recipe = config["datasets"][dataset], config["methods"][method]
    usual = entry["replicates"]
    if "changes" in recipe:
        usual = entry.get("arm_replicates", usual)
    return {"replicates": usual, **recipe, **entry["methods"][method]}["replicates"]


def is_main(recipe: Settings) -> bool:
    """Whether a method is neither an arm of the ablation nor a dose of another method."""
    return not recipe.keys() & {"changes", "dose_of"}


def doses_of(config: Settings, dataset: str) -> dict[str, float]:
    """Margin of each method of a dataset that is a dose of one, or has doses."""
    recipes = {name: config["methods"][name] for name in config["datasets"][dataset]["methods"]}
    varied = {recipe["dose_of"] for recipe in recipes.values() if "dose_of" in recipe}
    return {
        name: run_settings(config, dataset, name)["margin"]
        for name, recipe in recipes.items()
        if name in varied or "dose_of" in recipe
    }


def replicate_ranges(config: Settings, dataset: str, method: str) -> list[str]:
    """Ranges of replicates, FIRST-LAST, that are trained together."""
    total = replicates_of(config, dataset, method)
    size = min(config["datasets"][dataset]["replicates_per_job"], config["replicates_per_job"])
    return [f"{first}-{min(first + size, total) - 1}" for first in range(0, total, size)]


def canonical_json(settings: Any) -> str:
    """JSON text that is equal for equal settings."""
    return json.dumps(settings, sort_keys=True, ensure_ascii=False)


def items_of(mapping: Any) -> Iterable[tuple[str, Any]]:
    """Entries of what should be a mapping, and is not yet known to be one."""
    return mapping.items() if isinstance(mapping, dict) else ()
