# `make` lists the targets. Everything is installed into .venv, .servers and the user's cache.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help run migrate test test-fast check bench bench-migrator soak machine servers servers-down lock schema clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

run: $(VENV)/service ## Serve the shop at http://127.0.0.1:8080 (embedded SQLite)
	@exec $(BIN)/python -m service serve

migrate: $(VENV)/dev ## Copy a live MySQL to MongoDB and follow it: MIGRATOR_*_URL, else the shop
	@SOURCE=$(SOURCE) exec $(BIN)/python -m migrator.cli.demo

test: $(VENV)/dev ## Install what the tests need, and run them all
	@$(BIN)/python -m tests.browser
	@$(BIN)/python -m servers up
	$(BIN)/python -m pytest

test-fast: $(VENV)/dev ## Run the tests that need no server, browser or other process (half a minute)
	@$(BIN)/python -m pytest -m fast

check: $(VENV)/dev ## Format, lint, strict types and declared dependencies, as CI does
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/deptry service
	$(BIN)/deptry service migrator --optional-dependencies-dev-groups dev
	$(BIN)/deptry . --ignore DEP004

bench: $(VENV)/dev ## Measure the service beside its peers; the result is kept in benchmarks/results
	@$(BIN)/python -m benchmarks service

bench-migrator: $(VENV)/dev ## Measure the migrator beside its ceilings and two libraries (20 minutes)
	@$(BIN)/python -m benchmarks migrator

soak: KILLS ?= 1000
soak: $(VENV)/dev ## Kill the migrator and its servers KILLS times at random, comparing in between
	@$(BIN)/python -m tests.migrator.proof.soak --kills $(KILLS)

machine: MINUTES ?= 60
machine: $(VENV)/dev ## Follow random definitions on both sources for MINUTES, comparing bytes with a fresh copy
	@$(BIN)/python -m tests.migrator.machine --minutes $(MINUTES)

servers: SOURCE ?= mysql
servers: $(VENV)/dev ## Start MySQL (or SOURCE=mariadb), RabbitMQ and MongoDB, private, in .servers
	@$(BIN)/python -m servers up $(SOURCE) rabbitmq mongodb --source $(SOURCE)

servers-down: ## Stop those servers
	@$(BIN)/python -m servers down

schema: $(VENV)/service ## Print the GraphQL schema into service/schema/schema.graphql
	@$(BIN)/python -m service schema > service/schema/schema.graphql

lock: $(VENV)/dev ## Resolve the newest versions into requirements/*.lock
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes \
		--custom-compile-command "make lock" pyproject.toml -o requirements/service.lock
	$(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --extra migrator \
		--custom-compile-command "make lock" pyproject.toml -o requirements/migrator.lock
	$(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --all-extras \
		--custom-compile-command "make lock" pyproject.toml -o requirements/dev.lock

clean: servers-down ## Remove everything that was installed or made here
	rm -rf $(VENV) .servers .bench .mypy_cache .ruff_cache .pytest_cache

$(VENV)/%: requirements/%.lock
	@test -d $(VENV) || $(PYTHON) -m venv $(VENV)
	@echo "Installing $< into $(VENV) ..."
	@$(BIN)/pip install --quiet --require-hashes -r $<
	@touch $@
