# make run           start the app on http://localhost:8501
# make test          every test, those in a real browser included: 30 to 40 minutes on two cores
# make test-fast     for every save: no browser, nothing slow, under 2 minutes
# make test-long     make test with ten times the examples, 150 kills of a program that writes and 320 certificates
# make lint          style and types
# make bench         the figures the project promises
# make bench-engine  the engine beside other libraries, about an hour
# make docs          the documentation as a site, into build/site
# make guide-pictures  the pictures of the user guide and the README, from the running app
# make data          build data/ and static/geo/ again from their sources
PYTHON ?= python3
PORT ?= 8501
# How many processes share the tests; each takes up to 1.5 GB, and in make test a browser and a server.
WORKERS ?= 2
VENV := .venv
BIN := $(VENV)/bin
.DEFAULT_GOAL := run
.PHONY: run test test-fast test-long compiled lint format bench bench-engine docs guide-pictures data clean

run: $(VENV)/.app
	@$(BIN)/python -m terr.ui.launch --port $(PORT)

# A machine that is busy with something else can starve a browser or a server for longer than a test waits. Such a test is
# tried once more, by itself, and the end of the run lists it ("RERUN"): a test that is listed often is mended.
PYTEST := $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal --durations 20 --reruns 1

test: $(VENV)/.dev compiled
	@CHROMIUM="$$($(BIN)/python tests/browser/find_chromium.py)" && export CHROMIUM && $(PYTEST)

test-fast: $(VENV)/.dev compiled
	@$(PYTEST) -m "not browser and not slow"

test-long: $(VENV)/.dev compiled
	@CHROMIUM="$$($(BIN)/python tests/browser/find_chromium.py)" && export CHROMIUM && $(PYTEST) --hypothesis-profile long

# The modules and the engine's loops, once and before the processes start, so that not each of them compiles.
compiled: $(VENV)/.dev
	@$(BIN)/python -m compileall -q terr pages benchmarks
	@$(BIN)/python -c 'from terr.engine import warm; warm()'

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.dev
	@CHROMIUM="$$($(BIN)/python tests/browser/find_chromium.py)" && export CHROMIUM && $(BIN)/python -m benchmarks

bench-engine: $(VENV)/.dev
	@$(BIN)/python -m benchmarks.engine.suite

docs: $(VENV)/.dev
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet
	@echo "The docs are in build/site/index.html"

guide-pictures: $(VENV)/.dev
	@CHROMIUM="$$($(BIN)/python tests/browser/find_chromium.py)" && export CHROMIUM && $(BIN)/python -m benchmarks.app.pictures

data: $(VENV)/.dev
	$(BIN)/python data/build.py

clean:
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache

# A stamp is written last, so an install that was interrupted is done again from the start.
$(VENV)/.app: requirements.txt pyproject.toml terr/__init__.py
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Terr needs Python 3.11 or newer, this is %d.%d. Install it, then run: make PYTHON=python3.11 $(MAKECMDGOALS)" % sys.version_info[:2])'
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "Terr needs Python's venv module. Install it (Debian and Ubuntu: apt install python3-venv), then run make again." >&2; exit 1; }
	@test -x $(BIN)/python && $(BIN)/python -m pip --version >/dev/null 2>&1 || { rm -rf $(VENV); $(PYTHON) -m venv $(VENV); }
	@echo "Installing what Terr needs into $(VENV) (a minute the first time) ..."
	@$(BIN)/python -m pip install -qq --disable-pip-version-check -r requirements.txt
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.app requirements-dev.txt
	@echo "Installing what the tests need into $(VENV) ..."
	@$(BIN)/python -m pip install -qq --disable-pip-version-check -r requirements-dev.txt
	@touch $@
