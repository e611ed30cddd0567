localrules:
    execute_notebook,


# What each notebook tells of, in the documents' order: a dataset, and the methods whose models
# it opens. One whose dataset or methods the configuration leaves out is not built.
STORIES = {
    name: (dataset, methods)
    for name, dataset, methods in [
        ("boston", "boston", ["gradient", "baseline"]),
        ("fashion_mnist", "fashion_mnist", ["gradient", "baseline"]),
        ("mnist", "mnist", ["gradient", "baseline"]),
        ("linear_regression", "trilotropicos", ["linear"]),
        ("two_moons", "two_moons", ["hkr"]),
    ]
    if dataset in DATASETS and set(methods) <= set(DATASETS[dataset]["methods"])
}
# What a notebook does not look at.
UNTOLD = {"arm_replicates", "attacks", "reference"}


def story_config(name):
    """The part of the configuration that a notebook sees."""
    dataset, methods = STORIES[name]
    entry = {key: value for key, value in DATASETS[dataset].items() if key not in UNTOLD}
    entry["methods"] = {method: entry["methods"][method] for method in methods}
    size = min(entry["replicates_per_job"], config["replicates_per_job"])
    return {
        "results": RESULTS,
        "seed": config["seed"],
        "threads": config["threads"],
        "replicates_per_job": size,
        "methods": {method: config["methods"][method] for method in methods},
        "datasets": {dataset: {**entry, "replicates_per_job": size}},
    }


rule execute_notebook:
    input:
        script="scripts/execute_notebook.py",
        notebook="notebooks/{notebook}.py",
        modules=lambda wildcards: sorted(
            {
                *modules_of("scripts/execute_notebook.py"),
                *modules_of(f"notebooks/{wildcards.notebook}.py"),
            }
        ),
        metrics=f"{RESULTS}/metrics.csv",
        claims=f"{RESULTS}/claims.csv",
        data=lambda wildcards: f"{RESULTS}/data/{STORIES[wildcards.notebook][0]}.npz",
        models=lambda wildcards: [
            f"{RESULTS}/models/{dataset}/{method}/{replicates}"
            for dataset, methods in [STORIES[wildcards.notebook]]
            for method in methods
            for replicates in jobs_of(dataset, method)
        ],
    output:
        notebook=f"{RESULTS}/notebooks/{{notebook}}.ipynb",
        page=report(
            f"{RESULTS}/notebooks/{{notebook}}.html",
            caption="report/notebook.rst",
            category="Notebooks",
            labels={"notebook": "{notebook}"},
        ),
    log:
        f"{RESULTS}/logs/execute_notebook_{{notebook}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/execute_notebook_{{notebook}}.tsv"
    wildcard_constraints:
        notebook="|".join(STORIES) or "none",
    threads: config["threads"]
    resources:
        mem_mb=memory(2500),
        runtime=10,
        gpu=0,
    params:
        config=lambda wildcards: canonical_json(story_config(wildcards.notebook)),
    message:
        "Executing the notebook {wildcards.notebook}"
    shell:
        "{PYTHON} {input.script} --notebook {input.notebook} --config {params.config:q}"
        " --output {output.notebook} --page {output.page} > {log} 2>&1"


NOTEBOOKS = expand(f"{RESULTS}/notebooks/{{notebook}}.html", notebook=STORIES)
