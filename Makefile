# Readout. Two commands do everything on a fresh machine: `make run` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: help run test lint golden sample lock clean

help: ## Say what each command does
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

run: $(VENV)/run.stamp ## Set up, and open the app on the sample data
	$(BIN)/readout run

test: $(VENV)/dev.stamp ## Set up, and run every check
	$(BIN)/python -m tests.everything

lint: $(VENV)/dev.stamp ## Style, types, floors and SQL only
	$(BIN)/python -m tests.everything --lint

golden: $(VENV)/dev.stamp ## Write the golden files anew, after a change that is meant to move numbers
	READOUT_GOLDEN=write $(BIN)/python -m pytest tests/golden -n 0

sample: $(VENV)/run.stamp ## Write the sample network anew
	$(BIN)/readout sample --exams 120000 --seed 2026 --out data/sample

# With extras: without them pip looks beyond the lock for the newest release that has the extra.
UV := uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-strip-extras --no-emit-index-url --no-header --no-annotate --quiet
lock: ## Write the locks anew, after a change of dependencies (needs uv)
	$(UV) --extra build -o requirements.lock
	$(UV) --extra build --extra dev -o requirements-dev.lock

clean: ## Remove the virtual environment and caches
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(VENV)/run.stamp: requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation --no-index -e .
	@touch $@

$(VENV)/dev.stamp: requirements-dev.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation --no-index -e .
	@touch $@ $(VENV)/run.stamp
