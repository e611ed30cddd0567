# From the data to the paper: snakemake --cores all
# Targets: all (default), data, models, figures, tables, or any single file under results/.

from snakemake.utils import min_version

min_version("9.20")


configfile: "config.yaml"


include: "workflow/common.smk"
include: "workflow/data.smk"
include: "workflow/train.smk"
include: "workflow/evaluate.smk"
include: "workflow/figures.smk"
include: "workflow/tables.smk"
include: "workflow/paper.smk"


rule all:
    default_target: True
    input:
        f"{RESULTS}/claims.csv",
        FIGURES,
        TABLES,
        PAPER,


rule data:
    input:
        expand(f"{RESULTS}/data/{{dataset}}.npz", dataset=config["datasets"]),


rule models:
    input:
        MODELS,


rule figures:
    input:
        FIGURES,


rule tables:
    input:
        TABLES,


onsuccess:
    # After Snakemake's own last lines.
    atexit.register(report_outcome)
