localrules:
    tabulate,
    tabulate_ablation,
    write_numbers,
    preview_tables,


# Not the run's own, which differ each time: equal results must give an equal paper.
TIMINGS = "paper/published_timings.csv"

# What each table is made from: option and file, or option and settings.
# That a method is an arm, but not what it changes, which the table of the ablation alone tells.
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
        | ({"changes": True} if "changes" in method else {})
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
TABLE_SOURCES = {
    "claims": {"claims": f"{RESULTS}/claims.csv"},
    "headline": {"claims": f"{RESULTS}/claims.csv"},
    "comparisons": {"comparisons": f"{RESULTS}/comparisons.csv"},
    "lipschitz": {"metrics": f"{RESULTS}/metrics.csv", "anchors": "paper/anchors.yaml"},
    **{table: {"metrics": f"{RESULTS}/metrics.csv"} for table in ("duality", "leak")},
    **{"attacks": {"metrics": f"{RESULTS}/metrics.csv"} for _ in ATTACKED},
    "sweep": {"metrics": f"{RESULTS}/metrics.csv"},
    **{"linear": {"metrics": f"{RESULTS}/metrics.csv"} for _ in LINEAR},
    "data": {"sources": f"{RESULTS}/data_sources.csv"},
    "protocol": {},
    "cost": {"timings": TIMINGS},
    "appendix": {},
}
TABLE_SETTINGS = {
    "lipschitz": {"settings": ENTRIES},
    "duality": {"settings": ENTRIES},
    "leak": {"settings": ENTRIES},
    "attacks": {"settings": ENTRIES},
    "sweep": {"settings": ENTRIES},
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
    files = [f"--{option} {path}" for option, path in TABLE_SOURCES[wildcards.table].items()]
    settings = [
        f"--{option} {shlex.quote(json.dumps(value))}"
        for option, value in TABLE_SETTINGS.get(wildcards.table, {}).items()
    ]
    dataset = [f"--dataset {LINEAR[0]}"] if wildcards.table == "linear" else []
    return " ".join(files + settings + dataset)


rule tabulate:
    input:
        script="scripts/tabulate_{table}.py",
        modules=lambda wildcards: modules_of(f"scripts/tabulate_{wildcards.table}.py"),
        sources=lambda wildcards: list(TABLE_SOURCES[wildcards.table].values()),
    output:
        f"{RESULTS}/tables/{{table}}.tex",
    log:
        f"{RESULTS}/logs/tabulate_{{table}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/tabulate_{{table}}.tsv"
    wildcard_constraints:
        table="|".join(TABLE_SOURCES),
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
        "{PYTHON} {input.script} {params.options} --output {output} > {log} 2>&1"


use rule plot_noise as tabulate_ablation with:
    input:
        script="scripts/tabulate_ablation.py",
        modules=modules_of("scripts/tabulate_ablation.py"),
        metrics=f"{RESULTS}/metrics.csv",
    output:
        f"{RESULTS}/tables/ablation_{{dataset}}.tex",
    log:
        f"{RESULTS}/logs/tabulate_ablation_{{dataset}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/tabulate_ablation_{{dataset}}.tsv"
    params:
        settings=dataset_settings(
            "task", "methods", "labels", "arms", "changes", "reference", arms=True
        ),
    message:
        "Writing the ablation table of {wildcards.dataset}"


rule write_numbers:
    input:
        script="scripts/write_numbers.py",
        modules=modules_of("scripts/write_numbers.py"),
        text=sorted(map(str, Path("paper").glob("**/*.tex"))),
        metrics=f"{RESULTS}/metrics.csv",
        claims=f"{RESULTS}/claims.csv",
        comparisons=f"{RESULTS}/comparisons.csv",
        timings=TIMINGS,
        sources=f"{RESULTS}/data_sources.csv",
        machine=f"{RESULTS}/machine.csv",
    output:
        f"{RESULTS}/numbers.tex",
    log:
        f"{RESULTS}/logs/write_numbers.log",
    benchmark:
        f"{RESULTS}/benchmarks/write_numbers.tsv"
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
        "{PYTHON} {input.script} --text {input.text} --metrics {input.metrics}"
        " --claims {input.claims} --comparisons {input.comparisons}"
        " --timings {input.timings} --sources {input.sources} --machine {input.machine}"
        " --settings {params.settings:q} --output {output} > {log} 2>&1"


TABLES = (
    expand(f"{RESULTS}/tables/{{table}}.tex", table=TABLE_SOURCES)
    + expand(f"{RESULTS}/tables/ablation_{{dataset}}.tex", dataset=ABLATED)
    + [f"{RESULTS}/numbers.tex"]
)


# Tables in Snakemake's report: file, which the captions share, and title.
TITLES = {
    "claims": "Claims and verdicts",
    "headline": "Main claims",
    "comparisons": "Paired comparisons",
    "lipschitz": "1-Lipschitz networks",
    "duality": "Duality",
    "leak": "Leak by scaling",
    "attacks": "Attacks",
    "sweep": "Noise sweep",
    "linear": "Linear regression",
    "data": "Data",
    "protocol": "Protocol",
    "cost": "Cost of training",
}
# The appendix holds figures.
PREVIEWED = [(name, name, TITLES[name], "") for name in TABLE_SOURCES if name != "appendix"] + [
    (f"ablation_{dataset}", "ablation", "Ablation", DATASETS[dataset]["label"])
    for dataset in ABLATED
]


rule preview_tables:
    input:
        script="scripts/preview_tables.py",
        modules=modules_of("scripts/preview_tables.py"),
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
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
        gpu=0,
    message:
        "Writing the tables as pages"
    shell:
        "{PYTHON} {input.script} --tables {input.tables} --pages {output} > {log} 2>&1"


PREVIEWS = [f"{RESULTS}/tables/{table}.html" for table, *_ in PREVIEWED]
