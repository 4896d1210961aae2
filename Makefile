# planwatch: the two commands for a fresh machine are `make demo` and `make test`.
# Needed: make, bash, and Python 3.11 or newer with venv. Everything else goes into .venv, pinned by the lock files.

PYTHON  ?= python3
DIR     ?= data
PORT    ?= 8501
ROWS    ?= 1000000
WORKERS ?= 2
TESTS   ?=
BIN     := .venv/bin

.PHONY: help install demo app test check format bench bench-app lock clean

help: ## this list
	@echo 'planwatch: is the plan on track, and who must move?'; echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' Makefile
	@echo; echo "  Options: DIR=$(DIR) (data folder), PORT=$(PORT) (app), ROWS=$(ROWS) (bench), TESTS='-k word' (pytest)"

install: .venv/runtime.stamp ## virtual environment with the pinned packages and the command planwatch

demo: .venv/runtime.stamp ## sample data, load, publish, headline table, app on http://localhost:8501
	@$(BIN)/planwatch demo --dir $(DIR) --port $(PORT)

app: .venv/runtime.stamp ## the app on the current edition
	@$(BIN)/planwatch app --dir $(DIR) --port $(PORT)

test: .venv/tests.stamp ## the whole test suite, with a real browser
	@bash .ci/browser.sh
	@$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(TESTS)

check: .venv/tests.stamp ## lint (ruff) and types (mypy --strict)
	@$(BIN)/ruff check .
	@$(BIN)/mypy

format: .venv/tests.stamp ## lay the code out and mend what ruff can mend
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format .

bench: .venv/runtime.stamp ## time load, cells and publish against floors
	@$(BIN)/planwatch bench --rows $(ROWS)

bench-app: .venv/tests.stamp ## time the app against an empty one: pages, choices, server, 20 visitors
	@$(BIN)/python -m tests.bench_app

lock: ## write the lock files anew from pyproject.toml; LOCKARGS=--upgrade takes the newest versions
	@PYTHON='$(PYTHON)' bash .ci/lock.sh $(LOCKARGS)

clean: ## remove the virtual environment and the caches; data stays
	@rm -rf .venv .pytest_cache .ruff_cache .mypy_cache .hypothesis *.egg-info build

.venv/runtime.stamp: requirements.lock pyproject.toml
	@PYTHON='$(PYTHON)' bash .ci/install.sh requirements.lock $@

# The lock of the tests holds all of the runtime lock at the same versions, so it serves for both.
.venv/tests.stamp: requirements-dev.lock requirements.lock pyproject.toml
	@PYTHON='$(PYTHON)' bash .ci/install.sh requirements-dev.lock $@
