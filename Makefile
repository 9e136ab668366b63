# `make help` lists every target, by purpose.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PYTEST := $(BIN)/pytest

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev run test test-fast torture torture-dispatch check format lock bench clean \
	db-migrate db-rollback db-reset db-status db-history db-check db-create db-seed

##@ The two commands

run: setup ## Set up, load demonstration data, serve on http://127.0.0.1:8000
	$(BIN)/opsroom demo

test: setup-dev check ## Set up and pass everything
	$(PYTEST) -n 2 --dist loadgroup $(PYTEST_OPTIONS)

##@ Setting up

setup: $(VENV)/.installed ## Prepare .venv with .venv/bin/opsroom in it

setup-dev: $(VENV)/.installed-dev ## The same, with what the tests need

$(VENV)/.installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

clean: ## Remove what setting up and building made; data stays
	rm -rf $(VENV) build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

##@ Quality

check: setup-dev ## Format, lint, types, import contracts, dependencies
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry src

test-fast: setup-dev ## The tests without browser and slow ones
	$(PYTEST) -n 2 --dist loadgroup -m "not browser and not slow" $(PYTEST_OPTIONS)

torture: torture-dispatch ## Kill server and workers at random, account for all [KILLS=100] [SEED=1] [DATABASES="sqlite postgresql"]
	$(BIN)/python -m tests.torture --kills $(or $(KILLS),100) --seed $(or $(SEED),1) $(addprefix --database ,$(DATABASES))

torture-dispatch: setup-dev ## Two dispatchers race for trucks and orders [ROUNDS=500] [DATABASES="sqlite postgresql"]
	$(BIN)/python -m tests.torture.dispatchers --rounds $(or $(ROUNDS),500) $(addprefix --database ,$(DATABASES))

format: setup-dev ## Format, and fix what can be fixed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: setup-dev ## Resolve the dependencies anew (needs uv)
	uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-annotate --no-header --group build -o requirements.lock pyproject.toml
	uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-annotate --no-header -c requirements.lock --group build --group dev -o requirements-dev.lock pyproject.toml

bench: setup-dev ## Every benchmark, each beside its peer or floor
	@for script in $(filter-out benchmarks/generate_%,$(wildcard benchmarks/*.py)); do echo "== $$script"; $(BIN)/python $$script || exit 1; done

bench-%: setup-dev ## One benchmark, e.g. make bench-stores_report
	$(BIN)/python benchmarks/$*.py

##@ Database

db-migrate: setup ## Apply migrations [REVISION=head]
	$(BIN)/opsroom db migrate $(or $(REVISION),head)

db-rollback: setup ## Undo migrations [STEP=1] [YES=1]
	$(BIN)/opsroom db rollback --step $(or $(STEP),1) $(if $(YES),--yes)

db-reset: setup ## Down to nothing, up to the newest [YES=1]
	$(BIN)/opsroom db reset $(if $(YES),--yes)

db-status: setup ## The revision the database is at
	$(BIN)/opsroom db status

db-history: setup ## The migrations
	$(BIN)/opsroom db history

db-check: setup ## Compare models and schema
	$(BIN)/opsroom db check

db-create: setup ## Write a migration from the models, NAME="what it does"
	$(BIN)/opsroom db create "$(NAME)"

db-seed: setup ## Create the first users
	$(BIN)/opsroom db seed

##@ Help

help: ## This list
	@awk 'BEGIN {FS = ":.*##"} /^##@/ {printf "\n%s\n", substr($$0, 5)} \
		/^[a-zA-Z0-9_%-]+:.*##/ {printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
