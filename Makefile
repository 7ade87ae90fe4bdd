# Every target works on a fresh machine with make and Python 3.11 or later.
PYTHON ?= python3
BIN := .venv/bin
MINUTES ?= 5

.PHONY: demo test fuzz check setup clean

# The demo of the README, in ./lemma-run. Every command that it suggests works from here.
demo: .venv/core
	$(BIN)/lemma augment
	$(BIN)/lemma build-sft
	$(BIN)/lemma show --type unit_conversion_error
	@echo
	@echo "To type lemma commands yourself: source .venv/bin/activate"

test: .venv/dev
	$(BIN)/python -m pytest -n 3

# New random examples for the property tests, e.g. make fuzz MINUTES=30
fuzz: .venv/dev
	$(BIN)/python tests/fuzz.py --minutes $(MINUTES)

check: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Everything needed for development: training, tests, linters.
setup: .venv/dev

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/core: .venv/bin/python requirements-dev.txt pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint requirements-dev.txt --editable .
	touch $@

# Install torch first, by its exact version, so that an index of CPU builds provides it.
.venv/dev: .venv/core
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $$(grep '^torch==' requirements-dev.txt)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint requirements-dev.txt --editable '.[data,train,dev]'
	touch $@

clean:
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
