SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help paper documents quick report verify bench arxiv archive restore publish test test-cluster test-container lint lock clean python tex browser

# Two installations at once would wait for each other's locks, and fail.
.NOTPARALLEL:
# What would lead to other packages than those of the environment.
unexport $(filter PYTHON%,$(.VARIABLES)) PIP_USER PIP_TARGET PIP_PREFIX PIP_ROOT
# Of a user without an entry in passwd, as in containers.
export HOME ?= /

PYTHON ?= python3
CORES ?= all
VENV := .venv
# By modules, as programs name the folder that they were installed in, whatever it is called.
RUN := $(VENV)/bin/python -m
READY := $(VENV)/installed$(if $(GPU),-gpu)
JAX := .venv-jax
JAX_LOCK := benchmarks/peers/requirements-jax.lock
# Bars are for who watches; files and CI get a plain log.
LOGGER := $(if $(CI)$(filter dumb,$(TERM)),,$(shell [ ! -t 2 ] || echo --logger rich))
SNAKEMAKE := $(strip $(RUN) snakemake $(LOGGER) \
  $(if $(PROFILE),--workflow-profile workflow/profiles/$(PROFILE),--cores $(CORES)))
PRESET := $(if $(QUICK),--configfile workflow/presets/quick.yaml)
RESULTS := $(if $(QUICK),results-quick,results)
ARCHIVE ?= archive.tar.xz
# Of another folder, if this one was moved or copied: what is installed in it names the old one.
FOREIGN := $(shell [ "$$(cat $(VENV)/installed 2>&1)" = "$$(pwd -P)" ] || echo foreign)
COMPILE := $(RUN) uv pip compile --universal --python-version 3.11 -q \
  --generate-hashes --no-emit-index-url --no-annotate --custom-compile-command "make lock"

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

paper: $(READY) tex  ## everything, to results/paper.pdf; FROM=published trains nothing; PROFILE, GPU
	@$(if $(FROM),$(VENV)/bin/python scripts/paper/restore.py paper/$(FROM).tar.xz)
	@$(SNAKEMAKE)$(if $(FROM), paper)

quick: $(READY) tex  ## the same workflow, small, to results-quick/paper.pdf
	@$(SNAKEMAKE) --configfile workflow/presets/quick.yaml

documents: $(READY) tex  ## what the documents claim, alone, to results-documents/paper.pdf
	@$(SNAKEMAKE) --configfile workflow/presets/documents.yaml

# Snakemake writes the report of what is there, so everything is computed first.
report: $(READY) tex  ## one page with everything, results/report.html; QUICK=1 for the quick study
	@$(SNAKEMAKE) $(PRESET)
	@$(SNAKEMAKE) $(PRESET) --report $(RESULTS)/report.html
	@echo "The report is $(RESULTS)/report.html"

verify: $(VENV)/installed  ## compare results/ with the published numbers, one by one
	@$(VENV)/bin/python scripts/analysis/verify.py --metrics results/metrics.csv --claims results/claims.csv \
	  --published paper

bench: $(VENV)/installed $(if $(PEERS),$(JAX)/installed)  ## the documents' own loops against this engine; QUICK=1 for minutes, PEERS=1 for JAX too
	@$(VENV)/bin/python benchmarks/run.py --output results/benchmark$(if $(QUICK),-quick).csv \
	  --figure results/figures/benchmark$(if $(QUICK),-quick).pdf $(if $(QUICK),--quick) \
	  $(if $(PEERS),--jax $(JAX)/bin/python)

arxiv: paper  ## the sources of the paper as one flat file, arxiv.tar.gz, that latexmk compiles
	@$(VENV)/bin/python scripts/paper/bundle_paper.py --main paper/main.tex --results results \
	  --output arxiv.tar.gz >results/logs/bundle_paper.log && echo "The bundle is arxiv.tar.gz"

archive: $(VENV)/installed  ## pack a run into ARCHIVE; SMALL=1 without models and what nothing reads
	@$(VENV)/bin/python scripts/paper/archive.py --output "$(ARCHIVE)" $(if $(SMALL),--small)

restore: $(VENV)/installed  ## lay the results of ARCHIVE, a path or a URL with ARCHIVE_SHA256, here
	@$(VENV)/bin/python scripts/paper/restore.py "$(ARCHIVE)" --sha256 "$(ARCHIVE_SHA256)"

publish: $(VENV)/installed  ## put a full run into docs/, paper/ and README.md, for a commit
	@$(VENV)/bin/python scripts/paper/publish.py

test: $(VENV)/installed browser  ## run the tests
	@$(RUN) pytest -n auto --dist loadfile --no-loadscope-reorder

test-cluster: quick  ## the quick preset on a SLURM cluster of its own; as root; PART=1 for minutes
	@workflow/install.sh slurm
	@$(RUN) pytest tests/cluster $(if $(PART),--part)

test-container: $(VENV)/installed  ## the steps of Containerfile in two clean Debian roots, without an engine; as root
	@workflow/install.sh container
	@$(VENV)/bin/python tests/container/build_twice.py

lint: $(VENV)/installed  ## check Python, Snakemake and the hosted workflow
	@$(RUN) ruff check .
	@$(RUN) ruff format --check .
	@$(RUN) snakefmt --check Snakefile workflow
	@$(VENV)/bin/actionlint -shellcheck= -pyflakes= .github/workflows/*.yml

lock: $(VENV)/installed  ## write the locks anew from pyproject.toml
	@$(COMPILE) pyproject.toml --extra dev --upgrade -o requirements.lock
	@$(COMPILE) pyproject.toml --extra gpu --constraint requirements.lock -o requirements-gpu.lock
	@$(COMPILE) benchmarks/peers/jax.in --upgrade -o $(JAX_LOCK)

clean:  ## remove what was computed; downloads and the environment stay
	@if [ -e .snakemake/run.lock ] && ! flock --nonblock 9 9<.snakemake/run.lock; then \
	  echo "error: a run is at work in this folder; stop it, or wait for its end" >&2; exit 1; fi
	rm -rf results results-quick results-documents results-container .snakemake

python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || { \
	  echo "error: Python 3.11, 3.12 or 3.13 is needed, and '$(PYTHON)' is" \
	    "$$($(PYTHON) --version 2>&1); install one and run make PYTHON=/path/to/it" >&2; exit 1; }

$(VENV)/installed: requirements.lock pyproject.toml $(if $(FOREIGN),python) | python
	@echo "Setting up the environment in $(VENV), some minutes"
	@PYTHON="$(PYTHON)" workflow/install.sh python $(VENV)
	@pwd -P > $@

$(VENV)/installed-gpu: requirements-gpu.lock $(VENV)/installed
	@echo "Adding NVIDIA's libraries to $(VENV), several GB"
	@$(RUN) pip install -q --no-user --disable-pip-version-check --require-hashes \
	  -r requirements-gpu.lock
	@touch $@

$(JAX)/installed: $(JAX_LOCK) $(VENV)/installed
	@echo "Setting up JAX in $(JAX), 0.6 GB"
	@$(VENV)/bin/python -m venv --clear $(JAX)
	@$(JAX)/bin/python -m pip install -q --no-user --disable-pip-version-check --require-hashes \
	  -r $(JAX_LOCK)
	@touch $@

tex:
	@workflow/install.sh tex

browser:
	@workflow/install.sh browser
