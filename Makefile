# One command each; `make help` lists them from the ## comments. Needs Python >= 3.11, git and make.

SHELL := /bin/sh
PYTHON ?= python3
BIN := .venv/bin
RUN := $(BIN)/python -m cli
LINT_TARGETS ?= .

.DEFAULT_GOAL := help
.PHONY: help up demo faults bench histories test lint format doctor env dev prepare lock clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

up: env ## run everything: Temporal, worker, API, console, sample city; Ctrl-C ends it (DATA=dir keeps it elsewhere; SCALE=600 units)
	@$(RUN) up $(if $(DATA),--data "$(DATA)") $(if $(SCALE),--scale $(SCALE))

demo: env ## feed messages and work them to the end: MESSAGES=file.csv N=200 PACK=demo KILLS=0 SCALE=600
	@$(RUN) demo $(if $(MESSAGES),--messages "$(MESSAGES)") $(if $(N),--n $(N)) $(if $(PACK),--pack $(PACK)) $(if $(KILLS),--kills $(KILLS)) $(if $(SCALE),--scale $(SCALE))

faults: dev ## the same scripts in calm and under faults, compared: SEED=7 KILLS=30 CASES=200 POSTGRES=1 MESSAGES=file.csv
	@$(RUN) faults $(if $(SEED),--seed $(SEED)) $(if $(KILLS),--kills $(KILLS)) $(if $(CASES),--cases $(CASES)) $(if $(POSTGRES),--postgres) $(if $(MESSAGES),--messages "$(MESSAGES)")

bench: env ## measure everything, an hour or two: QUICK=1 (minutes, only that it works) ONLY="skeleton size" OUT=file.jsonl
	@$(BIN)/python -m benchmarks $(if $(QUICK),--quick) $(if $(ONLY),--only $(ONLY)) $(if $(OUT),--out "$(OUT)")

histories: dev ## record the replay corpus anew for this version (minutes); FORGET=1: no city runs this version
	@$(BIN)/python -m tests.replay.record $(if $(FORGET),--forget)

test: dev ## all linters and all tests (ARGS="tests/domain -k clock"); CI=true: a check that cannot run is an error
	@status=0; $(MAKE) --no-print-directory lint || status=1; \
	$(RUN) prepare --tests || echo "the tests that need it say so"; \
	$(BIN)/python -m pytest -n auto $(ARGS) || status=1; exit $$status

lint: dev ## ruff, formatting, mypy and the import contracts
	@status=0; \
	$(BIN)/ruff check $(LINT_TARGETS) || status=1; \
	$(BIN)/ruff format --check $(LINT_TARGETS) || status=1; \
	$(BIN)/mypy || status=1; \
	$(BIN)/lint-imports || status=1; exit $$status

format: dev ## format the code and fix what ruff can fix
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

doctor: ## what this machine has, what is missing, how to get it
	@if [ -x $(BIN)/python ]; then $(BIN)/python -m cli.doctor; else $(PYTHON) -m cli.doctor; fi

prepare: env ## find, download or build the Temporal server ahead of the first start
	@$(RUN) prepare

env: .venv/.runtime ## the environment to run in, from requirements.lock

dev: .venv/.development ## the environment to test in, from requirements-dev.lock

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, this is " + sys.version.split()[0] + "; name another: make PYTHON=python3.12")'
	$(PYTHON) -m venv .venv

# The two locks agree on every version, so that either stamp may come first.
.venv/.runtime: requirements.lock | .venv/bin/python
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --require-hashes -r requirements.lock
	@touch $@

.venv/.development: requirements-dev.lock | .venv/bin/python
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --require-hashes -r requirements-dev.lock
	@touch $@

COMPILE = UV_CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links

lock: dev ## write the lock files anew from requirements*.in (UPGRADE=1 takes newer versions)
	$(COMPILE) $(if $(UPGRADE),--upgrade) requirements.in -o requirements.lock
	$(COMPILE) $(if $(UPGRADE),--upgrade) --constraints requirements.lock requirements-dev.in -o requirements-dev.lock

clean: ## remove the environment and caches; data directories stay
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
