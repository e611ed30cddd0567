rule evaluate_run:
    input:
        script="scripts/evaluation/evaluate.py",
        modules=digest_of_modules("scripts/evaluation/evaluate.py"),
        data=f"{RESULTS}/data/{{dataset}}.npz",
        corrupted=corrupted_data,
        models=ancient(TRAINED),
        contents=f"{TRAINED}.sha256",
        history=f"{RESULTS}/histories/{{dataset}}/{{method}}/{{replicates}}.csv",
        tuning=tuning_table,
    output:
        csv=f"{RESULTS}/evaluations/{{dataset}}/{{method}}/{{replicates}}.csv",
        correct=f"{RESULTS}/evaluations/{{dataset}}/{{method}}/{{replicates}}.npz",
    log:
        f"{RESULTS}/logs/evaluate/{{dataset}}/{{method}}/{{replicates}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/evaluate/{{dataset}}/{{method}}/{{replicates}}.tsv"
    wildcard_constraints:
        method="|".join(methods_of_rule(rule) for rule in ("gradient", "baseline")),
    threads: config["threads"]
    resources:
        mem_mb=memory(2500),
        runtime=60,
        gpu=1,
    params:
        settings=training_settings,
        noise=lambda wildcards: canonical_json(DATASETS[wildcards.dataset]["noise"]),
        corrupted=corrupted_option,
        more="",
    message:
        "Evaluating {wildcards.method} on {wildcards.dataset}, replicates {wildcards.replicates}"
    shell:
        "{PYTHON:q} {input.script} --settings {params.settings:q} --noise {params.noise:q}"
        " {params.more} --replicates {wildcards.replicates} --data {input.data} {params.corrupted}"
        " --models {input.models} --history {input.history} --tuning {input.tuning}"
        " --output {output.csv} --correct {output.correct} > {log} 2>&1"


use rule evaluate_run as evaluate_hkr with:
    input:
        script="scripts/evaluation/evaluate_hkr.py",
        modules=digest_of_modules("scripts/evaluation/evaluate_hkr.py"),
        data=f"{RESULTS}/data/{{dataset}}.npz",
        corrupted=corrupted_data,
        models=ancient(TRAINED),
        contents=f"{TRAINED}.sha256",
        history=f"{RESULTS}/histories/{{dataset}}/{{method}}/{{replicates}}.csv",
        tuning=tuning_table,
    wildcard_constraints:
        method=methods_of_rule("hkr"),
    params:
        settings=training_settings,
        noise=lambda wildcards: canonical_json(DATASETS[wildcards.dataset]["noise"]),
        corrupted=corrupted_option,
        more=lambda wildcards: certified_option(wildcards.dataset),


rule attack_run:
    input:
        script="scripts/evaluation/attack.py",
        modules=digest_of_modules("scripts/evaluation/attack.py"),
        data=f"{RESULTS}/data/{{dataset}}.npz",
        models=ancient(TRAINED),
        contents=f"{TRAINED}.sha256",
    output:
        csv=f"{RESULTS}/attacks/{{dataset}}/{{method}}/{{replicates}}.csv",
        correct=f"{RESULTS}/attacks/{{dataset}}/{{method}}/{{replicates}}.npz",
    log:
        f"{RESULTS}/logs/attack/{{dataset}}/{{method}}/{{replicates}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/attack/{{dataset}}/{{method}}/{{replicates}}.tsv"
    threads: config["threads"]
    resources:
        mem_mb=memory(2500),
        runtime=60,
        gpu=1,
    params:
        settings=training_settings,
        attacks=lambda wildcards: canonical_json(attack_settings(wildcards.dataset, "audit")),
    message:
        "Attacking {wildcards.method} on {wildcards.dataset}, replicates {wildcards.replicates}"
    shell:
        "{PYTHON:q} {input.script} --settings {params.settings:q} --attacks {params.attacks:q}"
        " --replicates {wildcards.replicates} --data {input.data} --models {input.models}"
        " --correct {output.correct} --output {output.csv} > {log} 2>&1"


rule audit_attacks:
    input:
        script="scripts/evaluation/audit_attacks.py",
        modules=digest_of_modules("scripts/evaluation/audit_attacks.py"),
        data=f"{RESULTS}/data/{{dataset}}.npz",
        models=ancient(TRAINED),
        contents=f"{TRAINED}.sha256",
        correct=f"{RESULTS}/attacks/{{dataset}}/{{method}}/{{replicates}}.npz",
    output:
        f"{RESULTS}/audits/{{dataset}}/{{method}}/{{replicates}}.csv",
    log:
        f"{RESULTS}/logs/audit/{{dataset}}/{{method}}/{{replicates}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/audit/{{dataset}}/{{method}}/{{replicates}}.tsv"
    threads: config["threads"]
    resources:
        mem_mb=memory(2500),
        runtime=120,
        gpu=1,
    params:
        settings=training_settings,
        attacks=lambda wildcards: canonical_json(attack_settings(wildcards.dataset)),
    message:
        "Auditing the attacks on {wildcards.method} on {wildcards.dataset},"
        " first of the replicates {wildcards.replicates}"
    shell:
        "{PYTHON:q} {input.script} --settings {params.settings:q} --attacks {params.attacks:q}"
        " --replicates {wildcards.replicates} --data {input.data} --models {input.models}"
        " --correct {input.correct} --output {output} > {log} 2>&1"


