import json
import shlex
import shutil
import subprocess
from functools import partial
from hashlib import sha256

import yaml

from dependencies import digest_of_modules
from downloads import check_downloads
from gradloss.configuration.claims import check_claims
from gradloss.configuration.offers import preparations
from gradloss.configuration.runs import (
    LIBRARY,
    canonical_json,
    doses_of,
    is_main,
    leave_out_nulls,
    replicate_ranges,
    run_settings,
    runs,
    sort_keys,
)
from gradloss.configuration.validation import check_left_out, check_manifest, validate_config
from gradloss.data.manifest import load_manifest
from gradloss.paper.provenance import read_state

SCHEMAS = {
    name: yaml.safe_load(Path(workflow.basedir, f"workflow/{name}.schema.yaml").read_text())
    for name in ("config", "claims", "manifest")
}
PACKAGE = Path(workflow.basedir, "src/gradloss")
try:
    check_left_out(config, CONFIG_FILES)
    leave_out_nulls(config)
    check_manifest(PACKAGE / "data/manifest.yaml", SCHEMAS["manifest"])
    validate_config(config, SCHEMAS["config"])
    if workflow.is_main_process:
        check_claims(PACKAGE / "analysis/claims.yaml", SCHEMAS["claims"])
except UserError as error:
    sys.exit(f"error: {error}")
config.update(sort_keys(config))

PYTHON = sys.executable
RESULTS = config["results"]
DOWNLOADS = config["downloads"]
DATASETS = config["datasets"]
if workflow.is_main_process and not workflow.output_settings.dryrun:
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
MANIFEST = load_manifest()
DOWNLOADED = sorted(set(SOURCES.values()) & set(MANIFEST))
if workflow.is_main_process:
    try:
        entries = [MANIFEST[source] for source in DOWNLOADED]
        check_downloads(Path(DOWNLOADS), STATE / "metadata", entries)
    except UserError as error:
        sys.exit(f"error: {error}")
    except OSError as error:
        sys.exit(f"error: {describe(error)}")
jobs_of = partial(replicate_ranges, config)  # of a dataset and a method


# The folder of a training job's models. What reads it is as old as the file beside it, which tells
# its content: the age of a folder tells nothing of the files in it.
TRAINED = f"{RESULTS}/models/{{dataset}}/{{method}}/{{replicates}}"


def methods_of_rule(rule):
    """Regular expression of the methods that a training rule runs."""
    names = [name for name, method in config["methods"].items() if method["rule"] == rule]
    return "|".join(names) or "none"


def per_job(pattern, dataset, methods=None):
    """Expand a pattern of {dataset}, {method} and {replicates} over the training jobs of a dataset.

    Methods that the dataset is not trained with have none; without any named, all are meant.
    """
    known = DATASETS[dataset]["methods"]
    return [
        pattern.format(dataset=dataset, method=method, replicates=replicates)
        for method in known
        if methods is None or method in methods
        for replicates in jobs_of(dataset, method)
    ]


# What a product shows is read from the files of the jobs that measured it: evaluations, attacks and
# audits, by dataset and, where only some are shown, by method.
def evaluations_of(dataset, methods=None):
    return per_job(
        f"{RESULTS}/evaluations/{{dataset}}/{{method}}/{{replicates}}.csv", dataset, methods
    )


def attacked(dataset, methods=None):
    """Those of some methods that are attacked."""
    names = DATASETS[dataset].get("attacks", {}).get("methods", [])
    return [name for name in names if methods is None or name in methods]


def attacks_of(dataset, methods=None):
    """Replicates beyond those that are attacked have no job."""
    return [
        f"{RESULTS}/attacks/{dataset}/{method}/{replicates}.csv"
        for method in attacked(dataset, methods)
        for replicates in jobs_of(dataset, method)
        if int(replicates.split("-")[0]) < DATASETS[dataset]["attacks"]["replicates"]
    ]


def audits_of(dataset, methods=None):
    """One replicate of each method."""
    return [
        f"{RESULTS}/audits/{dataset}/{method}/{jobs_of(dataset, method)[0]}.csv"
        for method in attacked(dataset, methods)
    ]


def library_of(dataset):
    """What document 004's own library reaches, where the dataset asks for it."""
    count = DATASETS[dataset].get("library_replicates")
    return [f"{RESULTS}/library/{dataset}/hkr/0-{count - 1}.csv"] if count else []


def histories_of(dataset, methods=None):
    """Of the methods that train in epochs of ours."""
    named = DATASETS[dataset]["methods"] if methods is None else methods
    curved = [name for name in named if config["methods"][name]["rule"] != "linear"]
    return per_job(
        f"{RESULTS}/histories/{{dataset}}/{{method}}/{{replicates}}.csv", dataset, curved
    )


def timings_of(dataset, methods=None):
    return per_job(f"{RESULTS}/timings/{{dataset}}/{{method}}/{{replicates}}.csv", dataset, methods)


