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
TABLE_SOURCES = {
    "claims": {"claims": [f"{RESULTS}/claims.csv"]},
    "headline": {"claims": [f"{RESULTS}/claims.csv"]},
    "comparisons": {"comparisons": [f"{RESULTS}/comparisons.csv"]},
    "design": {"design": [f"{RESULTS}/design.csv"]},
    "coverage": {"coverage": [f"{RESULTS}/coverage.csv"]},
    "lipschitz": {
        **values_of(*((dataset, hkr_methods(dataset)) for dataset in DATASETS)),
        "anchors": ["paper/anchors.yaml"],
    },
    "duality": values_of(*((dataset, hkr_methods(dataset)) for dataset in TWO_CLASSES)),
    "leak": values_of(*LEAKS),
    **{
        "attacks": {
            "metrics": [
                path
                for dataset in ATTACKED
                for path in evaluations_of(dataset, attacked(dataset)) + attacks_of(dataset)
            ]
        }
        for _ in ATTACKED
    },
    **{"audit": {"metrics": [path for d in ATTACKED for path in audits_of(d)]} for _ in ATTACKED},
    **{
        "corruptions": values_of(*((dataset, compared_methods(dataset)) for dataset in CORRUPTED))
        for _ in CORRUPTED
    },
    **{"sampling": {"sampling": [f"{RESULTS}/test_sampling.csv"]} for _ in CLASSIFIED_ALIKE},
    "sweep": values_of(*((dataset, main_methods(dataset)) for dataset in NOISY)),
    **{"tuning": {"tuning": [f"{RESULTS}/tuning.csv"]} for _ in TUNED},
    **{"linear": values_of(*((d, [method]) for d, method in LINEAR.items())) for _ in LINEAR},
    "data": {"sources": [f"{RESULTS}/data_sources.csv"]},
    "protocol": {},
    "cost": {"timings": [TIMINGS]},
    "appendix": {},
}
TABLE_MODULES = {
    table: digest_of_modules(f"scripts/tables/tabulate_{table}.py") for table in TABLE_SOURCES
}
TABLE_SETTINGS = {
    "lipschitz": {"settings": ENTRIES},
    "duality": {"settings": ENTRIES},
    "leak": {"settings": {**ENTRIES, "leak_free": LEAK_FREE}},
    "attacks": {"settings": ENTRIES},
    "corruptions": {
        "settings": {
            dataset: figure_settings(
                dataset, "label", "methods", "labels", "arms", show=compared_methods
            )
            for dataset in CORRUPTED
        }
    },
    "audit": {"settings": ENTRIES},
    "sweep": {"settings": ENTRIES},
    "tuning": {"settings": ENTRIES},
    "linear": {"labels": {name: DATASETS[name]["label"] for name in LINEAR}},
    "data": {"settings": ENTRIES},
    "protocol": {
        "settings": [run for methods in RUNS.values() for run in methods.values()],
        "labels": {name: entry["label"] for name, entry in DATASETS.items()},
    },
    "cost": {"settings": ENTRIES},
    "appendix": {"settings": ENTRIES},
}


def table_options(wildcards):
    """Command-line options of a table: its files and its settings."""
    files = [
        f"--{option} {' '.join(files)}" for option, files in TABLE_SOURCES[wildcards.table].items()
    ]
    settings = [
        f"--{option} {shlex.quote(json.dumps(value))}"
        for option, value in TABLE_SETTINGS.get(wildcards.table, {}).items()
    ]
    return " ".join(files + settings)


rule tabulate:
    input:
        script="scripts/tables/tabulate_{table}.py",
        modules=lambda wildcards: TABLE_MODULES[wildcards.table],
        sources=lambda wildcards: [
            path for files in TABLE_SOURCES[wildcards.table].values() for path in files
        ],
    output:
        f"{RESULTS}/tables/{{table}}.tex",
    log:
        f"{RESULTS}/logs/tabulate_{{table}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/tabulate_{{table}}.tsv"
    wildcard_constraints:
        table="|".join(TABLE_SOURCES),
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


rule write_numbers:
    input:
        script="scripts/paper/write_numbers.py",
        modules=digest_of_modules("scripts/paper/write_numbers.py"),
        text=sorted(map(str, Path("paper").glob("**/*.tex"))),
        metrics=f"{RESULTS}/metrics.csv",
        claims=f"{RESULTS}/claims.csv",
        comparisons=f"{RESULTS}/comparisons.csv",
        timings=TIMINGS,
        published="paper/published.csv",
        sources=f"{RESULTS}/data_sources.csv",
        machine=f"{RESULTS}/machine.csv",
    output:
        f"{RESULTS}/numbers.tex",
    log:
        f"{RESULTS}/logs/write_numbers.log",
    benchmark:
        f"{RESULTS}/benchmarks/write_numbers.tsv"
    localrule: True
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
        gpu=0,
    params:
        settings=canonical_json(STUDY | {"runs": RUNS}),
    message:
        "Writing the numbers that the paper quotes"
    shell:
        "{PYTHON:q} {input.script} --text {input.text} --metrics {input.metrics}"
        " --claims {input.claims} --comparisons {input.comparisons}"
        " --timings {input.timings} --published {input.published} --sources {input.sources}"
        " --machine {input.machine}"
        " --settings {params.settings:q} --output {output} > {log} 2>&1"


TABLES = (
    expand(f"{RESULTS}/tables/{{table}}.tex", table=TABLE_SOURCES)
    + expand(f"{RESULTS}/tables/ablation_{{dataset}}.tex", dataset=ABLATED)
    + expand(f"{RESULTS}/tables/length_{{dataset}}.tex", dataset=LENGTHENED)
    + [f"{RESULTS}/numbers.tex"]
)


# Tables in Snakemake's report: file, which the captions share, and title.
TITLES = {
    "claims": "Claims and verdicts",
    "headline": "Main claims",
    "comparisons": "Paired comparisons",
    "design": "Design",
    "coverage": "Coverage of the intervals",
    "lipschitz": "1-Lipschitz networks",
    "duality": "Duality",
    "leak": "Leak by scaling",
    "attacks": "Attacks",
    "corruptions": "Corruptions",
    "sampling": "Sampling of test images",
    "audit": "Audit of the attacks",
    "sweep": "Noise sweep",
    "tuning": "Tuned constants",
    "linear": "Linear regression",
    "data": "Data",
    "protocol": "Protocol",
    "cost": "Cost of training",
}
# The appendix holds figures.
PREVIEWED = [(name, name, TITLES[name], "") for name in TABLE_SOURCES if name != "appendix"] + [
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
