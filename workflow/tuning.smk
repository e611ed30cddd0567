# One free constant of a method is chosen on a part of the training data, before it is trained.


rule tune_method:
    input:
        script="scripts/tuning/tune.py",
        modules=digest_of_modules("scripts/tuning/tune.py"),
        data=f"{RESULTS}/data/{{dataset}}.npz",
    output:
        f"{RESULTS}/tuning/{{dataset}}/{{method}}.csv",
    log:
        f"{RESULTS}/logs/tune/{{dataset}}/{{method}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/tune/{{dataset}}/{{method}}.tsv"
    wildcard_constraints:
        method="|".join(methods_of_rule(rule) for rule in ("gradient", "baseline")),
    # Trainings wait for it.
    priority: 2
    threads: config["threads"]
    resources:
        mem_mb=memory(2500),
        runtime=120,
        gpu=1,
    params:
        settings=training_settings,
        validation=validation_settings,
    message:
        "Tuning {wildcards.method} on {wildcards.dataset}"
    shell:
        "{PYTHON:q} {input.script} --settings {params.settings:q} --validation {params.validation:q}"
        " --data {input.data} --output {output} > {log} 2>&1"


use rule tune_method as tune_hkr with:
    input:
        script="scripts/tuning/tune_hkr.py",
        modules=digest_of_modules("scripts/tuning/tune_hkr.py"),
        data=f"{RESULTS}/data/{{dataset}}.npz",
    wildcard_constraints:
        method=methods_of_rule("hkr"),
