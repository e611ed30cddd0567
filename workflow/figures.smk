def figure_settings(dataset, *keys, show=main_methods):
    """Values of these keys that a dataset's figure or table, which shows some methods, needs."""
    methods = {name: config["methods"][name] for name in show(dataset)}
    changes = {name: method["changes"] for name, method in methods.items() if "changes" in method}
    known = {
        **DATASETS[dataset],
        "methods": list(methods),
        "labels": {name: method["label"] for name, method in methods.items()},
        "arms": list(changes),
        "changes": changes,
        "lengths": lengths_of(dataset),
    }
    return {key: known[key] for key in keys if key in known}


def dataset_settings(*keys, show=main_methods):
    """Parameter of a rule: the settings of its dataset."""
    return lambda wildcards: json.dumps(figure_settings(wildcards.dataset, *keys, show=show))


def dataset_values(show=main_methods, values=evaluations_of):
    """Input of a rule: the values of the methods of its dataset that it shows."""
    return lambda wildcards: values(wildcards.dataset, show(wildcards.dataset))


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
        script="scripts/figures/plot_noise.py",
        modules=digest_of_modules("scripts/figures/plot_noise.py"),
        metrics=dataset_values(),
    output:
        reported("noise", "Noise sweep"),
    log:
        f"{RESULTS}/logs/plot_noise_{{dataset}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/plot_noise_{{dataset}}.tsv"
    localrule: True
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
        "{PYTHON:q} {input.script} --metrics {input.metrics} --dataset {wildcards.dataset}"
        " --settings {params.settings:q} --output {output} > {log} 2>&1"


use rule plot_noise as plot_ablation with:
    input:
        script="scripts/figures/plot_ablation.py",
        modules=digest_of_modules("scripts/figures/plot_ablation.py"),
        metrics=dataset_values(ablation_methods),
    output:
        reported("ablation", "Ablation"),
    log:
        f"{RESULTS}/logs/plot_ablation_{{dataset}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/plot_ablation_{{dataset}}.tsv"
    params:
        settings=dataset_settings(
            "task", "methods", "labels", "arms", "reference", show=ablation_methods
        ),
    message:
        "Drawing the ablation on {wildcards.dataset}"


rule plot_length:
    input:
        script="scripts/figures/plot_length.py",
        modules=digest_of_modules("scripts/figures/plot_length.py"),
        metrics=dataset_values(lengthened_methods),
        timings=dataset_values(lengthened_methods, timings_of),
    output:
        reported("length", "Length of training"),
    log:
        f"{RESULTS}/logs/plot_length_{{dataset}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/plot_length_{{dataset}}.tsv"
    localrule: True
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
        gpu=0,
    params:
        settings=dataset_settings("task", "labels", "lengths", show=lengths_of),
    message:
        "Drawing the lengths of training on {wildcards.dataset}"
    shell:
        "{PYTHON:q} {input.script} --metrics {input.metrics} --timings {input.timings}"
        " --dataset {wildcards.dataset} --settings {params.settings:q} --output {output} > {log} 2>&1"


use rule plot_noise as plot_perturbations with:
    input:
        script="scripts/figures/plot_perturbations.py",
        modules=digest_of_modules("scripts/figures/plot_perturbations.py"),
        metrics=dataset_values(),
    output:
        reported("perturbations", "Perturbations"),
    log:
        f"{RESULTS}/logs/plot_perturbations_{{dataset}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/plot_perturbations_{{dataset}}.tsv"
    message:
        "Drawing all perturbations of {wildcards.dataset}"


use rule plot_noise as plot_corruptions with:
    input:
        script="scripts/figures/plot_corruptions.py",
        modules=digest_of_modules("scripts/figures/plot_corruptions.py"),
        metrics=dataset_values(compared_methods),
    output:
        reported("corruptions", "Corruptions"),
    log:
        f"{RESULTS}/logs/plot_corruptions_{{dataset}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/plot_corruptions_{{dataset}}.tsv"
    params:
        settings=dataset_settings("methods", "labels", "arms", show=compared_methods),
    message:
        "Drawing the corruptions of {wildcards.dataset}"


use rule plot_noise as plot_attacks with:
    input:
        script="scripts/figures/plot_attacks.py",
        modules=digest_of_modules("scripts/figures/plot_attacks.py"),
        metrics=lambda wildcards: (
            evaluations_of(wildcards.dataset, compared_methods(wildcards.dataset))
            + attacks_of(wildcards.dataset)
        ),
    output:
        reported("attacks", "Attacks"),
    log:
        f"{RESULTS}/logs/plot_attacks_{{dataset}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/plot_attacks_{{dataset}}.tsv"
    params:
        settings=dataset_settings("classes", "methods", "labels", "arms", show=compared_methods),
    message:
        "Drawing the attacks on {wildcards.dataset}"


rule plot_frontier:
    input:
        script="scripts/figures/plot_frontier.py",
        modules=digest_of_modules("scripts/figures/plot_frontier.py"),
        metrics=dataset_values(partial(doses_of, config)),
        anchors="paper/anchors.yaml",
    output:
        reported("frontier", "Frontier of certificates"),
    log:
        f"{RESULTS}/logs/plot_frontier_{{dataset}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/plot_frontier_{{dataset}}.tsv"
    localrule: True
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
        gpu=0,
    params:
        settings=lambda wildcards: json.dumps(doses_of(config, wildcards.dataset)),
    message:
        "Drawing the frontier of certificates on {wildcards.dataset}"
    shell:
        "{PYTHON:q} {input.script} --metrics {input.metrics} --anchors {input.anchors}"
        " --dataset {wildcards.dataset} --settings {params.settings:q} --output {output} > {log} 2>&1"


