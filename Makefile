PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# More threads than cores free make small matrices slower, several times on a busy machine.
export OPENBLAS_NUM_THREADS := 1

# On all cores, each file's tests on one, since they share what is dear to make.
PARALLEL := -n logical --maxprocesses 8 --dist loadfile

.PHONY: reports test test-slow check lab bench clean

reports: $(VENV)/installed
	$(BIN)/loyalty-kit render reports.toml

test: $(VENV)/installed $(VENV)/axe
	$(BIN)/python -m pytest -m "not slow" $(PARALLEL)

test-slow: $(VENV)/installed
	$(BIN)/python -m pytest -m slow

check: $(VENV)/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

lab: $(VENV)/installed
	$(BIN)/jupyter lab --notebook-dir notebooks $(if $(filter 0,$(shell id -u)),--allow-root)

bench: $(VENV)/installed
	for file in tests/benchmarks/bench_*.py; do $(BIN)/python $$file || exit 1; done

clean:
	rm -rf $(VENV) dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
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
