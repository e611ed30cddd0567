# One rule per family of methods; a job trains a range of replicates together.


rule train_gradient:
    input:
        script="scripts/training/train.py",
        modules=digest_of_modules("scripts/training/train.py"),
        data=f"{RESULTS}/data/{{dataset}}.npz",
        tuning=tuning_table,
    output:
        models=directory(TRAINED),
        contents=f"{TRAINED}.sha256",
        history=f"{RESULTS}/histories/{{dataset}}/{{method}}/{{replicates}}.csv",
        timing=f"{RESULTS}/timings/{{dataset}}/{{method}}/{{replicates}}.csv",
    log:
        f"{RESULTS}/logs/train/{{dataset}}/{{method}}/{{replicates}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/train/{{dataset}}/{{method}}/{{replicates}}.tsv"
    wildcard_constraints:
        method=methods_of_rule("gradient"),
    # The short jobs that follow from trainings fill the cores while the last trainings end.
    priority: 1
    threads: config["threads"]
    resources:
        mem_mb=memory(2500),
        runtime=120,
        gpu=1,
    params:
        settings=training_settings,
        # Not an output: Snakemake deletes the outputs of a job that was cut off.
        checkpoint=f"{RESULTS}/checkpoints/{{dataset}}/{{method}}/{{replicates}}.npz",
    message:
        "Training {wildcards.method} on {wildcards.dataset}, replicates {wildcards.replicates}"
    shell:
        "{PYTHON:q} {input.script} --settings {params.settings:q} --replicates {wildcards.replicates}"
        " --data {input.data} --tuning {input.tuning} --models {output.models}"
        " --history {output.history} --timing {output.timing}"
        " --checkpoint {params.checkpoint} > {log} 2>&1"


use rule train_gradient as train_baseline with:
    wildcard_constraints:
        method=methods_of_rule("baseline"),


use rule train_gradient as train_hkr with:
    input:
        script="scripts/training/train_hkr.py",
        modules=digest_of_modules("scripts/training/train_hkr.py"),
        data=f"{RESULTS}/data/{{dataset}}.npz",
        tuning=tuning_table,
    wildcard_constraints:
        method=methods_of_rule("hkr"),


rule train_linear:
    input:
        script="scripts/training/train_linear.py",
        modules=digest_of_modules("scripts/training/train_linear.py"),
        data=f"{RESULTS}/data/{{dataset}}.npz",
    output:
        models=directory(TRAINED),
        contents=f"{TRAINED}.sha256",
    log:
        f"{RESULTS}/logs/train/{{dataset}}/{{method}}/{{replicates}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/train/{{dataset}}/{{method}}/{{replicates}}.tsv"
    wildcard_constraints:
        method=methods_of_rule("linear"),
    threads: config["threads"]
    resources:
        mem_mb=memory(2000),
        runtime=60,
        gpu=0,
    params:
        settings=training_settings,
    message:
        "Training {wildcards.method} on {wildcards.dataset}, replicates {wildcards.replicates}"
    shell:
        "{PYTHON:q} {input.script} --settings {params.settings:q} --replicates {wildcards.replicates}"
        " --data {input.data} --models {output.models} > {log} 2>&1"


rule fit_library:
    input:
        script="scripts/training/fit_library.py",
        batches="scripts/training/write_first_epoch.py",
        modules=[
            digest_of_modules(f"scripts/training/{name}.py")
            for name in ("fit_library", "write_first_epoch")
        ],
        data=f"{RESULTS}/data/{{dataset}}.npz",
    output:
        f"{RESULTS}/library/{{dataset}}/{{method}}/{{replicates}}.csv",
    log:
        f"{RESULTS}/logs/library/{{dataset}}/{{method}}/{{replicates}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/library/{{dataset}}/{{method}}/{{replicates}}.tsv"
    wildcard_constraints:
        method=methods_of_rule("hkr"),
    threads: config["threads"]
    resources:
        mem_mb=memory(2000),
        runtime=30,
        gpu=0,
    params:
        settings=training_settings,
    message:
        "Training the library's {wildcards.method} on {wildcards.dataset} for an epoch,"
        " replicates {wildcards.replicates}"
    # The library needs Keras 2, and what prepares our replicates imports Keras 3.
    shell:
        "epoch=$(mktemp -d) && trap 'rm -r \"$epoch\"' EXIT &&"
        " ({PYTHON:q} {input.batches} --settings {params.settings:q} --data {input.data}"
        ' --replicates {wildcards.replicates} --output "$epoch/epoch.npz" &&'
        " TF_USE_LEGACY_KERAS=1 {PYTHON:q} {input.script} --settings {params.settings:q}"
        ' --data "$epoch/epoch.npz" --output {output}) > {log} 2>&1'
