# What each notebook tells of, in the documents' order: a document, a dataset, and the methods whose
# models and values it opens. One whose dataset or methods the configuration leaves out is not built.
STORIES = {
    name: (document, dataset, methods)
    for name, document, dataset, methods in [
        ("boston", "000", "boston", ["gradient", "baseline"]),
        ("fashion_mnist", "001", "fashion_mnist", ["gradient", "baseline"]),
        ("mnist", "002", "mnist", ["gradient", "baseline"]),
        ("linear_regression", "003", "trilotropicos", ["linear"]),
        ("two_moons", "004", "two_moons", ["hkr"]),
    ]
    if dataset in DATASETS and set(methods) <= set(DATASETS[dataset]["methods"])
}
STORY_MODULES = {
    name: digest_of_modules("scripts/notebooks/execute_notebook.py", f"notebooks/{name}.py")
    for name in STORIES
}
# What a notebook does not look at.
UNTOLD = {
    "arm_replicates",
    "attacks",
    "certified",
    "corruptions",
    "library_replicates",
    "reference",
    "tuning",
}


def story_config(name):
    """The part of the configuration that a notebook sees."""
    _, dataset, methods = STORIES[name]
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


def of_first_jobs(pattern, wildcards):
    """What a notebook opens of each of its methods: of the job of the first replicates alone."""
    _, dataset, methods = STORIES[wildcards.notebook]
    return [per_job(pattern, dataset, [method])[0] for method in methods]


rule execute_notebook:
    input:
        script="scripts/notebooks/execute_notebook.py",
        notebook="notebooks/{notebook}.py",
        modules=lambda wildcards: STORY_MODULES[wildcards.notebook],
        claims=lambda wildcards: f"{RESULTS}/claims/{STORIES[wildcards.notebook][0]}.csv",
        data=lambda wildcards: f"{RESULTS}/data/{STORIES[wildcards.notebook][1]}.npz",
        metrics=lambda wildcards: evaluations_of(*STORIES[wildcards.notebook][1:]),
        models=lambda wildcards: ancient(of_first_jobs(TRAINED, wildcards)),
        contents=lambda wildcards: of_first_jobs(f"{TRAINED}.sha256", wildcards),
        histories=lambda wildcards: histories_of(*STORIES[wildcards.notebook][1:]),
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
    localrule: True
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
        "{PYTHON:q} {input.script} --notebook {input.notebook} --config {params.config:q}"
        " --output {output.notebook} --page {output.page} > {log} 2>&1"


NOTEBOOKS = expand(f"{RESULTS}/notebooks/{{notebook}}.html", notebook=STORIES)
