localrules:
    download_dataset,
    prepare_dataset,
    describe_data,


rule download_dataset:
    input:
        script="scripts/download.py",
        modules=modules_of("scripts/download.py"),
    output:
        data=f"{DOWNLOADS}/{{source}}.npz",
    log:
        f"{RESULTS}/logs/download_{{source}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/download_{{source}}.tsv"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
        gpu=0,
    params:
        # The mirror decides where the bytes come from, not what they are: a change of it must
        # not download again, and a function of `threads` is not compared.
        mirror=lambda wildcards, threads: (
            f"--mirror {shlex.quote(config['data_mirror'])}" if config["data_mirror"] else ""
        ),
    message:
        "Downloading {wildcards.source}"
    shell:
        "{PYTHON} {input.script} --dataset {wildcards.source} --output {output.data} {params.mirror}"
        " 2>&1 | tee {log}"


def preparation_settings(wildcards):
    settings = DATASETS[wildcards.dataset].get("preparation", {})
    return canonical_json({**settings, "seed": config["seed"]})


def preparation_modules(source):
    """The script chooses the module of a data set by its name."""
    chosen = f"src/gradloss/preparations/{source}.py"
    return sorted({chosen, *modules_of("scripts/prepare.py"), *modules_of(chosen)})


rule prepare_dataset:
    input:
        script="scripts/prepare.py",
        modules=lambda wildcards: preparation_modules(SOURCES[wildcards.dataset]),
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
        "{PYTHON} {input.script} --dataset {params.source} {params.download}"
        " --settings {params.settings:q} --output {output.data} > {log} 2>&1"


rule describe_data:
    input:
        script="scripts/describe_data.py",
        modules=modules_of("scripts/describe_data.py"),
        downloads=expand(f"{DOWNLOADS}/{{source}}.npz", source=DOWNLOADED),
    output:
        f"{RESULTS}/data_sources.csv",
    log:
        f"{RESULTS}/logs/describe_data.log",
    benchmark:
        f"{RESULTS}/benchmarks/describe_data.tsv"
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
        "{PYTHON} {input.script} --downloads {input.downloads} --generated {params.generated}"
        " --output {output} > {log} 2>&1"
