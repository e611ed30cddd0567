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
        curves=curves_option,
        more="",
    message:
        "Evaluating {wildcards.method} on {wildcards.dataset}, replicates {wildcards.replicates}"
    shell:
        "{PYTHON:q} {input.script} --settings {params.settings:q} --noise {params.noise:q}"
        " {params.more} --replicates {wildcards.replicates} --data {input.data} {params.corrupted}"
        " --models {input.models} --history {input.history} {params.curves}"
        " --tuning {input.tuning} --output {output.csv} --correct {output.correct} > {log} 2>&1"


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
        curves=curves_option,
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
