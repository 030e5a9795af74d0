# Two commands do everything on a fresh machine with Python 3.11:
#   make demo [CLIP=path]   a clip becomes a .blend with speakers, a 5.1 mix and a rendered movie
#   make test               everything is tested (make test-all: on Blender 4.5 too;
#                           make test-core: the method alone, without its slow tests)

PYTHON ?= $(firstword $(shell command -v python3.11) $(shell command -v python3) $(shell command -v python))
VENV ?= .venv
BIN = $(VENV)/bin
CLIP ?= examples/park.mp4
PIP = $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: demo test test-all test-core lint types extension extension-small clean

demo: $(VENV)/.demo
	@$(BIN)/python examples/demo.py "$(CLIP)" --output build/demo

test: $(VENV)/.test lint types
	$(BIN)/python -m pytest tests/core --numprocesses auto --dist loadfile
	$(BIN)/python -m pytest tests/worker
	$(BIN)/python -m pytest tests/blender --numprocesses auto

test-core: $(VENV)/.test
	$(BIN)/python -m pytest tests/core -m 'not gate' --numprocesses auto --dist loadfile

test-all: test $(VENV)-4.5/.demo
	SEE2SOUND_PYTHON=$(VENV)-4.5/bin/python $(VENV)-4.5/bin/python -m pytest tests/blender --numprocesses auto

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.test
	$(BIN)/mypy

extension: $(VENV)/.demo
	$(BIN)/python tools/build_extension.py --wheels

extension-small: $(VENV)/.demo
	$(BIN)/python tools/build_extension.py

$(VENV)/.python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null || \
	  { echo "See2Sound needs Python 3.11 (Blender's own is 3.11 too): make $(MAKECMDGOALS) PYTHON=/path/to/python3.11" >&2; exit 2; }
	@$(PYTHON) -m venv $(VENV)
	@touch $@

# The editable install is made again when what it is made of changes.
$(VENV)/.demo: $(VENV)/.python pyproject.toml constraints.txt
	@echo "Installing Blender and what the method needs into $(VENV) ..."
	@$(PIP) -e '.[overview,blender]'
	@touch $@

$(VENV)/.test: $(VENV)/.demo
	@echo "Installing the test tools and the neural libraries into $(VENV) ..."
	@$(PIP) -e '.[overview,blender,neural,dev]'
	@touch $@

$(VENV)-4.5/.demo: $(VENV)/.python pyproject.toml constraints.txt
	@echo "Installing Blender 4.5 into $(VENV)-4.5 ..."
	@$(PYTHON) -m venv $(VENV)-4.5
	@grep -v '^bpy==' constraints.txt > $(VENV)-4.5/constraints.txt
	@$(VENV)-4.5/bin/python -m pip install --quiet --disable-pip-version-check \
	  -c $(VENV)-4.5/constraints.txt -e '.[overview]' bpy==4.5.15 pytest pytest-xdist
	@touch $@

clean:
	rm -rf build dist .venv .venv-4.5
