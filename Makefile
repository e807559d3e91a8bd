# The front door: `make demo` needs only Python 3.11+ and make; `make test` also git and Node.
.DEFAULT_GOAL := help
SHELL := bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# The demo and what it needs; then everything else, into the same environment.
DEMO := $(VENV)/.demo
READY := $(VENV)/.ready
LISTERS := .venv-listers
RELEASE := .venv-release
MUTANTS := .venv-mutants
# What is compiled is kept, whatever the caller's shell says: else every process does it again.
unexport PYTHONDONTWRITEBYTECODE
CLIENTS := tests/real_clients
CLIENTS_READY := $(CLIENTS)/node_modules/.package-lock.json

PIP := $(BIN)/pip install --quiet --disable-pip-version-check

$(DEMO): requirements-demo.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(PIP) --require-hashes -r requirements-demo.lock
	$(PIP) --no-deps --no-build-isolation -e .
	@touch $(DEMO)

$(READY): $(DEMO) requirements.lock
	$(PIP) --require-hashes -r requirements.lock
	@touch $(READY)

$(CLIENTS_READY): $(CLIENTS)/package-lock.json
	npm ci --prefix $(CLIENTS) --no-audit --no-fund --loglevel=error
	@touch $(CLIENTS_READY)

# Every command is one; none makes a file of its name.
.PHONY: $(shell sed -nE 's/^([a-z-]+):.*\#\# .*/\1/p' $(firstword $(MAKEFILE_LIST)))

# What printed commands are tried with, beside what npm and pip bring: Debian's packages of these names.
PRINTED := gh openssl curl
ABSENT = $(foreach program,$(PRINTED),$(if $(shell command -v $(program)),,$(program)))

programs: $(CLIENTS_READY) ## Install the programs that printed commands are tried with
	@[ -z "$(strip $(ABSENT))" ] \
	|| { $(APT) update -qq && $(APT) install -qq -y --no-install-recommends $(ABSENT) >/dev/null; } \
	|| printf '*** %s\n' "$(ABSENT): not there, and cannot be installed here: no printed command is tried." \
		"Install them (Debian: apt-get install $(ABSENT)), then run make again."

# Headless Chromium, for the tests of the HTML report; installed where apt-get may.
BROWSER = $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)
APT = $(shell [ "$$(id -u)" = 0 ] || echo sudo -n) env DEBIAN_FRONTEND=noninteractive apt-get

browser: ## Install the browser that the HTML report is tested in
	@[ -n "$(BROWSER)" ] \
	|| { $(APT) update -qq && $(APT) install -qq -y --no-install-recommends chromium >/dev/null; } \
	|| printf '*** %s\n' "Chromium is not there and cannot be installed here: the tests of the HTML report will FAIL." \
		"Install it (Debian: apt-get install chromium), then run make again."

help: ## Show the commands
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(READY) ## Make the virtual environment

demo: $(DEMO) ## Run the doctor on a pipeline that really ran and really got stuck
	$(BIN)/backup-doctor demo $(FAULT)

test: lint types unit ## Run everything: lint, format, types, tests

lint: $(READY) ## Check style, format, the words that people read and that imports go down the layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache >/dev/null || $(BIN)/lint-imports --no-cache
	$(BIN)/python -m scripts.language

format: $(READY) ## Format the code and fix what can be fixed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(READY) ## Check the types, strictly
	$(BIN)/mypy
	$(BIN)/mypy examples/backup-doctor-freshness/backup_doctor_freshness.py

quick: $(READY) ## Run every test that opens no world (no database, bucket, browser or other program) and is not slow
	$(BIN)/pytest -m "not (world or slow or exhaustive)" --hypothesis-profile=quick -n auto --dist worksteal

unit: $(READY) programs browser ## Run the tests
	$(BIN)/pytest -n auto --dist worksteal

coverage: $(READY) programs browser ## The same with coverage, that of the programs that the tests start too: twice as long
	$(BIN)/pytest --cov --cov-report=term -n auto --dist worksteal

faults: $(READY) ## Run every dependency with every fault, all hostile input, every missing access, a sweep of a million rows
	$(BIN)/pytest tests/faults tests/hostile tests/access tests/sweep/test_size.py -m "exhaustive or not exhaustive" -n auto

