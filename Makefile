# Everything that one does with Bincard, on a machine with nothing but Python 3.11+ and make.
.DEFAULT_GOAL := help
.PHONY: help run test check format words simulate soak bench pictures lock clean
.DELETE_ON_ERROR:

PYTHON ?= python3
PORT ?= 8000
# More arguments for pytest: make test ARGS="tests/sync -x"
ARGS ?=
# Which measurements: nothing for all but the slow one, a name (docs/performance.md), or all
BENCH ?=
# make test and make simulate: on how many processes.
JOBS ?= 2
# make simulate: how many seeds, from which; or the one to replay.
SEEDS ?= 1000
FROM ?= 1
SEED ?=
# Modules are compiled once, also where the environment forbids to keep them: each start would compile them all.
export PYTHONDONTWRITEBYTECODE :=
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

help: ## Show what there is
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/' | expand -t 12

run: .venv/.run ## Serve the demo country on http://127.0.0.1:8000 (PORT=)
	@$(BIN)/bincard demo --if-empty
	@$(BIN)/bincard serve --migrate --host 127.0.0.1 --port $(PORT)

test: .venv/.dev ## Run all tests, in a real browser and on a real PostgreSQL too (ARGS=, JOBS=)
	@sh .ci/browser
	$(BIN)/pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder $(ARGS)

check: .venv/.dev node_modules/.stamp ## Check form, lint, types and import rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	sh .ci/javascript tsc -p pwa
	sh .ci/javascript tsc -p pwa/worker

format: .venv/.dev ## Put the code into its one form
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

words: .venv/.dev ## Bring the catalogues up to date with the words of the code
	$(BIN)/pybabel -q extract -F babel.cfg --no-wrap --add-location=file --omit-header -o .venv/words.pot .
	$(BIN)/pybabel -q update -l fr -i .venv/words.pot -o pwa/locale/fr.po --no-wrap --no-fuzzy-matching --ignore-obsolete

soak: .venv/.dev ## Kill, overload and mislead it for long (KILLS= BROWSER_KILLS= TABLETS= OPERATIONS= EXAMPLES=)
	@sh .ci/browser
	$(BIN)/python -m tests.soak $(if $(KILLS),--kills $(KILLS)) $(if $(BROWSER_KILLS),--browser-kills $(BROWSER_KILLS)) \
	  $(if $(TABLETS),--tablets $(TABLETS)) $(if $(OPERATIONS),--operations $(OPERATIONS)) $(if $(EXAMPLES),--examples $(EXAMPLES))

simulate: .venv/.dev ## Simulate tablets, line and server under SEEDS= seeds (FROM=, JOBS=), or replay one (SEED=)
	$(BIN)/python -m tests.simulation $(if $(SEED),--seed $(SEED),--seeds $(SEEDS) --from $(FROM) --jobs $(JOBS))

bench: .venv/.dev ## Measure, each figure beside a baseline; writes bench.json (BENCH="NAME ..." or all)
	$(BIN)/python -m tests.bench $(BENCH)

pictures: .venv/.dev ## Take the pictures of docs/images anew
	@sh .ci/browser
	$(BIN)/pytest tests/browser/test_every_screen.py --pictures docs/images

lock: .venv/.dev ## Pin the newest allowed versions, for every platform, with hashes and without an address
	$(PYTHON) -m venv .venv/lock
	.venv/lock/bin/python -m pip --disable-pip-version-check --quiet install uv
	.venv/lock/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	  --no-header --no-annotate --no-emit-index-url --extra build --output-file requirements.lock pyproject.toml
	.venv/lock/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	  --no-header --no-annotate --no-emit-index-url --extra build --extra dev \
	  --constraint requirements.lock --output-file requirements-dev.lock pyproject.toml
	sh .ci/javascript npm update --silent --package-lock-only

clean: ## Remove the environment and all caches, but no data
	rm -rf .venv node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache bench.json test-results

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Bincard needs Python 3.11 or newer. Say where it is: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@sh .ci/venv $(PYTHON)

# The stamps make an install happen once, and again only when what it reads has changed.
.venv/.run: requirements.lock pyproject.toml | $(BIN)/python
	$(PIP) install --require-hashes -r requirements.lock
	$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

.venv/.dev: requirements-dev.lock pyproject.toml | $(BIN)/python
	$(PIP) install --require-hashes -r requirements-dev.lock
	$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@ .venv/.run

# Only for `make check`: the app needs no package and no build.
node_modules/.stamp: package.json package-lock.json | .venv/.dev
	sh .ci/javascript npm ci --silent --ignore-scripts --no-audit --no-fund
	@touch $@
