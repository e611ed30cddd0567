rule download_dataset:
    input:
        # What was downloaded was verified: it is kept as long as the manifest has its hash.
        script=ancient("scripts/data/download.py"),
    output:
        data=f"{DOWNLOADS}/{{source}}.npz",
    log:
        f"{RESULTS}/logs/download_{{source}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/download_{{source}}.tsv"
    localrule: True
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
        gpu=0,
    params:
        content=lambda wildcards: MANIFEST[wildcards.source].content_sha256,
        # The mirror decides where the bytes come from, not what they are: a change of it must
        # not download again, and a function of `threads` is not compared.
        mirror=lambda wildcards, threads: (
            f"--mirror {shlex.quote(config['data_mirror'])}" if config["data_mirror"] else ""
        ),
    message:
        "Downloading {wildcards.source}"
    shell:
        "{PYTHON:q} {input.script} --dataset {wildcards.source} --output {output.data} {params.mirror}"
        " 2>&1 | tee {log}"


def preparation_settings(wildcards):
    settings = DATASETS[wildcards.dataset].get("preparation", {})
    return canonical_json({**settings, "seed": config["seed"]})


# The script runs the module that has the name of the source.
PREPARATIONS = {
    source: digest_of_modules(
        "scripts/data/prepare.py", f"src/gradloss/data/preparations/{source}.py"
    )
    for source in SOURCES.values()
}


rule prepare_dataset:
    input:
        script="scripts/data/prepare.py",
        modules=lambda wildcards: PREPARATIONS[SOURCES[wildcards.dataset]],
        download=lambda wildcards: [
            f"{DOWNLOADS}/{source}.npz"
            for source in DOWNLOADED
            if source == SOURCES[wildcards.dataset]
        ],
    output:
        data=f"{RESULTS}/data/{{dataset}}.npz",
    log:
        f"{RESULTS}/logs/prepare_{{dataset}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/prepare_{{dataset}}.tsv"
    localrule: True
    threads: 1
    resources:
        mem_mb=3000,
        runtime=10,
        gpu=0,
    params:
        settings=preparation_settings,
        source=lambda wildcards: SOURCES[wildcards.dataset],
        download=lambda wildcards, input: f"--input {input.download}" if input.download else "",
    message:
        "Preparing {wildcards.dataset}"
    shell:
        "{PYTHON:q} {input.script} --dataset {params.source} {params.download}"
        " --settings {params.settings:q} --output {output.data} > {log} 2>&1"


rule corrupt_dataset:
    input:
        script="scripts/data/corrupt.py",
        modules=digest_of_modules("scripts/data/corrupt.py"),
        data=f"{RESULTS}/data/{{dataset}}.npz",
    output:
        f"{RESULTS}/data/{{dataset}}_corrupted.npz",
    log:
        f"{RESULTS}/logs/corrupt_{{dataset}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/corrupt_{{dataset}}.tsv"
    localrule: True
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
        gpu=0,
    params:
        settings=lambda wildcards: canonical_json(
            {
                "kinds": DATASETS[wildcards.dataset]["corruptions"],
                "root_seed": config["seed"],
                "dataset": SOURCES[wildcards.dataset],
            }
        ),
    message:
        "Corrupting the test images of {wildcards.dataset}"
    shell:
        "{PYTHON:q} {input.script} --data {input.data} --settings {params.settings:q}"
        " --output {output} > {log} 2>&1"


rule describe_data:
    input:
        script="scripts/data/describe_data.py",
        modules=digest_of_modules("scripts/data/describe_data.py"),
        downloads=expand(f"{DOWNLOADS}/{{source}}.npz", source=DOWNLOADED),
    output:
        f"{RESULTS}/data_sources.csv",
    log:
        f"{RESULTS}/logs/describe_data.log",
    benchmark:
        f"{RESULTS}/benchmarks/describe_data.tsv"
    localrule: True
    threads: 1
    resources:
        mem_mb=2000,
        runtime=5,
        gpu=0,
    params:
        generated=sorted(set(SOURCES.values()) - set(DOWNLOADED)),
    message:
        "Describing where the data came from"
    shell:
        "{PYTHON:q} {input.script} --downloads {input.downloads} --generated {params.generated}"
        " --output {output} > {log} 2>&1"
