# From the data to the paper: snakemake --cores all
# Targets: all (default), data, models, paper, figures, tables, notebooks, or any single file under
# results/.

from snakemake.utils import min_version

min_version("9.20")


include: "workflow/start.smk"


configfile: "config.yaml"


report: "workflow/report/study.rst"


include: "workflow/common.smk"
include: "workflow/data.smk"
include: "workflow/tuning.smk"
include: "workflow/training.smk"
include: "workflow/evaluation.smk"
include: "workflow/analysis.smk"
include: "workflow/figures.smk"
include: "workflow/tables.smk"
include: "workflow/notebooks.smk"
include: "workflow/paper.smk"


# What follows from the measured values; notebooks open the models too.
WITHOUT_MODELS = [
    f"{RESULTS}/claims.csv",
    *[f"{RESULTS}/timings.csv" for _ in NOISY[:1]],
    *FIGURES,
    *TABLES,
    f"{RESULTS}/provenance.json",
    *PREVIEWS,
    *PAPER,
    CRATE,
]


rule all:
    default_target: True
    input:
        WITHOUT_MODELS,
        NOTEBOOKS,
    localrule: True


rule data:
    input:
        expand(f"{RESULTS}/data/{{dataset}}.npz", dataset=config["datasets"]),
        expand(f"{RESULTS}/data/{{dataset}}_corrupted.npz", dataset=CORRUPTED),
    localrule: True


rule models:
    input:
        MODELS,
    localrule: True


rule paper:
    input:
        WITHOUT_MODELS,
    localrule: True


rule figures:
    input:
        FIGURES,
    localrule: True


rule tables:
    input:
        TABLES,
        PREVIEWS,
    localrule: True


rule notebooks:
    input:
        NOTEBOOKS,
    localrule: True


onstart:
    begin_run()


onsuccess:
    atexit.unregister(warn_if_full)
    # After Snakemake's own last lines.
    atexit.register(report_outcome)