# Which methods of a dataset a product shows, in the order of the configuration's methods, which
# fixes their styles. Doses and lengths of a method have products of their own.
def main_methods(dataset, arms=()):
    """Main methods and, as far as they are named, arms of the ablation."""
    return [
        name
        for name, method in config["methods"].items()
        if name in DATASETS[dataset]["methods"]
        and "length_of" not in method
        and (is_main(method) or "changes" in method and name in arms)
    ]


def ablation_methods(dataset):
    return main_methods(dataset, DATASETS[dataset]["methods"])


def compared_methods(dataset):
    """With the arms that are attacked."""
    return main_methods(dataset, attacked(dataset))


def lengths_of(dataset):
    """Shorter and longer trainings of each method that has some on a dataset."""
    lengths = {
        method: [
            name
            for name in DATASETS[dataset]["methods"]
            if config["methods"][name].get("length_of") == method
        ]
        for method in ablation_methods(dataset)
    }
    return {method: names for method, names in lengths.items() if names}


def lengthened_methods(dataset):
    return [name for method, names in lengths_of(dataset).items() for name in (method, *names)]


def datasets_where(condition):
    return [name for name, entry in DATASETS.items() if condition(entry)]


def memory(megabytes):
    """Memory of a job, and as much again for each attempt: one may have failed for want of it."""
    return lambda wildcards, attempt: megabytes * attempt


def training_settings(wildcards):
    settings = run_settings(config, wildcards.dataset, wildcards.method)
    return canonical_json({**settings, "threads": config["threads"]})


def tuning_table(wildcards):
    """What chose the free constant of a method, if validation did."""
    pair = wildcards.dataset, wildcards.method
    return f"{RESULTS}/tuning/{pair[0]}/{pair[1]}.csv" if pair in TUNED else []


def validation_settings(wildcards):
    entry = DATASETS[wildcards.dataset]
    return canonical_json({**entry["tuning"], "gaussian": entry["noise"]["gaussian"]})


def attack_settings(dataset, *apart):
    """What an attack depends on; which methods are attacked is no part of it."""
    attacks = DATASETS[dataset]["attacks"]
    return {key: value for key, value in attacks.items() if key not in ("methods", *apart)}


def corrupted_data(wildcards):
    """Input of an evaluation: the corrupted test part, if the dataset has one."""
    return [
        f"{RESULTS}/data/{dataset}_corrupted.npz"
        for dataset in CORRUPTED
        if dataset == wildcards.dataset
    ]


def corrupted_option(_wildcards, input):
    return f"--corrupted {input.corrupted}" if input.corrupted else ""


def curves_option(wildcards):
    """Points of training curves are evaluated where a claim quotes one; histories hold them all."""
    where = f"{wildcards.dataset}/{wildcards.method}/"
    quoted = (name.startswith(where) and "@epoch:" in name for name in chain(*QUANTITIES.values()))
    return "--curves" if any(quoted) else ""


def certified_option(dataset):
    return f"--certified '{canonical_json(DATASETS[dataset].get('certified', []))}'"


def quantities_of_documents():
    """Names of the quantities that each document's claims are about, by document."""
    with open(Path(workflow.basedir) / "src/gradloss/analysis/claims.yaml") as file:
        claims = yaml.safe_load(file)
    quantities = {}
    for claim in claims:
        quantities.setdefault(claim["document"], []).extend(claim["quantities"])
    return quantities


QUANTITIES = quantities_of_documents()
NOISY = datasets_where(lambda entry: "noise" in entry)
ATTACKED = datasets_where(lambda entry: "attacks" in entry)
CORRUPTED = datasets_where(lambda entry: "corruptions" in entry)
# All replicates have the same test part, example by example.
CLASSIFIED_ALIKE = datasets_where(
    lambda entry: entry["task"] == "classification" and "split" not in entry
)
TWO_CLASSES = datasets_where(lambda entry: entry.get("classes") == 2)
# Of points in the plane, whose functions can be drawn: each dataset's first method of HKR.
DRAWN_HKR = {
    dataset: method
    for dataset, method in reversed(list(runs(config)))
    if config["methods"][method]["rule"] == "hkr"
    and preparations()[SOURCES[dataset]].shape == (2,)
    and DATASETS[dataset]["classes"] == 2
}
ABLATED = datasets_where(
    lambda entry: any("changes" in config["methods"][method] for method in entry["methods"])
)
FRONTIERS = [name for name in DATASETS if doses_of(config, name)]
TUNED = [(d, m) for d, m in runs(config) if "tune" in run_settings(config, d, m)]
LENGTHENED = datasets_where(
    lambda entry: any("length_of" in config["methods"][method] for method in entry["methods"])
)
# A linear regression stands alone on its dataset.
LINEAR = {
    dataset: method
    for dataset, method in runs(config)
    if config["methods"][method]["rule"] == "linear"
}
MODELS = [folder for dataset in DATASETS for folder in per_job(TRAINED, dataset)]


wildcard_constraints:
    dataset="|".join(DATASETS),
    source="|".join(DOWNLOADED) or "none",
    method="|".join(config["methods"]),
    replicates=r"\d+-\d+",
