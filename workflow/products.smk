def dataset_settings(wildcards):
    """What the figures of a dataset need to know: its labels and task."""
    entry = DATASETS[wildcards.dataset]
    labels = {name: config["methods"][name]["label"] for name in entry["methods"]}
    return canonical_json({"label": entry["label"], "task": entry["task"], "labels": labels})


def all_run_settings():
    return [run_settings(config, dataset, method) for dataset, method in runs(config)]


def all_labels():
    """Labels of every dataset and method, by their names."""
    return {
        "datasets": {name: entry["label"] for name, entry in DATASETS.items()},
        "methods": {name: method["label"] for name, method in config["methods"].items()},
    }


rule plot_noise:
    message:
        "Drawing the noise sweep of {wildcards.dataset}"
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
    shell:
        "{PYTHON} {input.script} --metrics {input.metrics} --dataset {wildcards.dataset}"
        " --settings {params.settings:q} --output {output} > {log} 2>&1"


rule plot_training:
    message:
        "Drawing the training curves of {wildcards.dataset}"
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
    shell:
        "{PYTHON} {input.script} --histories {params.histories} --dataset {wildcards.dataset}"
        " --settings {params.settings:q} --output {output} > {log} 2>&1"


rule plot_level_sets:
    message:
        "Drawing the level sets of the HKR function on {wildcards.dataset}"
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
    shell:
        "{PYTHON} {input.script} --data {input.data}"
        " --model {input.models}/replicate_000.keras"
        " --constrained {input.models}/replicate_000.constrained.keras"
        " --settings {params.settings:q} --output {output} > {log} 2>&1"


rule plot_linear_fits:
    message:
        "Drawing the linear fits"
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
        settings=lambda wildcards: canonical_json({"label": DATASETS[LINEAR[0]]["label"]}),
    shell:
        "{PYTHON} {input.script} --metrics {input.metrics} --data {input.data}"
        " --settings {params.settings:q} --output {output} > {log} 2>&1"


FIGURES = (
    expand(f"{RESULTS}/figures/{{kind}}_{{dataset}}.pdf", kind=["noise", "training"], dataset=NOISY)
    + expand(f"{RESULTS}/figures/level_sets_{{dataset}}.pdf", dataset=HKR)
    + [f"{RESULTS}/figures/linear_fits.pdf" for _ in LINEAR]
)
