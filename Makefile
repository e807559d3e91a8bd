# The front door: `make demo` and `make test` need only Python 3.11+ and make.
.DEFAULT_GOAL := help
SHELL := bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
CLIENTS := tests/real_clients
CLIENTS_READY := $(CLIENTS)/node_modules/.package-lock.json

$(READY): requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(READY)

$(CLIENTS_READY): $(CLIENTS)/package-lock.json
	npm ci --prefix $(CLIENTS) --no-audit --no-fund --loglevel=error
	@touch $(CLIENTS_READY)

.PHONY: help setup demo test lint format types unit lock clean

help: ## Show the commands
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(READY) ## Make the virtual environment

demo: $(READY) ## Run the doctor on a pipeline that really ran and really got stuck
	$(BIN)/backup-doctor demo $(FAULT)

test: lint types unit ## Run everything: lint, format, types, tests with coverage

lint: $(READY) ## Check style and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(READY) ## Format the code and mend what can be mended
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(READY) ## Check the types, strictly
	$(BIN)/mypy
	$(BIN)/mypy examples/backup-doctor-freshness/backup_doctor_freshness.py

unit: $(READY) $(CLIENTS_READY) ## Run the tests with coverage
	$(BIN)/pytest --cov --cov-report=term -n auto

lock: $(READY) ## Pin every package again, with hashes
	$(BIN)/uv pip compile --quiet --universal --no-strip-extras --python-version 3.11 --generate-hashes \
		--extra demo --group dev --no-emit-index-url --no-header pyproject.toml -o requirements.lock

clean: ## Remove what make made
	rm -rf $(VENV) $(CLIENTS)/node_modules dist build *.egg-info .coverage .mypy_cache .pytest_cache .ruff_cache
