# Not the run's own, which differ each time: equal results must give an equal paper.
TIMINGS = "paper/published_timings.csv"

# What each table is made from: option and files, or option and settings.
# That a method is an arm or a dose, but not what it changes, which the table of the ablation alone tells.
ENTRIES = {
    "datasets": {
        name: {
            key: entry[key]
            for key in ("label", "task", "source", "noise", "methods")
            if key in entry
        }
        for name, entry in DATASETS.items()
    },
    "methods": {
        name: {"label": method["label"], "rule": method["rule"]}
        | {key: True for key in ("changes", "dose_of") if key in method}
        for name, method in config["methods"].items()
    },
}
RUNS = {
    dataset: {
        method: {
            **run_settings(config, dataset, method),
            "label": config["methods"][method]["label"],
        }
        for method in entry["methods"]
    }
    for dataset, entry in DATASETS.items()
}


def values_of(*parts):
    """Option of a table: the values of some methods of some datasets, by (dataset, methods)."""
    return {
        "metrics": [path for dataset, names in parts for path in evaluations_of(dataset, names)]
    }


def hkr_methods(dataset):
    return [m for m in main_methods(dataset) if config["methods"][m]["rule"] == "hkr"]


# Pairs of datasets whose preparations differ, and the two scales of the gradient loss.
LEAK_FREE = {
    name: source
    for name, source in SOURCES.items()
    if source != name and source in DATASETS
    if DATASETS[name].get("preparation", {}).get("scaling") == "training_part"
    if DATASETS[source].get("preparation", {}).get("scaling") != "training_part"
}
LEAKS = [
    (name, main_methods(leak_free))
    for leak_free, source in LEAK_FREE.items()
    for name in (source, leak_free)
] + [
    (dataset, scales)
    for scales in [["gradient", "gradient_per_example"]]
    for dataset in datasets_where(lambda entry: set(scales) <= set(entry["methods"]))
]
# Tables of the whole study: the title in Snakemake's report, the files and the settings, each by its
# option of the script, and the datasets that it is `of`, without which it is not made.
WHOLE = {
    "claims": {"title": "Claims and verdicts", "files": {"claims": [f"{RESULTS}/claims.csv"]}},
    "headline": {"title": "Main claims", "files": {"claims": [f"{RESULTS}/claims.csv"]}},
    "comparisons": {
        "title": "Paired comparisons",
        "files": {"comparisons": [f"{RESULTS}/comparisons.csv"]},
    },
    "design": {"title": "Design", "files": {"design": [f"{RESULTS}/design.csv"]}},
    "coverage": {
        "title": "Coverage of the intervals",
        "files": {"coverage": [f"{RESULTS}/coverage.csv"]},
    },
    "lipschitz": {
        "title": "1-Lipschitz networks",
        "files": {
            **values_of(*((dataset, hkr_methods(dataset)) for dataset in DATASETS)),
            "anchors": ["paper/anchors.yaml"],
        },
        "settings": {"settings": ENTRIES},
    },
    "duality": {
        "title": "Duality",
        "files": values_of(*((dataset, hkr_methods(dataset)) for dataset in TWO_CLASSES)),
        "settings": {"settings": ENTRIES},
    },
    "leak": {
        "title": "Leak by scaling",
        "files": values_of(*LEAKS),
        "settings": {"settings": {**ENTRIES, "leak_free": LEAK_FREE}},
    },
    "attacks": {
        "title": "Attacks",
        "of": ATTACKED,
        "files": {
            "metrics": [
                path
                for dataset in ATTACKED
                for path in evaluations_of(dataset, attacked(dataset)) + attacks_of(dataset)
            ]
        },
        "settings": {"settings": ENTRIES},
    },
    "audit": {
        "title": "Audit of the attacks",
        "of": ATTACKED,
        "files": {"metrics": [path for dataset in ATTACKED for path in audits_of(dataset)]},
        "settings": {"settings": ENTRIES},
    },
    "corruptions": {
        "title": "Corruptions",
        "of": CORRUPTED,
        "files": values_of(*((dataset, compared_methods(dataset)) for dataset in CORRUPTED)),
        "settings": {
            "settings": {
                dataset: figure_settings(
                    dataset, "label", "methods", "labels", "arms", show=compared_methods
                )
                for dataset in CORRUPTED
            }
        },
    },
    "sampling": {
        "title": "Sampling of test images",
        "of": COMPARED_IMAGES,
        "files": {"sampling": [f"{RESULTS}/test_sampling.csv"]},
    },
    "sweep": {
        "title": "Noise sweep",
        "files": values_of(*((dataset, main_methods(dataset)) for dataset in NOISY)),
        "settings": {"settings": ENTRIES},
    },
    "tuning": {
        "title": "Tuned constants",
        "of": TUNED,
        "files": {"tuning": [f"{RESULTS}/tuning.csv"]},
        "settings": {"settings": ENTRIES},
    },
    "linear": {
        "title": "Linear regression",
        "of": LINEAR,
        "files": values_of(*((dataset, [method]) for dataset, method in LINEAR.items())),
        "settings": {"labels": {name: DATASETS[name]["label"] for name in LINEAR}},
    },
    "data": {
        "title": "Data",
        "files": {"sources": [f"{RESULTS}/data_sources.csv"]},
        "settings": {"settings": ENTRIES},
    },
    "protocol": {
        "title": "Protocol",
        "settings": {
            "settings": [run for methods in RUNS.values() for run in methods.values()],
            "labels": {name: entry["label"] for name, entry in DATASETS.items()},
        },
    },
    "cost": {
        "title": "Cost of training",
        "files": {"timings": [TIMINGS]},
        "settings": {"settings": ENTRIES},
    },
    "stages": {
        "title": "Cost by stage",
        "files": {"stages": ["paper/published_stages.csv"]},
    },
    "appendix": {"settings": {"settings": ENTRIES}},  # of figures, so the report has it not
}
WHOLE = {name: {"files": {}, "settings": {}, **t} for name, t in WHOLE.items() if t.get("of", True)}
TABLE_MODULES = {name: digest_of_modules(f"scripts/tables/tabulate_{name}.py") for name in WHOLE}


