# Two commands do everything on a machine with Python 3.11+ and make:
#   make demo    the whole bot on its embedded sandbox, in a browser, no token
#   make test    everything that proves it

PYTHON ?= python3
VENV := .venv
ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
else
BIN := $(VENV)/bin
endif
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes

.PHONY: demo run health selftest test test-deep lint format bench lock clean help

help: ## List these commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: $(VENV)/.installed ## The whole bot on its sandbox, in a browser; needs no token
	$(BIN)/python -m bot demo

run: $(VENV)/.installed ## The bot itself; needs .env (see .env.example)
	$(BIN)/python -m bot run

health: $(VENV)/.installed ## One health check on the console
	$(BIN)/python -m bot health

selftest: $(VENV)/.installed ## Check token, chats, folders, time zone and clock
	$(BIN)/python -m bot selftest

test: $(VENV)/.installed-dev ## Run every test
	$(BIN)/python -m pytest -n 4

test-deep: $(VENV)/.installed-dev ## Alerting on a large budget, and every mutant must be killed
	$(BIN)/python -m tests.mutants

lint: $(VENV)/.installed-dev ## Format check, lint, types, import contract
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m ruff check .
	$(BIN)/python -m mypy
	$(BIN)/lint-imports

format: $(VENV)/.installed-dev ## Format the code
	$(BIN)/python -m ruff format .
	$(BIN)/python -m ruff check --fix .

bench: $(VENV)/.installed-bench ## Measure against the references (restic, borg if installed); writes docs/benchmarks.md
	$(BIN)/python -m tests.bench

lock: ## Renew the locked requirements (needs uv)
	uv pip compile $(LOCK) --extra dev -o requirements-dev.txt
	uv pip compile $(LOCK) -c requirements-dev.txt -o requirements.txt
	uv pip compile $(LOCK) -c requirements-dev.txt --extra dev --extra bench -o requirements-bench.txt

LOCK := -q --universal --upgrade --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url pyproject.toml

clean: ## Remove the virtual environment and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Vigie needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version). Try: make PYTHON=python3.12 …" >&2; exit 2; }
	@$(PYTHON) -m venv $(VENV) || { \
	  echo "Could not make a virtual environment. On Debian or Ubuntu: apt install python3-venv" >&2; rm -rf $(VENV); exit 2; }

$(VENV)/.installed: requirements.txt | $(BIN)/python
	@echo "Installing the requirements into $(VENV) …"
	@$(PIP) -r requirements.txt
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt | $(BIN)/python
	@echo "Installing the test tools into $(VENV) …"
	@$(PIP) -r requirements-dev.txt
	@touch $@ $(VENV)/.installed

$(VENV)/.installed-bench: requirements-bench.txt | $(BIN)/python
	@echo "Installing the benchmark references into $(VENV) …"
	@$(PIP) -r requirements-bench.txt
	@touch $@ $(VENV)/.installed $(VENV)/.installed-dev
