import json
import shlex
import shutil
import subprocess
from functools import partial
from hashlib import sha256

import yaml

from dependencies import digest_of_modules, modules_of
from gradloss.configuration import (
    canonical_json,
    leave_out_nulls,
    replicate_ranges,
    run_settings,
    runs,
    sort_keys,
    validate_config,
)
from gradloss.data.manifest import load_manifest
from gradloss.preparations import NAMES
from gradloss.provenance import read_state

leave_out_nulls(config)
with open(Path(workflow.basedir) / "workflow/config.schema.yaml") as file:
    try:
        validate_config(config, yaml.safe_load(file), NAMES)
    except UserError as error:
        sys.exit(f"error: {error}")
config.update(sort_keys(config))

PYTHON = sys.executable
RESULTS = config["results"]
DOWNLOADS = config["downloads"]
DATASETS = config["datasets"]
if COMPUTES:
    PLACES = [STATE, Path(RESULTS), Path(DOWNLOADS)]
    try:
        for place in PLACES:
            check_writable(place)
    except OSError as error:
        sys.exit(f"error: {describe(error)}")
    atexit.register(warn_if_full, PLACES)

# What results depend on: neither where the data come from nor where the sources are shown.
STUDY = {key: value for key, value in config.items() if key not in ("data_mirror", "repository")}
SOURCES = {name: entry.get("source", name) for name, entry in DATASETS.items()}
DOWNLOADED = sorted(set(SOURCES.values()) & set(load_manifest()))
jobs_of = partial(replicate_ranges, config)  # of a dataset and a method


def methods_of_rule(rule):
    """Regular expression of the methods that a training rule runs."""
    names = [name for name, method in config["methods"].items() if method["rule"] == rule]
    return "|".join(names) or "none"


def per_job(pattern, dataset=None, method=None):
    """Expand a pattern of {dataset}, {method} and {replicates} over all training jobs."""
    return [
        pattern.format(dataset=d, method=m, replicates=replicates)
        for d, m in runs(config)
        if dataset in (None, d) and method in (None, m)
        for replicates in jobs_of(d, m)
    ]


def datasets_where(condition):
    return [name for name, entry in DATASETS.items() if condition(entry)]


def memory(megabytes):
    """Memory of a job, and as much again for each attempt: one may have failed for want of it."""
    return lambda wildcards, attempt: megabytes * attempt


def training_settings(wildcards):
    settings = run_settings(config, wildcards.dataset, wildcards.method)
    return canonical_json({**settings, "threads": config["threads"]})


def attack_settings(dataset):
    """What an attack depends on; which methods are attacked is no part of it."""
    attacks = DATASETS[dataset]["attacks"]
    return {key: value for key, value in attacks.items() if key != "methods"}


def certified_option(dataset):
    return f"--certified '{canonical_json(DATASETS[dataset].get('certified', []))}'"


NOISY = datasets_where(lambda entry: "noise" in entry)
ATTACKED = datasets_where(lambda entry: "attacks" in entry)
HKR = datasets_where(lambda entry: "hkr" in entry["methods"])
ABLATED = datasets_where(
    lambda entry: any("changes" in config["methods"][method] for method in entry["methods"])
)
LINEAR = datasets_where(lambda entry: "linear" in entry["methods"])
# Replicates beyond those that are attacked have no job.
ATTACKS = [
    f"{RESULTS}/attacks/{dataset}/{method}/{replicates}.csv"
    for dataset in ATTACKED
    for method in DATASETS[dataset]["attacks"]["methods"]
    for replicates in jobs_of(dataset, method)
    if int(replicates.split("-")[0]) < DATASETS[dataset]["attacks"]["replicates"]
]
MODELS = per_job(f"{RESULTS}/models/{{dataset}}/{{method}}/{{replicates}}")


wildcard_constraints:
    dataset="|".join(DATASETS),
    source="|".join(DOWNLOADED) or "none",
    method="|".join(config["methods"]),
    replicates=r"\d+-\d+",