def table_options(wildcards):
    """Command-line options of a table: its files and its settings."""
    table = WHOLE[wildcards.table]
    files = [f"--{option} {' '.join(paths)}" for option, paths in table["files"].items()]
    settings = [
        f"--{option} {shlex.quote(json.dumps(value))}"
        for option, value in table["settings"].items()
    ]
    return " ".join(files + settings)


rule tabulate:
    input:
        script="scripts/tables/tabulate_{table}.py",
        modules=lambda wildcards: TABLE_MODULES[wildcards.table],
        sources=lambda wildcards: [
            path for paths in WHOLE[wildcards.table]["files"].values() for path in paths
        ],
    output:
        f"{RESULTS}/tables/{{table}}.tex",
    log:
        f"{RESULTS}/logs/tabulate_{{table}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/tabulate_{{table}}.tsv"
    wildcard_constraints:
        table="|".join(WHOLE),
    localrule: True
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
        gpu=0,
    params:
        options=table_options,
    message:
        "Writing the table {wildcards.table}"
    shell:
        "{PYTHON:q} {input.script} {params.options} --output {output} > {log} 2>&1"


use rule plot_noise as tabulate_ablation with:
    input:
        script="scripts/tables/tabulate_ablation.py",
        modules=digest_of_modules("scripts/tables/tabulate_ablation.py"),
        metrics=dataset_values(ablation_methods),
    output:
        f"{RESULTS}/tables/ablation_{{dataset}}.tex",
    log:
        f"{RESULTS}/logs/tabulate_ablation_{{dataset}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/tabulate_ablation_{{dataset}}.tsv"
    params:
        settings=dataset_settings(
            "task", "methods", "labels", "arms", "changes", "reference", show=ablation_methods
        ),
    message:
        "Writing the ablation table of {wildcards.dataset}"


use rule plot_length as tabulate_length with:
    input:
        script="scripts/tables/tabulate_length.py",
        modules=digest_of_modules("scripts/tables/tabulate_length.py"),
        metrics=dataset_values(lengthened_methods),
        timings=dataset_values(lengthened_methods, timings_of),
    output:
        f"{RESULTS}/tables/length_{{dataset}}.tex",
    log:
        f"{RESULTS}/logs/tabulate_length_{{dataset}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/tabulate_length_{{dataset}}.tsv"
    message:
        "Writing the table of lengths of training on {wildcards.dataset}"


TABLES = (
    expand(f"{RESULTS}/tables/{{table}}.tex", table=WHOLE)
    + expand(f"{RESULTS}/tables/ablation_{{dataset}}.tex", dataset=ABLATED)
    + expand(f"{RESULTS}/tables/length_{{dataset}}.tex", dataset=LENGTHENED)
    + [f"{RESULTS}/numbers.tex"]
)


# In Snakemake's report: file, which the captions share, title, and dataset.
PREVIEWED = [
    (name, name, table["title"], "") for name, table in WHOLE.items() if "title" in table
] + [
    (f"{name}_{dataset}", name, title, DATASETS[dataset]["label"])
    for name, title, datasets in (
        ("ablation", "Ablation", ABLATED),
        ("length", "Length of training", LENGTHENED),
    )
    for dataset in datasets
]


rule preview_tables:
    input:
        script="scripts/tables/preview_tables.py",
        modules=digest_of_modules("scripts/tables/preview_tables.py"),
        tables=[f"{RESULTS}/tables/{table}.tex" for table, *_ in PREVIEWED],
    output:
        [
            report(
                f"{RESULTS}/tables/{table}.html",
                caption=f"report/tables/{kind}.rst",
                category="Tables",
                labels={"table": title, "data set": label},
            )
            for table, kind, title, label in PREVIEWED
        ],
    log:
        f"{RESULTS}/logs/preview_tables.log",
    benchmark:
        f"{RESULTS}/benchmarks/preview_tables.tsv"
    localrule: True
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
        gpu=0,
    message:
        "Writing the tables as pages"
    shell:
        "{PYTHON:q} {input.script} --tables {input.tables} --pages {output} > {log} 2>&1"


PREVIEWS = [f"{RESULTS}/tables/{table}.html" for table, *_ in PREVIEWED]
