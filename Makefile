# Each target is enough on a fresh machine with Python 3.11 or later and make.
PYTHON ?= python3
BIN := .venv/bin
DEMO_RUN := .venv/demo-run
MINUTES ?= 5

.PHONY: demo test fuzz check setup clean

# The whole core on the bundled sample: augment, then build-sft, then what to look at.
demo: .venv/core
	$(BIN)/lemma augment --run $(DEMO_RUN) --fresh
	$(BIN)/lemma build-sft --run $(DEMO_RUN) --fresh

test: .venv/dev
	$(BIN)/python -m pytest -n 2

# New random examples for the property tests: make fuzz MINUTES=30
fuzz: .venv/dev
	$(BIN)/python tests/fuzz.py --minutes $(MINUTES)

check: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Everything: training, tests, linters.
setup: .venv/dev

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/core: .venv/bin/python requirements-dev.txt pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint requirements-dev.txt --editable .
	touch $@

# torch first and by its exact version, so that an index with a CPU build gives that one.
.venv/dev: .venv/core
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $$(grep '^torch==' requirements-dev.txt)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint requirements-dev.txt --editable '.[data,train,dev]'
	touch $@

clean:
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
