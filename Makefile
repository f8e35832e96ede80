# Everything a newcomer needs; `make help` lists it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
SOURCES := collector loadtest sdk_contract sessionizer warehouse tests tools
PYTEST_ARGS ?=
# Workers get a part each, so that a file's fixtures are made once; who is done takes from another's end. One more
# than the cores of a small machine: many tests wait for programs. They start some hundred: compiled code is kept,
# also where the environment says otherwise.
PYTEST = home=$$(mktemp -d) && trap 'rm -rf "$$home"' EXIT && \
	HOME="$$home" PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n 3 --dist worksteal
UP_ARGS ?= --demo
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --custom-compile-command "make lock" $(LOCK_ARGS)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help up install test test-slow test-install lint format proof web lock upgrade audit clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

up: install ## install, and start Sojourn with the demo shop
	@exec $(BIN)/sojourn up $(UP_ARGS)

install: $(VENV)/.installed ## install what `make up` needs, exactly as locked

test: test-install ## lint, types and the quick tests
	$(MAKE) --no-print-directory lint
	$(PYTEST) -m "not slow" $(PYTEST_ARGS)

test-slow: test-install ## the tests that take long, and more seeds of the quick ones
	$(PYTEST) -m slow $(PYTEST_ARGS)

test-install: $(VENV)/.installed-test
	@$(BIN)/python tools/prepare_tests.py

lint: $(VENV)/.installed-test ## ruff and mypy
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/mypy

format: $(VENV)/.installed-test ## let ruff mend what it can
	$(BIN)/ruff check --fix $(SOURCES)
	$(BIN)/ruff format $(SOURCES)

proof: test-install ## the long proofs; their report is kept under ./proof/
	@mkdir -p proof
	$(BIN)/python -m loadtest proof

web: test-install ## build the web SDK from its TypeScript
	@$(BIN)/python -m tools.build_web

lock: $(VENV)/.installed-test ## bring the lock files in line with pyproject.toml
	$(LOCK) --output-file requirements.lock pyproject.toml
	$(LOCK) --extra all --extra test --extra dev --constraint requirements.lock \
		--output-file requirements-test.lock pyproject.toml

upgrade: ## lock the newest releases that pyproject.toml allows
	$(MAKE) --no-print-directory lock LOCK_ARGS=--upgrade

audit: $(VENV)/.installed-test ## look the locked releases up in the public list of vulnerabilities
	@$(BIN)/python tools/audit.py requirements.lock requirements-test.lock

clean: ## remove what make has made; sojourn-data stays
	rm -rf $(VENV) proof dist build tests/e2e/node/node_modules .pytest_cache .mypy_cache .ruff_cache
	find $(SOURCES) -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		{ echo "error: Python 3.11 or newer is needed and '$(PYTHON)' is not; try: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) >/dev/null || \
		{ echo "error: '$(PYTHON) -m venv' failed; on Debian: apt-get install python3-venv" >&2; rm -rf $(VENV); exit 1; }
	@touch $@

# The project is installed in place: a change of its code needs no new installation, a change of these files does.
$(VENV)/.installed: $(VENV)/.made requirements.lock pyproject.toml
	$(PIP) install --quiet --require-hashes -r requirements.lock
	$(PIP) install --quiet --no-deps --editable .
	@touch $@

$(VENV)/.installed-test: $(VENV)/.made requirements-test.lock pyproject.toml
	$(PIP) install --quiet --require-hashes -r requirements-test.lock
	$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@ $(VENV)/.installed
