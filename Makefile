# Everything starts here. `make demo` and `make test` set up all they need on a bare
# Debian or macOS machine with Python >= 3.11.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet
SCREEN := tools/with_screen.sh

.PHONY: demo test bench screenshots lint clean

$(BIN)/python:
	@tools/make_venv.sh $(PYTHON) $(VENV)

$(VENV)/.package: $(BIN)/python pyproject.toml constraints.txt
	$(PIP) --upgrade pip
	$(PIP) --constraint constraints.txt --editable .
	@touch $@

$(VENV)/.test: $(VENV)/.package
	$(PIP) --constraint constraints.txt --group dev "napari[pyqt6]>=0.9"
	@touch $@

demo: $(VENV)/.package  ## simulated field -> cells.csv, its provenance and a figure, in demo/
	$(BIN)/napari-c3r demo --out demo

test: lint  ## lint, types, and all tests, with a virtual screen where there is none
	tools/test.sh $(BIN)/python

lint: $(VENV)/.test  ## style and types
	$(BIN)/ruff check src training tests benchmarks tools
	$(BIN)/ruff format --check src training tests benchmarks tools
	$(BIN)/mypy

bench: $(VENV)/.test  ## every speed that the design promises, as one table
	$(SCREEN) $(BIN)/python -m benchmarks

screenshots: $(VENV)/.test  ## retake the pictures in docs/
	$(SCREEN) $(BIN)/python tools/screenshots.py docs/images

clean:
	rm -rf $(VENV) build dist demo .pytest_cache .mypy_cache .ruff_cache
