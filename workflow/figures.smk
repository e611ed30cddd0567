localrules:
    plot_headline,
    plot_noise,
    plot_ablation,
    plot_perturbations,
    plot_attacks,
    plot_training,
    plot_level_sets,
    plot_linear_fits,


def figure_settings(dataset, *keys, arms=False):
    """Values of these keys that a dataset's figure or table is made from.

    Arms of the ablation are left out unless asked for; the methods' order fixes their styles.
    """
    entry = DATASETS[dataset]
    methods = {
        name: method
        for name, method in config["methods"].items()
        if name in entry["methods"] and (arms or "changes" not in method)
    }
    changes = {name: method["changes"] for name, method in methods.items() if "changes" in method}
    known = {
        **entry,
        "methods": list(methods),
        "labels": {name: method["label"] for name, method in methods.items()},
        "arms": list(changes),
        "changes": changes,
    }
    return {key: known[key] for key in keys if key in known}


def dataset_settings(*keys, arms=False):
    """Parameter of a rule: the settings of its dataset."""
    return lambda wildcards: json.dumps(figure_settings(wildcards.dataset, *keys, arms=arms))


def reported(kind, title):
    """Output of a rule: a figure of each dataset, in Snakemake's report with its caption."""
    return report(
        f"{RESULTS}/figures/{kind}_{{dataset}}.pdf",
        caption=f"report/figures/{kind}.rst",
        category="Figures",
        labels=lambda wildcards: {
            "figure": title,
            "data set": DATASETS[wildcards.dataset]["label"],
        },
    )


rule plot_noise:
    input:
        script="scripts/plot_noise.py",
        modules=modules_of("scripts/plot_noise.py"),
        metrics=f"{RESULTS}/metrics.csv",
    output:
        reported("noise", "Noise sweep"),
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
        settings=dataset_settings("task", "methods", "labels", "arms"),
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
        reported("ablation", "Ablation"),
    log:
        f"{RESULTS}/logs/plot_ablation_{{dataset}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/plot_ablation_{{dataset}}.tsv"
    params:
        settings=dataset_settings("task", "methods", "labels", "arms", "reference", arms=True),
    message:
        "Drawing the ablation on {wildcards.dataset}"


use rule plot_noise as plot_perturbations with:
    input:
        script="scripts/plot_perturbations.py",
        modules=modules_of("scripts/plot_perturbations.py"),
        metrics=f"{RESULTS}/metrics.csv",
    output:
        reported("perturbations", "Perturbations"),
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
        reported("attacks", "Attacks"),
    log:
        f"{RESULTS}/logs/plot_attacks_{{dataset}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/plot_attacks_{{dataset}}.tsv"
    params:
        settings=dataset_settings("classes", "methods", "labels", "arms", arms=True),
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
        reported("training", "Training curves"),
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
        settings=dataset_settings("task", "methods", "labels", "arms"),
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
        reported("level_sets", "Level sets"),
    log:
        f"{RESULTS}/logs/plot_level_sets_{{dataset}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/plot_level_sets_{{dataset}}.tsv"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=5,
        gpu=0,
    message:
        "Drawing the level sets of the HKR function on {wildcards.dataset}"
    shell:
        "{PYTHON} {input.script} --data {input.data}"
        " --model {input.models}/replicate_000.keras"
        " --constrained {input.models}/replicate_000.constrained.keras"
        " --output {output} > {log} 2>&1"


rule plot_linear_fits:
    input:
        script="scripts/plot_linear_fits.py",
        modules=modules_of("scripts/plot_linear_fits.py"),
        metrics=f"{RESULTS}/metrics.csv",
        data=[f"{RESULTS}/data/{dataset}.npz" for dataset in LINEAR],
    output:
        report(
            f"{RESULTS}/figures/linear_fits.pdf",
            caption="report/figures/linear_fits.rst",
            category="Figures",
            labels=(
                {"figure": "Linear fits", "data set": DATASETS[LINEAR[0]]["label"]}
                if LINEAR
                else None
            ),
        ),
    log:
        f"{RESULTS}/logs/plot_linear_fits.log",
    benchmark:
        f"{RESULTS}/benchmarks/plot_linear_fits.tsv"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
        gpu=0,
    message:
        "Drawing the linear fits"
    shell:
        "{PYTHON} {input.script} --metrics {input.metrics} --data {input.data}"
        " --output {output} > {log} 2>&1"


# Of which a document prints results under noise, to stand beside ours.
HEADLINE = [dataset for dataset in ("boston", "fashion_mnist") if dataset in NOISY]


rule plot_headline:
    input:
        script="scripts/plot_headline.py",
        modules=modules_of("scripts/plot_headline.py"),
        metrics=f"{RESULTS}/metrics.csv",
    output:
        report(
            f"{RESULTS}/figures/headline.png",
            caption="report/figures/headline.rst",
            category="Figures",
            labels={"figure": "Headline", "data set": ""},
        ),
    log:
        f"{RESULTS}/logs/plot_headline.log",
    benchmark:
        f"{RESULTS}/benchmarks/plot_headline.tsv"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
        gpu=0,
    params:
        settings=json.dumps(
            {
                dataset: figure_settings(dataset, "label", "task", "methods", "labels", "arms")
                for dataset in HEADLINE
            }
        ),
    message:
        "Drawing what the documents print beside what replicates reach"
    shell:
        "{PYTHON} {input.script} --metrics {input.metrics} --settings {params.settings:q}"
        " --output {output} > {log} 2>&1"


FIGURES = (
    [f"{RESULTS}/figures/headline.png" for _ in HEADLINE[:1]]
    + expand(
        f"{RESULTS}/figures/{{kind}}_{{dataset}}.pdf", kind=["noise", "training"], dataset=NOISY
    )
    + expand(f"{RESULTS}/figures/ablation_{{dataset}}.pdf", dataset=ABLATED)
    + expand(
        f"{RESULTS}/figures/{{kind}}_{{dataset}}.pdf",
        kind=["perturbations", "attacks"],
        dataset=ATTACKED,
    )
    + expand(f"{RESULTS}/figures/level_sets_{{dataset}}.pdf", dataset=HKR)
    + [f"{RESULTS}/figures/linear_fits.pdf" for _ in LINEAR]
)