def drawn_hkr(wildcards):
    return wildcards.dataset, [DRAWN_HKR[wildcards.dataset]]


rule compute_level_sets:
    input:
        script="scripts/evaluation/compute_level_sets.py",
        modules=digest_of_modules("scripts/evaluation/compute_level_sets.py"),
        data=f"{RESULTS}/data/{{dataset}}.npz",
        models=lambda wildcards: ancient(per_job(TRAINED, *drawn_hkr(wildcards))[0]),
        contents=lambda wildcards: per_job(f"{TRAINED}.sha256", *drawn_hkr(wildcards))[0],
    output:
        f"{RESULTS}/level_sets/{{dataset}}.npz",
    log:
        f"{RESULTS}/logs/compute_level_sets_{{dataset}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/compute_level_sets_{{dataset}}.tsv"
    wildcard_constraints:
        dataset="|".join(DRAWN_HKR) or "none",
    threads: config["threads"]
    resources:
        mem_mb=memory(2500),
        runtime=10,
        gpu=1,
    params:
        threads=config["threads"],
    message:
        "Computing the HKR function on a grid over {wildcards.dataset}"
    shell:
        "{PYTHON:q} {input.script} --data {input.data} --models {input.models}"
        " --threads {params.threads} --output {output} > {log} 2>&1"


rule evaluate_linear:
    input:
        script="scripts/evaluation/evaluate_linear.py",
        modules=digest_of_modules("scripts/evaluation/evaluate_linear.py"),
        data=f"{RESULTS}/data/{{dataset}}.npz",
        models=ancient(TRAINED),
        contents=f"{TRAINED}.sha256",
    output:
        f"{RESULTS}/evaluations/{{dataset}}/{{method}}/{{replicates}}.csv",
    log:
        f"{RESULTS}/logs/evaluate/{{dataset}}/{{method}}/{{replicates}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/evaluate/{{dataset}}/{{method}}/{{replicates}}.tsv"
    wildcard_constraints:
        method=methods_of_rule("linear"),
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime=10,
        gpu=0,
    params:
        settings=training_settings,
    message:
        "Comparing the linear fits on {wildcards.dataset}, replicates {wildcards.replicates}"
    shell:
        "{PYTHON:q} {input.script} --settings {params.settings:q} --replicates {wildcards.replicates}"
        " --data {input.data} --models {input.models} --output {output} > {log} 2>&1"


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


def quantities_of_documents():
    """Names of the quantities that each document's claims are about, by document."""
    with open(Path(workflow.basedir) / "src/gradloss/analysis/claims.yaml") as file:
        claims = yaml.safe_load(file)
    quantities = {}
    for claim in claims:
        quantities.setdefault(claim["document"], []).extend(claim["quantities"])
    return quantities


def judged_values(wildcards):
    """Input of a rule: the files that hold the quantities of a document's claims."""
    files = {}
    for quantity in QUANTITIES[wildcards.document]:
        dataset, method, measure = quantity.split("/", 2)
        perturbation = measure.partition("@")[2].partition(":")[0]
        values = {
            "subset": attacks_of,
            "pgd": attacks_of,
            "ensemble": attacks_of,
            "audit": audits_of,
        }.get(perturbation.partition("_")[0], evaluations_of)
        if dataset not in DATASETS:
            continue
        # The job of the linear regression evaluates all of its variants.
        methods = [LINEAR.get(dataset, method)]
        found = library_of(dataset) if method == LIBRARY else values(dataset, methods)
        files |= dict.fromkeys(found)
    return list(files)


QUANTITIES = quantities_of_documents()


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
        images=[
            path.removesuffix(".csv") + ".npz"
            for dataset in CLASSIFIED_ALIKE
            for path in evaluations_of(dataset) + attacks_of(dataset)
        ],
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


rule describe_machine:
    input:
        script="scripts/paper/describe_machine.py",
        modules=digest_of_modules("scripts/paper/describe_machine.py"),
        timings=[path for dataset in NOISY for path in timings_of(dataset)],
    output:
        f"{RESULTS}/machine.csv",
    log:
        f"{RESULTS}/logs/describe_machine.log",
    benchmark:
        f"{RESULTS}/benchmarks/describe_machine.tsv"
    localrule: True
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
        gpu=0,
    message:
        "Naming the machines that trained the models"
    shell:
        "{PYTHON:q} {input.script} --timings {input.timings} --output {output} > {log} 2>&1"
