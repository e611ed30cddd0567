# From the data to the paper: snakemake --cores all
# Targets: all (default), data, models, figures, tables, notebooks, or any single file under results/.

from snakemake.utils import min_version

min_version("9.20")


include: "workflow/start.smk"


configfile: "config.yaml"


report: "workflow/report/study.rst"


# Where a cluster runs the jobs, these and what the rule files list run where it is started.
localrules:
    all,
    data,
    models,
    figures,
    tables,
    notebooks,


include: "workflow/common.smk"
include: "workflow/data.smk"
include: "workflow/train.smk"
include: "workflow/evaluate.smk"
include: "workflow/figures.smk"
include: "workflow/tables.smk"
include: "workflow/notebooks.smk"
include: "workflow/paper.smk"


rule all:
    default_target: True
    input:
        f"{RESULTS}/claims.csv",
        f"{RESULTS}/timings.csv",
        FIGURES,
        TABLES,
        f"{RESULTS}/provenance.json",
        NOTEBOOKS,
        PREVIEWS,
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
        PREVIEWS,


rule notebooks:
    input:
        NOTEBOOKS,


onsuccess:
    atexit.unregister(warn_if_full)
    # After Snakemake's own last lines.
    atexit.register(report_outcome)
