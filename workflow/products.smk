def dataset_settings(wildcards):
    """What the figures of a dataset need to know; the methods' order fixes their styles."""
    entry = DATASETS[wildcards.dataset]
    labels = {name: method["label"] for name, method in config["methods"].items()}
    return json.dumps({"label": entry["label"], "task": entry["task"], "labels": labels})


rule plot_noise:
    input:
        script="scripts/plot_noise.py",
        modules=modules_of("scripts/plot_noise.py"),
        metrics=f"{RESULTS}/metrics.csv",
    output:
        f"{RESULTS}/figures/noise_{{dataset}}.pdf",
    log:
        f"{RESULTS}/logs/plot_noise_{{dataset}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/plot_noise_{{dataset}}.tsv"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
        gpu=0,
    params:
        settings=dataset_settings,
    message:
        "Drawing the noise sweep of {wildcards.dataset}"
    shell:
        "{PYTHON} {input.script} --metrics {input.metrics} --dataset {wildcards.dataset}"
        " --settings {params.settings:q} --output {output} > {log} 2>&1"


rule plot_training:
    input:
        script="scripts/plot_training.py",
        modules=modules_of("scripts/plot_training.py"),
        models=lambda wildcards: per_job(
            f"{RESULTS}/models/{{dataset}}/{{method}}/{{replicates}}", wildcards.dataset
        ),
    output:
        f"{RESULTS}/figures/training_{{dataset}}.pdf",
    log:
        f"{RESULTS}/logs/plot_training_{{dataset}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/plot_training_{{dataset}}.tsv"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
        gpu=0,
    params:
        settings=dataset_settings,
        histories=lambda wildcards, input: [f"{folder}/history.csv" for folder in input.models],
    message:
        "Drawing the training curves of {wildcards.dataset}"
    shell:
        "{PYTHON} {input.script} --histories {params.histories} --dataset {wildcards.dataset}"
        " --settings {params.settings:q} --output {output} > {log} 2>&1"


rule plot_level_sets:
    input:
        script="scripts/plot_level_sets.py",
        modules=modules_of("scripts/plot_level_sets.py"),
        data=f"{RESULTS}/data/{{dataset}}.npz",
        models=lambda wildcards: per_job(
            f"{RESULTS}/models/{{dataset}}/{{method}}/{{replicates}}", wildcards.dataset, "hkr"
        )[0],
    output:
        f"{RESULTS}/figures/level_sets_{{dataset}}.pdf",
    log:
        f"{RESULTS}/logs/plot_level_sets_{{dataset}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/plot_level_sets_{{dataset}}.tsv"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=5,
        gpu=0,
    params:
        settings=dataset_settings,
    message:
        "Drawing the level sets of the HKR function on {wildcards.dataset}"
    shell:
        "{PYTHON} {input.script} --data {input.data}"
        " --model {input.models}/replicate_000.keras"
        " --constrained {input.models}/replicate_000.constrained.keras"
        " --settings {params.settings:q} --output {output} > {log} 2>&1"


rule plot_linear_fits:
    input:
        script="scripts/plot_linear_fits.py",
        modules=modules_of("scripts/plot_linear_fits.py"),
        metrics=f"{RESULTS}/metrics.csv",
        data=[f"{RESULTS}/data/{dataset}.npz" for dataset in LINEAR],
    output:
        f"{RESULTS}/figures/linear_fits.pdf",
    log:
        f"{RESULTS}/logs/plot_linear_fits.log",
    benchmark:
        f"{RESULTS}/benchmarks/plot_linear_fits.tsv"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
        gpu=0,
    params:
        settings=json.dumps({"label": DATASETS[LINEAR[0]]["label"]}) if LINEAR else "{}",
    message:
        "Drawing the linear fits"
    shell:
        "{PYTHON} {input.script} --metrics {input.metrics} --data {input.data}"
        " --settings {params.settings:q} --output {output} > {log} 2>&1"


FIGURES = (
    expand(f"{RESULTS}/figures/{{kind}}_{{dataset}}.pdf", kind=["noise", "training"], dataset=NOISY)
    + expand(f"{RESULTS}/figures/level_sets_{{dataset}}.pdf", dataset=HKR)
    + [f"{RESULTS}/figures/linear_fits.pdf" for _ in LINEAR]
)

# What each table is made from: option and file, or option and settings.
ENTRIES = {"datasets": DATASETS, "methods": config["methods"]}
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
    "sweep": {"metrics": f"{RESULTS}/metrics.csv"},
    **{"linear": {"metrics": f"{RESULTS}/metrics.csv"} for _ in LINEAR},
    "data": {"sources": f"{RESULTS}/data_sources.csv"},
    "protocol": {},
    "cost": {"timings": f"{RESULTS}/timings.csv"},
    "appendix": {},
}
TABLE_SETTINGS = {
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


rule write_numbers:
    input:
        script="scripts/write_numbers.py",
        modules=modules_of("scripts/write_numbers.py"),
        metrics=f"{RESULTS}/metrics.csv",
        claims=f"{RESULTS}/claims.csv",
        timings=f"{RESULTS}/timings.csv",
        sources=f"{RESULTS}/data_sources.csv",
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
        settings=json.dumps({**config, "runs": RUNS}),
    message:
        "Writing the numbers that the paper quotes"
    shell:
        "{PYTHON} {input.script} --metrics {input.metrics} --claims {input.claims}"
        " --timings {input.timings} --sources {input.sources}"
        " --settings {params.settings:q} --output {output} > {log} 2>&1"


TABLES = expand(f"{RESULTS}/tables/{{table}}.tex", table=TABLE_SOURCES) + [f"{RESULTS}/numbers.tex"]
