from itertools import chain


def reported_file(name):
    """Output of a rule: a file of values, in Snakemake's report with its caption."""
    return report(
        f"{RESULTS}/{name}",
        caption=f"report/data/{Path(name).stem}.rst",
        category="Data",
        labels={"file": name},
    )


rule collect_metrics:
    input:
        script="scripts/analysis/collect.py",
        modules=digest_of_modules("scripts/analysis/collect.py"),
        tables=[
            path
            for dataset in DATASETS
            for path in (
                evaluations_of(dataset)
                + attacks_of(dataset)
                + audits_of(dataset)
                + library_of(dataset)
            )
        ],
    output:
        reported_file("metrics.csv"),
    log:
        f"{RESULTS}/logs/collect_metrics.log",
    benchmark:
        f"{RESULTS}/benchmarks/collect_metrics.tsv"
    localrule: True
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
        gpu=0,
    message:
        "Collecting the metrics"
    shell:
        "{PYTHON:q} {input.script} --inputs {input.tables} --output {output} > {log} 2>&1"


use rule collect_metrics as collect_timings with:
    input:
        script="scripts/analysis/collect.py",
        modules=digest_of_modules("scripts/analysis/collect.py"),
        tables=[path for dataset in NOISY for path in timings_of(dataset)],
    output:
        reported_file("timings.csv"),
    log:
        f"{RESULTS}/logs/collect_timings.log",
    benchmark:
        f"{RESULTS}/benchmarks/collect_timings.tsv"
    message:
        "Collecting the training times"


use rule collect_metrics as collect_tuning with:
    input:
        script="scripts/analysis/collect.py",
        modules=digest_of_modules("scripts/analysis/collect.py"),
        tables=[f"{RESULTS}/tuning/{dataset}/{method}.csv" for dataset, method in TUNED],
    output:
        reported_file("tuning.csv"),
    log:
        f"{RESULTS}/logs/collect_tuning.log",
    benchmark:
        f"{RESULTS}/benchmarks/collect_tuning.tsv"
    message:
        "Collecting what the tuned constants reach in validation"


def files_of_quantity(quantity):
    """Of the jobs that measure it; none where the study lacks its dataset."""
    dataset, method, measure = quantity.split("/", 2)
    perturbation = measure.partition("@")[2].partition(":")[0]
    values = {
        "subset": attacks_of,
        "pgd": attacks_of,
        "ensemble": attacks_of,
        "audit": audits_of,
    }.get(perturbation.partition("_")[0], evaluations_of)
    if dataset not in DATASETS:
        return []
    if method == LIBRARY:
        return library_of(dataset)
    # The job of the linear regression evaluates all of its variants.
    return values(dataset, [LINEAR.get(dataset, method)])


def judged_values(wildcards):
    """Input of a rule: the files that hold the quantities of a document's claims."""
    named = (files_of_quantity(quantity) for quantity in QUANTITIES[wildcards.document])
    return list(dict.fromkeys(chain.from_iterable(named)))


def compared_images():
    """Which images the methods of claims have right, where their replicates share the images."""
    files = {}
    for quantity in chain.from_iterable(QUANTITIES.values()):
        dataset, _, measure = quantity.split("/", 2)
        if dataset in CLASSIFIED_ALIKE and measure.startswith("accuracy"):
            files |= dict.fromkeys(files_of_quantity(quantity))
    return [path.removesuffix(".csv") + ".npz" for path in files]


COMPARED_IMAGES = compared_images()


rule judge_claims:
    input:
        script="scripts/analysis/judge_claims.py",
        modules=digest_of_modules("scripts/analysis/judge_claims.py"),
        metrics=judged_values,
    output:
        f"{RESULTS}/claims/{{document}}.csv",
    log:
        f"{RESULTS}/logs/judge_claims_{{document}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/judge_claims_{{document}}.tsv"
    wildcard_constraints:
        document="|".join(QUANTITIES),
    localrule: True
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
        gpu=0,
    message:
        "Judging the claims of {wildcards.document}"
    shell:
        "{PYTHON:q} {input.script} --metrics {input.metrics} --document {wildcards.document}"
        " --output {output} > {log} 2>&1"


