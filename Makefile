# What you can do here. `make help` lists it.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help run serve test test-long gallery lint fmt messages bench clean

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: .venv/.runtime ## Everything on this machine: http://localhost:8000 (PORT=…, HOST=… for others)
	@$(BIN)/python -m authsite.launch run

serve: .venv/.runtime ## Production, set up by the environment or .env (see .env.example)
	@$(BIN)/python -m authsite.launch serve

test: .venv/.tests ## The whole test suite, on PostgreSQL and Valkey, and flows on SQLite
	@$(BIN)/python -m tests.run

test-long: .venv/.tests ## The same with the full counts of races, kills and inputs
	@$(BIN)/python -m tests.run --long

gallery: .venv/.tests ## Pictures of every page in every state, into var/gallery
	@$(BIN)/python -m tests.gallery

lint: .venv/.tests ## ruff, mypy, import contracts, deployment checks, missing migrations
	@$(BIN)/python -m tests.lint

fmt: .venv/.tests ## Format the code
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix-only --quiet .

messages: .venv/.tests ## Collect what is to be translated into locale/, and compile it
	@$(BIN)/python -m tests.messages

bench: .venv/.tests ## Measure: rates and times on this machine
	@$(BIN)/python -m tests.bench

clean: ## Remove what the others made, but env files and the database
	rm -rf .venv .ruff_cache .mypy_cache .pytest_cache .import_linter_cache var/static

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed: make PYTHON=python3.12 ...")'
	@$(PYTHON) -m venv .venv

.venv/.runtime: requirements.txt | .venv/bin/python
	@echo "Installing packages into .venv …"
	@$(PIP) -r requirements.txt
	@touch $@

.venv/.tests: tests/requirements.txt .venv/.runtime
	@echo "Installing what tests and lint need …"
	@$(PIP) -r tests/requirements.txt
	@touch $@