$(MUTANTS)/.ready: requirements-mutants.lock
	$(PYTHON) -m venv $(MUTANTS)
	$(MUTANTS)/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-mutants.lock
	@touch $@

mutants: $(READY) $(MUTANTS)/.ready ## Change the judgement in every place, see what no test notices, write docs/mutants.md
	$(MUTANTS)/bin/python -m scripts.mutants.making | $(BIN)/python -m scripts.mutants $(ONLY)

docs: $(READY) ## Write the parts of the documentation that the program tells
	$(BIN)/python -m scripts.docs

house: $(READY) ## Count what the house is made of, for docs/how-it-works.md
	$(BIN)/python -m scripts.house

numbers: $(READY) ## Make every figure of the docs again (PARTS="…" only these, SKIP="…" not these), say which target is missed
	$(BIN)/python -m scripts.numbers $(PARTS) $(foreach part,$(SKIP),--skip $(part))

picture: $(READY) ## Run the demo and keep its report for the README, as text and picture
	$(BIN)/python -m scripts.picture

tutorial: $(READY) browser $(CLIENTS_READY) ## Run the tutorial's commands, keep what they print, and picture the HTML report
	$(BIN)/python -m scripts.tutorial

bench: $(READY) ## Measure everything in turns on a machine at rest (BUSY=--on-busy-machine: on any), write docs/performance.md
	$(BIN)/python -m benchmarks.run $(BUSY)

$(LISTERS)/.ready: $(READY)
	$(PYTHON) -m venv $(LISTERS)
	$(LISTERS)/bin/pip install --quiet --disable-pip-version-check obstore==0.12.1 arro3-core aiobotocore==3.10.0 boto3
	@touch $@

bench-audit: $(LISTERS)/.ready ## Measure the audit beside listers and psql, write docs/performance-audit.md
	$(BIN)/python -m benchmarks.audit.run $(LISTERS)/bin/python

matrix: $(READY) programs ## Break a pipeline in every way, do what the reports say, write docs/accuracy.md
	$(BIN)/python -m tests.matrix

matrix-core: $(READY) programs ## Follow the report on every fault, play one pair of four, fail where one is not right: part of CI
	$(BIN)/python -m tests.matrix core

strangers: $(READY) programs ## Play pipelines of strangers with their scripts and without, write their part of docs/accuracy.md
	$(BIN)/python -m tests.strangers --page

strangers-core: $(READY) programs ## Play each pipeline of strangers well and with two faults, fail where too many are not right
	$(BIN)/python -m tests.strangers core

harm: $(READY) ## Play every situation in which a careless doctor would do harm, and its near misses
	$(BIN)/python -m tests.harm

bench-sweep: $(READY) ## Measure a sweep of 10,000 stuck backups, write docs/performance-sweep.md
	$(BIN)/python -m benchmarks.sweep

bench-growth: $(READY) ## Measure a diagnosis as its pipeline grows, write docs/performance-growth.md
	$(BIN)/python -m benchmarks.growth

LOCK := $(BIN)/uv pip compile --quiet --universal --no-strip-extras --python-version 3.11 --generate-hashes --no-emit-index-url --no-header

canaries: $(READY) ## Play every fault with secrets planted all over, and look for them in all output
	CANARIES=all $(BIN)/pytest tests/e2e/test_canaries.py -n auto

lock: $(READY) ## Pin every package again, with hashes
	$(LOCK) --extra audit --extra demo --extra notify --group dev pyproject.toml -o requirements.lock
	$(LOCK) --constraint requirements.lock pyproject.toml -o requirements-runtime.lock
	$(LOCK) --constraint requirements.lock --extra demo --group editable pyproject.toml -o requirements-demo.lock
	$(LOCK) --group release -o requirements-release.lock
	$(LOCK) --group mutants -o requirements-mutants.lock
	$(LOCK) --constraint requirements.lock --group build -o requirements-build.lock

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
	$(RELEASE)/bin/pip-audit --disable-pip --require-hashes -r requirements-mutants.lock

clean: ## Remove what make made
	rm -rf $(VENV) $(LISTERS) $(RELEASE) $(MUTANTS) $(CLIENTS)/node_modules dist build *.egg-info .coverage .coverage.* .mypy_cache .pytest_cache .ruff_cache
