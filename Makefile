# Everything runs in .venv, which is made on first use and made anew when the versions change.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/ready
JOBS ?= 2

.PHONY: demo test thorough check format clean

demo: $(READY)  ## The whole main job against a simulated company
	$(BIN)/rapport demo

test: $(READY)  ## The test suite
	$(BIN)/pytest -q -n $(JOBS) --dist worksteal

thorough: $(READY)  ## The long campaigns: more seeds, more kills, hundreds of random histories
	$(BIN)/pytest -q -n $(JOBS) --dist worksteal -m thorough --timeout 1200

check: $(READY)  ## Linters, types, import rule
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Rapport needs Python 3.11 or later; set PYTHON=python3.11")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $(READY)

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