rule plot_training:
    input:
        script="scripts/figures/plot_training.py",
        modules=digest_of_modules("scripts/figures/plot_training.py"),
        histories=dataset_values(values=histories_of),
    output:
        reported("training", "Training curves"),
    log:
        f"{RESULTS}/logs/plot_training_{{dataset}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/plot_training_{{dataset}}.tsv"
    localrule: True
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
        gpu=0,
    params:
        settings=dataset_settings("task", "methods", "labels", "arms"),
    message:
        "Drawing the training curves of {wildcards.dataset}"
    shell:
        "{PYTHON:q} {input.script} --histories {input.histories} --dataset {wildcards.dataset}"
        " --settings {params.settings:q} --output {output} > {log} 2>&1"


rule plot_level_sets:
    input:
        script="scripts/figures/plot_level_sets.py",
        modules=digest_of_modules("scripts/figures/plot_level_sets.py"),
        values=f"{RESULTS}/level_sets/{{dataset}}.npz",
    output:
        reported("level_sets", "Level sets"),
    log:
        f"{RESULTS}/logs/plot_level_sets_{{dataset}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/plot_level_sets_{{dataset}}.tsv"
    localrule: True
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
        gpu=0,
    message:
        "Drawing the level sets of the HKR function on {wildcards.dataset}"
    shell:
        "{PYTHON:q} {input.script} --values {input.values} --output {output} > {log} 2>&1"


rule plot_linear_fits:
    input:
        script="scripts/figures/plot_linear_fits.py",
        modules=digest_of_modules("scripts/figures/plot_linear_fits.py"),
        metrics=dataset_values(lambda dataset: [LINEAR[dataset]]),
        data=f"{RESULTS}/data/{{dataset}}.npz",
    output:
        reported("linear_fits", "Linear fits"),
    log:
        f"{RESULTS}/logs/plot_linear_fits_{{dataset}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/plot_linear_fits_{{dataset}}.tsv"
    localrule: True
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
        gpu=0,
    message:
        "Drawing the linear fits of {wildcards.dataset}"
    shell:
        "{PYTHON:q} {input.script} --metrics {input.metrics} --data {input.data}"
        " --output {output} > {log} 2>&1"


# Of which a document prints results under noise, to stand beside ours.
HEADLINE = [dataset for dataset in ("boston", "fashion_mnist") if dataset in NOISY]


rule plot_headline:
    input:
        script="scripts/figures/plot_headline.py",
        modules=digest_of_modules("scripts/figures/plot_headline.py"),
        metrics=[
            path for dataset in HEADLINE for path in evaluations_of(dataset, main_methods(dataset))
        ],
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
    localrule: True
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
        "{PYTHON:q} {input.script} --metrics {input.metrics} --settings {params.settings:q}"
        " --output {output} > {log} 2>&1"


rule plot_verdicts:
    input:
        script="scripts/figures/plot_verdicts.py",
        modules=digest_of_modules("scripts/figures/plot_verdicts.py"),
        claims=f"{RESULTS}/claims.csv",
    output:
        report(
            f"{RESULTS}/figures/verdicts.pdf",
            caption="report/figures/verdicts.rst",
            category="Figures",
            labels={"figure": "Verdicts on numbers", "data set": ""},
        ),
    log:
        f"{RESULTS}/logs/plot_verdicts.log",
    benchmark:
        f"{RESULTS}/benchmarks/plot_verdicts.tsv"
    localrule: True
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
        gpu=0,
    message:
        "Drawing each reported number against its prediction interval"
    shell:
        "{PYTHON:q} {input.script} --claims {input.claims} --output {output} > {log} 2>&1"


FIGURES = (
    [f"{RESULTS}/figures/headline.png" for _ in HEADLINE[:1]]
    + [f"{RESULTS}/figures/verdicts.pdf"]
    + expand(
        f"{RESULTS}/figures/{{kind}}_{{dataset}}.pdf", kind=["noise", "training"], dataset=NOISY
    )
    + expand(f"{RESULTS}/figures/ablation_{{dataset}}.pdf", dataset=ABLATED)
    + expand(f"{RESULTS}/figures/length_{{dataset}}.pdf", dataset=LENGTHENED)
    + expand(
        f"{RESULTS}/figures/{{kind}}_{{dataset}}.pdf",
        kind=["perturbations", "attacks"],
        dataset=ATTACKED,
    )
    + expand(f"{RESULTS}/figures/frontier_{{dataset}}.pdf", dataset=FRONTIERS)
    + expand(f"{RESULTS}/figures/corruptions_{{dataset}}.pdf", dataset=CORRUPTED)
    + expand(f"{RESULTS}/figures/level_sets_{{dataset}}.pdf", dataset=DRAWN_HKR)
    + expand(f"{RESULTS}/figures/linear_fits_{{dataset}}.pdf", dataset=LINEAR)
)
