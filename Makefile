SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help paper quick bench test lint lock clean python tex

PYTHON ?= python3
CORES ?= all
VENV := .venv
RUN := PATH="$(CURDIR)/$(VENV)/bin:$$PATH"
# As many jobs use a GPU at the same time as there are GPUs; without one there is no limit.
GPUS := $(words $(wildcard /dev/nvidia[0-9]*))
SNAKEMAKE := $(RUN) snakemake --cores $(CORES) $(if $(filter-out 0,$(GPUS)),--resources gpu=$(GPUS))

help:  ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

paper: $(VENV)/installed tex  ## everything, from the data to results/paper.pdf
	@$(SNAKEMAKE)

quick: $(VENV)/installed tex  ## the same workflow, small, to results-quick/paper.pdf
	@$(SNAKEMAKE) --configfile workflow/presets/quick.yaml

bench: $(VENV)/installed  ## the documents' own loops against this engine; QUICK=1 for minutes
	@$(RUN) python benchmarks/run.py --output results/benchmark.csv \
	  --figure results/figures/benchmark.pdf $(if $(QUICK),--quick)

test: $(VENV)/installed  ## run the tests
	@$(RUN) pytest

lint: $(VENV)/installed  ## check the style of Python and Snakemake files
	@$(RUN) ruff check .
	@$(RUN) ruff format --check .
	@$(RUN) snakefmt --check Snakefile workflow

lock: $(VENV)/installed  ## write requirements.lock anew from pyproject.toml
	@$(RUN) uv pip compile --universal --python-version 3.11 --all-extras --generate-hashes \
	  --no-emit-index-url --no-annotate --custom-compile-command "make lock" -q --upgrade \
	  pyproject.toml -o requirements.lock

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

tex:
	@workflow/install.sh tex
