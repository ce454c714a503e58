PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# More threads than cores free make small matrices slower, several times on a busy machine.
export OPENBLAS_NUM_THREADS := 1

# On all cores, each file's tests on one, since they share what is dear to make.
PARALLEL := -n logical --maxprocesses 8 --dist loadfile

.PHONY: reports test test-bare test-others test-version test-slow check lab bench clean

reports: $(VENV)/installed
	$(BIN)/loyalty-kit render reports.toml

test: $(VENV)/installed $(VENV)/axe
	$(BIN)/python -m pytest -m "not slow" $(PARALLEL)

# As on a machine with neither Chromium, npm, R nor Chinese fonts; what is skipped says why.
test-bare: $(VENV)/installed
	.ci/bare $(BIN)/python -m pytest -m "not slow" $(PARALLEL) $(TESTS)

# On each other Python that is installed, in an environment of its own.
test-others:
	for version in 3.12 3.13; do \
	    if python$$version --version >/dev/null 2>&1; then \
	        $(MAKE) test-version PYTHON=python$$version VENV=.venv-$$version || exit 1; \
	    else echo "Python $$version is not installed; nothing was tested with it."; fi; \
	done

test-version: $(VENV)/installed
	$(BIN)/python -m pytest -m "not slow and not browser" $(PARALLEL)

test-slow: $(VENV)/installed
	$(BIN)/python -m pytest -m "slow or hypothesis" --hypothesis-profile thorough $(PARALLEL)

check: $(VENV)/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

lab: $(VENV)/installed
	$(BIN)/jupyter lab --notebook-dir notebooks $(if $(filter 0,$(shell id -u)),--allow-root)

bench: $(VENV)/installed
	for file in tests/benchmarks/bench_*.py; do $(BIN)/python $$file || exit 1; done

clean:
	rm -rf $(VENV) $(VENV)-3.* dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find loyalty_kit tests notebooks -name __pycache__ -prune -exec rm -rf {} +
	find reports -mindepth 1 ! -name README.md ! -name example.png -delete

$(VENV)/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[dev]"
	touch $@

# The accessibility checker of the browser tests; without npm that one test says so and is skipped.
$(VENV)/axe: $(VENV)/installed
	if command -v npm >/dev/null; then npm install --silent --no-save --prefix $(VENV) axe-core@4.14.1; fi
	touch $@
