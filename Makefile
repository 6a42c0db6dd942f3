# Everything starts here. `make demo` and `make test` set up all they need on a bare
# Debian or macOS machine with Python >= 3.11.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet
# Names of requirements that `make test-lowest` takes in any version, as where there is no wheel.
LOWEST_BUT ?=
SCREEN := tools/with_screen.sh

.PHONY: demo test test-lowest bench screenshots docs lint clean

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

# Old versions among new ones warn of each other: that is no error here.
test-lowest:  ## all tests with the lowest versions that the package promises to work with
	tools/make_venv.sh $(PYTHON) $(VENV)-lowest
	$(VENV)-lowest/bin/python -m pip --disable-pip-version-check install --quiet --upgrade pip
	$(VENV)-lowest/bin/python tools/lowest.py $(LOWEST_BUT) > $(VENV)-lowest/lowest.txt
	$(VENV)-lowest/bin/python -m pip --disable-pip-version-check install --quiet \
	  --constraint $(VENV)-lowest/lowest.txt --editable . --group test "napari[pyqt6]>=0.9"
	PYTEST_ADDOPTS="-W default" tools/test.sh $(VENV)-lowest/bin/python

lint: $(VENV)/.test  ## style and types
	$(BIN)/ruff check src training tests benchmarks tools
	$(BIN)/ruff format --check src training tests benchmarks tools
	$(BIN)/mypy

bench: $(VENV)/.test  ## every speed that the design promises, as one table
	$(SCREEN) $(BIN)/python -m benchmarks

screenshots: $(VENV)/.test  ## retake the pictures in docs/
	$(SCREEN) $(BIN)/python -m tools.screenshots docs/images

# In an environment of its own: the pages are read from the source, and nothing is imported.
docs:  ## the documentation as a site, in build/site/; what is amiss in it ends the build
	tools/make_venv.sh $(PYTHON) $(VENV)-docs
	$(VENV)-docs/bin/python -m pip --disable-pip-version-check install --quiet --upgrade pip
	$(VENV)-docs/bin/python -m pip --disable-pip-version-check install --quiet \
	  --constraint constraints.txt --group docs
	NO_MKDOCS_2_WARNING=1 $(VENV)-docs/bin/mkdocs build --quiet --strict

clean:
	rm -rf $(VENV) $(VENV)-lowest $(VENV)-docs build dist demo .pytest_cache .mypy_cache .ruff_cache
