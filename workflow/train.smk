# One rule per family of methods; a job trains a range of replicates together.


rule train_gradient:
    input:
        script="scripts/train.py",
        modules=digest_of_modules("scripts/train.py"),
        data=f"{RESULTS}/data/{{dataset}}.npz",
    output:
        models=directory(f"{RESULTS}/models/{{dataset}}/{{method}}/{{replicates}}"),
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
        "{PYTHON} {input.script} --settings {params.settings:q} --replicates {wildcards.replicates}"
        " --data {input.data} --models {output.models} --timing {output.timing}"
        " --checkpoint {params.checkpoint} > {log} 2>&1"


use rule train_gradient as train_baseline with:
    wildcard_constraints:
        method=methods_of_rule("baseline"),


use rule train_gradient as train_hkr with:
    input:
        script="scripts/train_hkr.py",
        modules=digest_of_modules("scripts/train_hkr.py"),
        data=f"{RESULTS}/data/{{dataset}}.npz",
    wildcard_constraints:
        method=methods_of_rule("hkr"),


rule train_linear:
    input:
        script="scripts/train_linear.py",
        modules=digest_of_modules("scripts/train_linear.py"),
        data=f"{RESULTS}/data/{{dataset}}.npz",
    output:
        models=directory(f"{RESULTS}/models/{{dataset}}/{{method}}/{{replicates}}"),
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
        "{PYTHON} {input.script} --settings {params.settings:q} --replicates {wildcards.replicates}"
        " --data {input.data} --models {output.models} > {log} 2>&1"
