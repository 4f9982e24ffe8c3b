# Everything runs in .venv. The first target that needs .venv creates it by
# tools/setup_env.sh. Pass the options of a program with ARGS:
#   make train ARGS='--estimator=vimco --num_samples=5'
#   make test ARGS=tests/ops WORKERS=0

SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help install train test bench bench-peers lint format clean FORCE

ARGS ?=
# The interpreter of a new .venv. If PYTHON is empty, the first suitable
# interpreter is taken.
PYTHON ?=
VENV := .venv
# JAX and PyTorch, beside which `make bench-peers` measures.
PEERS := .venv-peers
RUN := $(VENV)/bin/python
STAMP := $(VENV)/.installed
INSTALLED := $(shell cat $(STAMP) $(VENV)/.installing 2>/dev/null)
# The extras that are installed beside the library: 'dev', or 'dev,and-cuda' for a
# GPU. A choice lasts until the next choice.
EXTRAS ?= $(or $(INSTALLED),dev)

# The number of test processes. 0 runs the tests in the process of pytest, which
# then has all cores and a usable pdb.
WORKERS ?= auto
XDIST := $(if $(filter 0,$(WORKERS)),-n 0,-n $(WORKERS) --dist worksteal)
# One thread per process, because TensorFlow would take every core and all GPU
# memory in each of the processes.
THREADS := TF_NUM_INTRAOP_THREADS=1 TF_NUM_INTEROP_THREADS=1 \
  OMP_NUM_THREADS=1 TF_FORCE_GPU_ALLOW_GROWTH=true
TEST_ENV := TF_CPP_MIN_LOG_LEVEL=$(or $(TF_CPP_MIN_LOG_LEVEL),3) \
  $(if $(filter 0,$(WORKERS)),,$(THREADS))

TYPED := $(wildcard tf_mco experiments benchmarks examples tools)

help:  ## Lists the targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "%-12s %s\n", $$1, $$2}' \
	  $(MAKEFILE_LIST)

install: $(STAMP)  ## Creates .venv with all that the other targets need.

$(STAMP): setup.py $(if $(filter $(EXTRAS),$(INSTALLED)),,FORCE)
	@PYTHON='$(PYTHON)' tools/setup_env.sh '$(EXTRAS)'

train: $(STAMP)  ## Trains a model: experiments/train_binary.py with ARGS.
	$(RUN) -m experiments.train_binary $(ARGS)

test: $(STAMP)  ## Runs all tests, or those that ARGS names, on all cores.
	$(TEST_ENV) $(RUN) -m pytest $(XDIST) $(ARGS)

bench: $(STAMP)  ## Measures what a training step costs, with ARGS.
	$(RUN) -m benchmarks.train_step $(ARGS)

# The peers need packages that must not come between those of .venv.
bench-peers: $(STAMP) $(PEERS)/.installed  ## Measures a step beside JAX, PyTorch.
	$(RUN) -m benchmarks.peers.compare --python=$(PEERS)/bin/python $(ARGS)

$(PEERS)/.installed: benchmarks/peers/requirements.txt
	$(RUN) -m venv --clear $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet -r $<
	touch $@

lint: $(STAMP)  ## Checks style, types and imports; changes nothing.
	$(RUN) -m ruff check
	$(RUN) -m ruff format --check
	$(RUN) -m mypy $(TYPED)
	$(VENV)/bin/lint-imports --no-logo --no-cache

format: $(STAMP)  ## Formats the code and sorts its imports.
	$(RUN) -m ruff check --select I --fix
	$(RUN) -m ruff format

clean:  ## Removes .venv and caches; never results or data.
	rm -rf $(VENV) $(PEERS) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
