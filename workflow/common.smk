import atexit
import json
import os
import shlex
import shutil
import subprocess
import sys

import yaml

sys.path.insert(0, str(Path(workflow.basedir) / "src"))
sys.path.insert(0, str(Path(workflow.basedir) / "workflow"))

from dependencies import modules_of
from exclusive import take_folder
from gradloss.configuration import (
    ConfigError,
    canonical_json,
    leave_out_nulls,
    replicates_of,
    run_settings,
    runs,
    sort_keys,
    validate_config,
)
from gradloss.data.manifest import load_manifest
from gradloss.preparations import NAMES

if workflow.is_main_process:
    if reason := take_folder(sys.argv, Path.cwd()):
        sys.exit(f"error: {reason}")
    # Jobs on this machine end when the run ends, however it ends.
    os.environ["GRADLOSS_RUN"] = str(os.getpid())
else:
    os.environ.pop("GRADLOSS_RUN", None)  # of a run on another machine

# TensorFlow's own notes would hide ours in the logs; NumPy's threads would compete with jobs.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ["PYTHONPATH"] = str(Path(workflow.basedir) / "src")

leave_out_nulls(config)
with open(Path(workflow.basedir) / "workflow/config.schema.yaml") as file:
    try:
        validate_config(config, yaml.safe_load(file), NAMES)
    except ConfigError as error:
        sys.exit(f"error: {error}")
config.update(sort_keys(config))

PYTHON = sys.executable
RESULTS = config["results"]
DOWNLOADS = config["downloads"]
DATASETS = config["datasets"]
SOURCES = {name: entry.get("source", name) for name, entry in DATASETS.items()}
DOWNLOADED = sorted(set(SOURCES.values()) & set(load_manifest()))


def methods_of_rule(rule):
    """Regular expression of the methods that a training rule runs."""
    names = [name for name, method in config["methods"].items() if method["rule"] == rule]
    return "|".join(names) or "none"


def jobs_of(dataset, method):
    """Ranges of replicates, FIRST-LAST, that are trained together."""
    total = replicates_of(config, dataset, method)
    size = DATASETS[dataset]["replicates_per_job"]
    return [f"{first}-{min(first + size, total) - 1}" for first in range(0, total, size)]


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
