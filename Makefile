# The front door: `make demo` and `make test` need only Python 3.11+ and make.
.DEFAULT_GOAL := help
SHELL := bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
RELEASE := .venv-release
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

# Every command is one; none makes a file of its name.
.PHONY: $(shell sed -nE 's/^([a-z-]+):.*\#\# .*/\1/p' $(firstword $(MAKEFILE_LIST)))

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

faults: $(READY) ## Run every dependency with every fault, and every hostile input at length
	$(BIN)/pytest tests/faults tests/hostile -m "exhaustive or not exhaustive" -n auto

docs: $(READY) ## Write the parts of the documentation that the program tells
	$(BIN)/python -m scripts.docs

picture: $(READY) ## Run the demo and keep its report for the README, as text and picture
	$(BIN)/python -m scripts.picture

bench: $(READY) ## Measure everything side by side and write docs/performance.md
	$(BIN)/python -m benchmarks.run

bench-sweep: $(READY) ## Measure a sweep of 10,000 stuck backups against single diagnoses
	$(BIN)/python -m benchmarks.sweep

LOCK := $(BIN)/uv pip compile --quiet --universal --no-strip-extras --python-version 3.11 --generate-hashes --no-emit-index-url --no-header

canaries: $(READY) ## Play every fault with secrets planted all over, and look for them in all output
	CANARIES=all $(BIN)/pytest tests/e2e/test_canaries.py -n auto

lock: $(READY) ## Pin every package again, with hashes
	$(LOCK) --extra demo --extra notify --group dev pyproject.toml -o requirements.lock
	$(LOCK) --constraint requirements.lock pyproject.toml -o requirements-runtime.lock
	$(LOCK) --group release -o requirements-release.lock

dist: $(READY) ## Build the wheel and the sdist, the same to the byte each time
	SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) $(BIN)/python -m hatchling build -d dist

$(RELEASE)/.ready: requirements-release.lock
	$(PYTHON) -m venv $(RELEASE)
	$(RELEASE)/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-release.lock
	@touch $@

sbom: $(RELEASE)/.ready ## Describe what the wheel brings along, as CycloneDX, in dist/
	@mkdir -p dist
	$(RELEASE)/bin/cyclonedx-py requirements requirements-runtime.lock --pyproject pyproject.toml \
		--output-reproducible --of JSON -o dist/sbom.cdx.json

vulnerabilities: $(RELEASE)/.ready ## Ask for known vulnerabilities of every pinned package
	$(RELEASE)/bin/pip-audit --disable-pip --require-hashes -r requirements.lock
	$(RELEASE)/bin/pip-audit --disable-pip --require-hashes -r requirements-release.lock

clean: ## Remove what make made
	rm -rf $(VENV) $(RELEASE) $(CLIENTS)/node_modules dist build *.egg-info .coverage .mypy_cache .pytest_cache .ruff_cache