rule collect_claims:
    input:
        script="scripts/analysis/collect_claims.py",
        modules=digest_of_modules("scripts/analysis/collect_claims.py"),
        judged=expand(f"{RESULTS}/claims/{{document}}.csv", document=QUANTITIES),
    output:
        reported_file("claims.csv"),
    log:
        f"{RESULTS}/logs/collect_claims.log",
    benchmark:
        f"{RESULTS}/benchmarks/collect_claims.tsv"
    localrule: True
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
        gpu=0,
    message:
        "Collecting the judged claims"
    shell:
        "{PYTHON:q} {input.script} --judged {input.judged} --output {output} > {log} 2>&1"


rule compare_methods:
    input:
        script="scripts/analysis/compare_methods.py",
        modules=digest_of_modules("scripts/analysis/compare_methods.py"),
        metrics=f"{RESULTS}/metrics.csv",
    output:
        reported_file("comparisons.csv"),
    log:
        f"{RESULTS}/logs/compare_methods.log",
    benchmark:
        f"{RESULTS}/benchmarks/compare_methods.tsv"
    localrule: True
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
        gpu=0,
    message:
        "Comparing the methods pair by pair"
    shell:
        "{PYTHON:q} {input.script} --metrics {input.metrics} --output {output} > {log} 2>&1"


# Test part by training part, of datasets whose replicates divide one table at random.
TEST_BY_TRAIN = {
    name: entry["split"]["test_size"] / (1 - entry["split"]["test_size"])
    for name, entry in DATASETS.items()
    if entry.get("split", {}).get("test_size", 1) < 1
}


rule describe_design:
    input:
        script="scripts/analysis/describe_design.py",
        modules=digest_of_modules("scripts/analysis/describe_design.py"),
        metrics=f"{RESULTS}/metrics.csv",
    output:
        reported_file("design.csv"),
    log:
        f"{RESULTS}/logs/describe_design.log",
    benchmark:
        f"{RESULTS}/benchmarks/describe_design.tsv"
    localrule: True
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
        gpu=0,
    params:
        settings=canonical_json(TEST_BY_TRAIN),
    message:
        "Describing what the replicates allow to tell"
    shell:
        "{PYTHON:q} {input.script} --metrics {input.metrics} --settings {params.settings:q}"
        " --output {output} > {log} 2>&1"


rule simulate_coverage:
    input:
        script="scripts/analysis/simulate_coverage.py",
        modules=digest_of_modules("scripts/analysis/simulate_coverage.py"),
    output:
        reported_file("coverage.csv"),
    log:
        f"{RESULTS}/logs/simulate_coverage.log",
    benchmark:
        f"{RESULTS}/benchmarks/simulate_coverage.tsv"
    localrule: True
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
        gpu=0,
    params:
        settings=canonical_json({"simulations": config["simulations"], "seed": config["seed"]}),
    message:
        "Simulating the coverage of the intervals"
    shell:
        "{PYTHON:q} {input.script} --settings {params.settings:q} --output {output} > {log} 2>&1"


rule compare_on_images:
    input:
        script="scripts/analysis/compare_on_images.py",
        modules=digest_of_modules("scripts/analysis/compare_on_images.py"),
        images=COMPARED_IMAGES,
    output:
        reported_file("test_sampling.csv"),
    log:
        f"{RESULTS}/logs/compare_on_images.log",
    benchmark:
        f"{RESULTS}/benchmarks/compare_on_images.tsv"
    localrule: True
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
        gpu=0,
    message:
        "Comparing the methods image by image"
    shell:
        "{PYTHON:q} {input.script} --images {input.images} --output {output} > {log} 2>&1"
