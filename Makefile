SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help paper quick report verify bench publish test test-cluster lint lock clean python tex browser

PYTHON ?= python3
CORES ?= all
VENV := .venv
RUN := PATH="$(CURDIR)/$(VENV)/bin:$$PATH"
READY := $(VENV)/installed$(if $(GPU),-gpu)
SNAKEMAKE := $(RUN) snakemake \
  $(if $(PROFILE),--workflow-profile workflow/profiles/$(PROFILE),--cores $(CORES))
PRESET := $(if $(QUICK),--configfile workflow/presets/quick.yaml)
RESULTS := $(if $(QUICK),results-quick,results)
COMPILE := $(RUN) uv pip compile pyproject.toml --universal --python-version 3.11 -q \
  --generate-hashes --no-emit-index-url --no-annotate --custom-compile-command "make lock"

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

paper: $(READY) tex  ## everything, to results/paper.pdf; PROFILE=slurm on a cluster, GPU=1 with CUDA
	@$(SNAKEMAKE)

quick: $(READY) tex  ## the same workflow, small, to results-quick/paper.pdf
	@$(SNAKEMAKE) --configfile workflow/presets/quick.yaml

# Snakemake writes the report of what is there, so everything is computed first.
report: $(READY) tex  ## one page with everything, results/report.html; QUICK=1 for the quick study
	@$(SNAKEMAKE) $(PRESET)
	@$(SNAKEMAKE) $(PRESET) --report $(RESULTS)/report.html
	@echo "The report is $(RESULTS)/report.html"

verify: $(VENV)/installed  ## compare results/ with the published numbers, one by one
	@$(RUN) python scripts/verify.py --metrics results/metrics.csv --claims results/claims.csv \
	  --published paper

bench: $(VENV)/installed  ## the documents' own loops against this engine; QUICK=1 for minutes
	@$(RUN) python benchmarks/run.py --output results/benchmark.csv \
	  --figure results/figures/benchmark.pdf $(if $(QUICK),--quick)

publish: $(VENV)/installed  ## put a full run into docs/, paper/ and README.md, for a commit
	@$(RUN) python scripts/publish.py

test: $(VENV)/installed browser  ## run the tests
	@$(RUN) pytest -n auto --dist loadfile

test-cluster: quick  ## the quick preset on a SLURM cluster of its own; as root; PART=1 for minutes
	@workflow/install.sh slurm
	@$(RUN) pytest tests/cluster $(if $(PART),--part)

lint: $(VENV)/installed  ## check the style of Python and Snakemake files
	@$(RUN) ruff check .
	@$(RUN) ruff format --check .
	@$(RUN) snakefmt --check Snakefile workflow

lock: $(VENV)/installed  ## write the locks anew from pyproject.toml
	@$(COMPILE) --extra dev --upgrade -o requirements.lock
	@$(COMPILE) --extra gpu --constraint requirements.lock -o requirements-gpu.lock

clean:  ## remove what was computed; downloads and the environment stay
	rm -rf results results-quick .snakemake

python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || { \
	  echo "error: Python 3.11, 3.12 or 3.13 is needed, and '$(PYTHON)' is" \
	    "$$($(PYTHON) --version 2>&1); install one and run make PYTHON=/path/to/it" >&2; exit 1; }

$(VENV)/installed: requirements.lock pyproject.toml | python
	@echo "Setting up the environment in $(VENV), some minutes"
	@PYTHON="$(PYTHON)" workflow/install.sh python $(VENV)
	@touch $@

$(VENV)/installed-gpu: requirements-gpu.lock $(VENV)/installed
	@echo "Adding NVIDIA's libraries to $(VENV), several GB"
	@$(VENV)/bin/pip install -q --disable-pip-version-check --require-hashes -r requirements-gpu.lock
	@touch $@

tex:
	@workflow/install.sh tex

browser:
	@workflow/install.sh browser
