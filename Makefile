# Everything runs in a virtual environment of the project's own; `make try` and `make test` make it first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
FOLDER ?= data/try

.PHONY: try test test-full check-wire check fmt bench clean

try: $(VENV)/.run
	@$(BIN)/reading-group-bot try --folder "$(FOLDER)" $(if $(FRESH),--fresh)

test: check
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -n auto -m "not full"
	$(BIN)/coverage combine -q
	$(BIN)/coverage report

test-full: $(VENV)/.dev
	HYPOTHESIS_PROFILE=full $(BIN)/pytest -n auto --timeout 1800

# What the tests' servers and clients say to each other, against a platform's published documents in the folder SPECS.
check-wire: $(VENV)/.dev
	rm -rf data/wire
	WIRE_LOG=data/wire $(BIN)/pytest -n auto -m "not full" tests/unit/test_*_standin.py tests/contract tests/e2e
	$(BIN)/python -m tests.standins.wire "$(SPECS)" data/wire

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

fmt: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage* build dist *.egg-info

$(VENV)/.run: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed; this is " + sys.version.split()[0] + ". Say which: make PYTHON=python3.12 …" if sys.version_info < (3, 11) else 0)'
	@test -x $(BIN)/pip || $(PYTHON) -m venv --clear $(VENV)
	@echo "Installing (a minute the first time) …" >&2
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.dev: pyproject.toml $(VENV)/.run
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev,import]'
	@touch $@
