# Everything runs in .venv, which is made on first use and made anew when the versions change.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/ready
JOBS ?= 2

# Salesforce's own converter, fetched once on first use (half a gigabyte); it needs a newer Node than many systems have.
SF ?= $(CURDIR)/.sf

.PHONY: demo test thorough check check-salesforce format clean

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

check-salesforce: $(SF)/node_modules/.bin/sf  ## The Salesforce package through Salesforce's own converter; needs npm
	rm -rf $(SF)/converted
	cd salesforce && for part in *; do test ! -d $$part || \
	  PATH="$(SF)/node_modules/node/bin:$$PATH" HOME="$(SF)" SF_DISABLE_TELEMETRY=true SF_AUTOUPDATE_DISABLE=true \
	  $(SF)/node_modules/.bin/sf project convert source --root-dir $$part --output-dir $(SF)/converted/$$part || exit; done
	@# what the converter does not recognise it leaves out without a word
	test $$(find salesforce -name '*-meta.xml' | wc -l) = $$(grep -rh --include package.xml '<members>' $(SF)/converted | wc -l)

$(SF)/node_modules/.bin/sf:
	npm install --prefix $(SF) --no-audit --no-fund @salesforce/cli@2.146.3 node@22

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Rapport needs Python 3.11 or later; set PYTHON=python3.11")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $(READY)

clean:
	rm -rf .venv .sf .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
