def dataset_settings(*keys, arms=False):
    """Parameter of a rule: the values of these keys that a dataset's figure or table is made from.

    Arms of the ablation are left out unless asked for; the methods' order fixes their styles.
    """

    def settings(wildcards):
        entry = DATASETS[wildcards.dataset]
        methods = {
            name: method
            for name, method in config["methods"].items()
            if name in entry["methods"] and (arms or "changes" not in method)
        }
        changes = {
            name: method["changes"] for name, method in methods.items() if "changes" in method
        }
        known = {
            **entry,
            "methods": list(methods),
            "labels": {name: method["label"] for name, method in methods.items()},
            "arms": list(changes),
            "changes": changes,
        }
        return json.dumps({key: known[key] for key in keys if key in known})

    return settings


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
        settings=dataset_settings("label", "task", "methods", "labels", "arms"),
    message:
        "Drawing the noise sweep of {wildcards.dataset}"
    shell:
        "{PYTHON} {input.script} --metrics {input.metrics} --dataset {wildcards.dataset}"
        " --settings {params.settings:q} --output {output} > {log} 2>&1"


use rule plot_noise as plot_ablation with:
    input:
        script="scripts/plot_ablation.py",
        modules=modules_of("scripts/plot_ablation.py"),
        metrics=f"{RESULTS}/metrics.csv",
    output:
        f"{RESULTS}/figures/ablation_{{dataset}}.pdf",
    log:
        f"{RESULTS}/logs/plot_ablation_{{dataset}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/plot_ablation_{{dataset}}.tsv"
    params:
        settings=dataset_settings(
            "label", "task", "methods", "labels", "arms", "reference", arms=True
        ),
    message:
        "Drawing the ablation on {wildcards.dataset}"


use rule plot_noise as plot_perturbations with:
    input:
        script="scripts/plot_perturbations.py",
        modules=modules_of("scripts/plot_perturbations.py"),
        metrics=f"{RESULTS}/metrics.csv",
    output:
        f"{RESULTS}/figures/perturbations_{{dataset}}.pdf",
    log:
        f"{RESULTS}/logs/plot_perturbations_{{dataset}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/plot_perturbations_{{dataset}}.tsv"
    message:
        "Drawing all perturbations of {wildcards.dataset}"


use rule plot_noise as plot_attacks with:
    input:
        script="scripts/plot_attacks.py",
        modules=modules_of("scripts/plot_attacks.py"),
        metrics=f"{RESULTS}/metrics.csv",
    output:
        f"{RESULTS}/figures/attacks_{{dataset}}.pdf",
    log:
        f"{RESULTS}/logs/plot_attacks_{{dataset}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/plot_attacks_{{dataset}}.tsv"
    params:
        settings=dataset_settings("label", "classes", "methods", "labels", "arms", arms=True),
    message:
        "Drawing the attacks on {wildcards.dataset}"


rule plot_training:
    input:
        script="scripts/plot_training.py",
        modules=modules_of("scripts/plot_training.py"),
        models=lambda wildcards: [
            folder
            for method in DATASETS[wildcards.dataset]["methods"]
            if "changes" not in config["methods"][method]
            for folder in per_job(
                f"{RESULTS}/models/{{dataset}}/{{method}}/{{replicates}}",
                wildcards.dataset,
                method,
            )
        ],
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
        settings=dataset_settings("label", "task", "methods", "labels", "arms"),
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
        settings=dataset_settings("label"),
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
    + expand(f"{RESULTS}/figures/ablation_{{dataset}}.pdf", dataset=ABLATED)
    + expand(
        f"{RESULTS}/figures/{{kind}}_{{dataset}}.pdf",
        kind=["perturbations", "attacks"],
        dataset=ATTACKED,
    )
    + expand(f"{RESULTS}/figures/level_sets_{{dataset}}.pdf", dataset=HKR)
    + [f"{RESULTS}/figures/linear_fits.pdf" for _ in LINEAR]
)

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
    "comparisons": {"comparisons": f"{RESULTS}/comparisons.csv"},
    "lipschitz": {"metrics": f"{RESULTS}/metrics.csv", "anchors": "paper/anchors.yaml"},
    **{table: {"metrics": f"{RESULTS}/metrics.csv"} for table in ("duality", "leak")},
    **{"attacks": {"metrics": f"{RESULTS}/metrics.csv"} for _ in ATTACKED},
    "sweep": {"metrics": f"{RESULTS}/metrics.csv"},
    **{"linear": {"metrics": f"{RESULTS}/metrics.csv"} for _ in LINEAR},
    "data": {"sources": f"{RESULTS}/data_sources.csv"},
    "protocol": {},
    "cost": {"timings": f"{RESULTS}/timings.csv"},
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
        settings=canonical_json(
            {key: value for key, value in config.items() if key != "data_mirror"} | {"runs": RUNS}
        ),
    message:
        "Writing the numbers that the paper quotes"
    shell:
        "{PYTHON} {input.script} --text {input.text} --metrics {input.metrics}"
        " --claims {input.claims} --comparisons {input.comparisons}"
        " --timings {input.timings} --sources {input.sources}"
        " --settings {params.settings:q} --output {output} > {log} 2>&1"


TABLES = (
    expand(f"{RESULTS}/tables/{{table}}.tex", table=TABLE_SOURCES)
    + expand(f"{RESULTS}/tables/ablation_{{dataset}}.tex", dataset=ABLATED)
    + [f"{RESULTS}/numbers.tex"]
)
