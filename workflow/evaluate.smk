localrules:
    collect_metrics,
    collect_timings,
    judge_claims,
    compare_methods,
    describe_machine,


rule evaluate_run:
    input:
        script="scripts/evaluate.py",
        modules=digest_of_modules("scripts/evaluate.py"),
        data=f"{RESULTS}/data/{{dataset}}.npz",
        models=f"{RESULTS}/models/{{dataset}}/{{method}}/{{replicates}}",
    output:
        f"{RESULTS}/evaluations/{{dataset}}/{{method}}/{{replicates}}.csv",
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
        more="",
    message:
        "Evaluating {wildcards.method} on {wildcards.dataset}, replicates {wildcards.replicates}"
    shell:
        "{PYTHON} {input.script} --settings {params.settings:q} --noise {params.noise:q}"
        " {params.more} --replicates {wildcards.replicates} --data {input.data} --models {input.models}"
        " --output {output} > {log} 2>&1"


use rule evaluate_run as evaluate_hkr with:
    input:
        script="scripts/evaluate_hkr.py",
        modules=digest_of_modules("scripts/evaluate_hkr.py"),
        data=f"{RESULTS}/data/{{dataset}}.npz",
        models=f"{RESULTS}/models/{{dataset}}/{{method}}/{{replicates}}",
    wildcard_constraints:
        method=methods_of_rule("hkr"),
    params:
        settings=training_settings,
        noise=lambda wildcards: canonical_json(DATASETS[wildcards.dataset]["noise"]),
        more=lambda wildcards: certified_option(wildcards.dataset),


rule attack_run:
    input:
        script="scripts/attack.py",
        modules=digest_of_modules("scripts/attack.py"),
        data=f"{RESULTS}/data/{{dataset}}.npz",
        models=f"{RESULTS}/models/{{dataset}}/{{method}}/{{replicates}}",
    output:
        f"{RESULTS}/attacks/{{dataset}}/{{method}}/{{replicates}}.csv",
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
        attacks=lambda wildcards: canonical_json(attack_settings(wildcards.dataset)),
    message:
        "Attacking {wildcards.method} on {wildcards.dataset}, replicates {wildcards.replicates}"
    shell:
        "{PYTHON} {input.script} --settings {params.settings:q} --attacks {params.attacks:q}"
        " --replicates {wildcards.replicates} --data {input.data} --models {input.models}"
        " --output {output} > {log} 2>&1"


rule evaluate_linear:
    input:
        script="scripts/evaluate_linear.py",
        modules=digest_of_modules("scripts/evaluate_linear.py"),
        data=f"{RESULTS}/data/{{dataset}}.npz",
        models=f"{RESULTS}/models/{{dataset}}/{{method}}/{{replicates}}",
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
        "{PYTHON} {input.script} --settings {params.settings:q} --replicates {wildcards.replicates}"
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
        script="scripts/collect.py",
        modules=modules_of("scripts/collect.py"),
        tables=per_job(f"{RESULTS}/evaluations/{{dataset}}/{{method}}/{{replicates}}.csv") + ATTACKS,
    output:
        reported_file("metrics.csv"),
    log:
        f"{RESULTS}/logs/collect_metrics.log",
    benchmark:
        f"{RESULTS}/benchmarks/collect_metrics.tsv"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
        gpu=0,
    message:
        "Collecting the metrics"
    shell:
        "{PYTHON} {input.script} --inputs {input.tables} --output {output} > {log} 2>&1"


use rule collect_metrics as collect_timings with:
    input:
        script="scripts/collect.py",
        modules=modules_of("scripts/collect.py"),
        tables=[
            path
            for dataset in NOISY
            for path in per_job(
                f"{RESULTS}/timings/{{dataset}}/{{method}}/{{replicates}}.csv", dataset
            )
        ],
    output:
        reported_file("timings.csv"),
    log:
        f"{RESULTS}/logs/collect_timings.log",
    benchmark:
        f"{RESULTS}/benchmarks/collect_timings.tsv"
    message:
        "Collecting the training times"


rule judge_claims:
    input:
        script="scripts/judge_claims.py",
        modules=modules_of("scripts/judge_claims.py"),
        metrics=f"{RESULTS}/metrics.csv",
    output:
        reported_file("claims.csv"),
    log:
        f"{RESULTS}/logs/judge_claims.log",
    benchmark:
        f"{RESULTS}/benchmarks/judge_claims.tsv"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
        gpu=0,
    message:
        "Judging the claims"
    shell:
        "{PYTHON} {input.script} --metrics {input.metrics} --output {output} > {log} 2>&1"


use rule judge_claims as compare_methods with:
    input:
        script="scripts/compare_methods.py",
        modules=modules_of("scripts/compare_methods.py"),
        metrics=f"{RESULTS}/metrics.csv",
    output:
        reported_file("comparisons.csv"),
    log:
        f"{RESULTS}/logs/compare_methods.log",
    benchmark:
        f"{RESULTS}/benchmarks/compare_methods.tsv"
    message:
        "Comparing the methods pair by pair"


rule describe_machine:
    input:
        script="scripts/describe_machine.py",
        modules=modules_of("scripts/describe_machine.py"),
    output:
        f"{RESULTS}/machine.csv",
    log:
        f"{RESULTS}/logs/describe_machine.log",
    benchmark:
        f"{RESULTS}/benchmarks/describe_machine.tsv"
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
        gpu=0,
    message:
        "Describing the machine"
    shell:
        "{PYTHON} {input.script} --output {output} > {log} 2>&1"
