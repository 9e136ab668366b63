# `make help` lists every target, by purpose.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PYTEST := $(BIN)/pytest

DB := $(BIN)/opsroom db
OF_APP = $(if $(APP),--app $(APP))
# Destructive targets ask unless YES=1, and refuse in production without PRODUCTION=1.
SURELY = $(if $(YES),--yes) $(if $(PRODUCTION),--in-production)
needed = $(if $($(1)),"$($(1))",$(error $(1)= is needed; see make help))

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev run test test-fast torture torture-dispatch load check audit reference format lock bench clean \
	db-create db-create-empty db-create-branch db-migrate db-rollback db-reset db-status db-history db-show \
	db-heads db-branches db-stamp db-sql db-verify db-create-database db-init db-setup db-setup-reset db-reset-tables \
	db-seed db-check db-backup db-restore

##@ The two commands

run: setup ## Set up, load demonstration data, serve on http://127.0.0.1:8000
	$(BIN)/opsroom demo

test: setup-dev check ## Set up and pass everything
	$(PYTEST) -n 2 $(PYTEST_OPTIONS)

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

check: setup-dev ## Format, lint, types, import contracts, dependencies, secrets
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry src
	@# 3: a known finding stands at another line now, which the program has written down
	@if git rev-parse --git-dir >/dev/null 2>&1; \
	then $(BIN)/detect-secrets-hook --no-verify --baseline .secrets.baseline $$(git ls-files) || test $$? -eq 3; \
	else echo "SECRET SCAN NOT DONE: it asks git which files are kept, and this is no checkout."; fi

audit: setup-dev ## Known flaws of the versions in the lock [AUDIT=required: fail where nobody can tell]
	AUDIT=$(AUDIT) $(BIN)/python .ci/audit_dependencies.py requirements.lock requirements-dev.lock

test-fast: setup-dev ## The tests without browser and slow ones
	$(PYTEST) -n 2 -m "not browser and not slow" $(PYTEST_OPTIONS)

torture: torture-dispatch ## Kill server and workers at random, account for all [KILLS=100] [SEED=1] [DATABASES="sqlite postgresql"]
	$(BIN)/python -m tests.torture --kills $(or $(KILLS),100) --seed $(or $(SEED),1) $(addprefix --database ,$(DATABASES))

torture-dispatch: setup-dev ## Two dispatchers race for trucks and orders [ROUNDS=500] [DATABASES="sqlite postgresql"]
	$(BIN)/python -m tests.torture.dispatchers --rounds $(or $(ROUNDS),500) $(addprefix --database ,$(DATABASES))

load: setup-dev ## Many connections while servers, workers and Redis go away [SECONDS=300] [CONNECTIONS=64] [SEED=1]
	$(BIN)/python -m tests.torture.load --seconds $(or $(SECONDS),300) --connections $(or $(CONNECTIONS),64) --seed $(or $(SEED),1)

reference: setup-dev ## Make docs/reference.md from the program
	$(BIN)/opsroom reference > docs/reference.md

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

##@ Database: migrations (APP=name: only those of an app from outside)

db-create: setup ## Write a migration from the models NAME="what it does"
	$(DB) create $(call needed,NAME) $(OF_APP)

db-create-empty: setup ## Write an empty migration NAME="what it does"
	$(DB) create-empty $(call needed,NAME) $(OF_APP)

db-create-branch: setup ## Write one beside its successor NAME="what it does" PARENT=revision
	$(DB) create-branch $(call needed,NAME) --parent $(call needed,PARENT) $(OF_APP)

db-migrate: setup ## Apply migrations [REVISION=head]
	$(DB) migrate $(or $(REVISION),head) $(OF_APP)

db-rollback: setup ## Undo migrations [STEP=1] [YES=1]
	$(DB) rollback --step $(or $(STEP),1) $(OF_APP) $(SURELY)

db-reset: setup ## Undo every migration, then apply them all [YES=1]
	$(DB) reset $(OF_APP) $(SURELY)

db-status: setup ## The revision the database is at
	$(DB) status $(OF_APP)

db-history: setup ## The migrations [RANGE=from:to]
	$(DB) history $(if $(RANGE),--range $(RANGE)) $(OF_APP)

db-show: setup ## One migration REVISION=
	$(DB) show $(call needed,REVISION) $(OF_APP)

db-heads: setup ## The newest migration of each history
	$(DB) heads $(OF_APP)

db-branches: setup ## Migrations that several others follow
	$(DB) branches $(OF_APP)

db-stamp: setup ## Say that the database is at REVISION=, without migrating
	$(DB) stamp $(call needed,REVISION) $(OF_APP)

db-sql: setup ## The SQL of an upgrade [REVISION=head] [OUTPUT=file]
	$(DB) sql $(or $(REVISION),head) $(if $(OUTPUT),--output $(OUTPUT)) $(OF_APP)

db-verify: setup-dev ## Prove on scratch databases that migrations are safe [LAST=n]
	$(DB) verify $(if $(LAST),--last $(LAST)) $(OF_APP)

##@ Database: as a whole

db-create-database: setup ## Make the database itself, empty
	$(DB) create-database

db-init: setup ## Make the database and migrate it
	$(DB) init

db-setup: setup ## The same, and create the first users
	$(DB) setup

db-setup-reset: setup ## Drop everything, then set up [YES=1]
	$(DB) setup-reset $(SURELY)

db-reset-tables: setup ## Drop every table and the state of migrations [YES=1]
	$(DB) reset-tables $(SURELY)

db-seed: setup ## Create the first users
	$(DB) seed

db-check: setup ## Is it reachable, current, and of the right shape?
	$(DB) check $(OF_APP)

db-backup: setup ## Save everything while people work FILE=
	$(DB) backup $(call needed,FILE)

db-restore: setup ## Have it again in an empty place FILE=
	$(DB) restore $(call needed,FILE)

##@ Help

help: ## This list
	@awk 'BEGIN {FS = ":.*##"} /^##@/ {printf "\n%s\n", substr($$0, 5)} \
		/^[a-zA-Z0-9_%-]+:.*##/ {printf "  %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
