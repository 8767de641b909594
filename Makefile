PYTHON ?= python3
PORT ?= 8000
EXAMPLE_PORT ?= $(shell expr $(PORT) + 1)
SERVE ?= 1
# Processes that run tests: one more than two cores, because some tests wait; 0 runs them in one process.
JOBS ?= 3
# How long `make torture` runs, and its random seed; without a SEED the inputs differ each time.
SECONDS ?= 1200
SEED ?=
# Arguments for pytest and `make bench`, such as ARGS="-k masks".
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
DEMO := $(VENV)/.installed-demo
DEV := $(VENV)/.installed-dev
INTEROP_VENV := .venv-interop
INTEROP := $(INTEROP_VENV)/.installed
CLIENTS_VENV := .venv-clients
CLIENTS := $(CLIENTS_VENV)/.installed
NEWEST_VENV := .venv-newest
NEWEST_PYTHON ?= $(PYTHON)
LOWEST_VENV := .venv-lowest
# Files that start programs come first, see tests/conftest.py.
SPREAD = -n $(JOBS) --dist loadfile --no-loadscope-reorder $(NOT_SCHEMA)
PYTEST = $(BIN)/python -m pytest $(SPREAD)
# Markers, see pyproject.toml; tests/test_targets.py checks that every test is in a target that .ci/run makes.
FAST := "not programs and not long and not thorough"
USUAL := "not thorough"
ON_POSTGRES := "django_db and not thorough"
THOROUGH := "thorough or many"
BRIEF := "not long and not thorough"
# One case of each test, and a tenth of the examples of Hypothesis; test-thorough runs the same tests with all of them.
QUICK := OPENIMAGES_QUICK=1
# Tests that do not depend on the versions of Django and Python.
NOT_OF_DJANGO := --ignore tests/test_docs.py --ignore tests/test_fixtures.py --ignore tests/test_targets.py
# test-schema alone runs that file: its cases are made while tests are collected, half of what it takes to start a process of tests.
NOT_SCHEMA := --ignore tests/api/test_schemathesis.py -p no:schemathesis
# Coverage is gathered on SQLite, and checked by `make coverage`.
COV := --cov --cov-report= --cov-fail-under=0

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1
# Tests start Python dozens of times, and without compiled files each start is a second longer.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test test-fast check lint beside test-sqlite test-postgres coverage test-thorough test-slow test-schema test-interop \
	test-newest test-lowest torture bench fixtures docs format wheel clean
# The targets write the same files, so they run one after the other.
.NOTPARALLEL:

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(DEMO) ## Import the example data set, export it again, and serve the site with a worker (SERVE=0: do not serve; PORT=8000 EXAMPLE_PORT=8001)
	@mkdir -p var
	@$(BIN)/python manage.py migrate --verbosity 0
	@$(BIN)/python -m project.demo login
	$(BIN)/python manage.py import_openimages fixtures/scenes --task scenes
	@$(BIN)/python -m project.demo polygon
	$(BIN)/python manage.py export_openimages scenes var/scenes.zip --force
	@echo
	@echo "The exported archive: var/scenes.zip"
ifeq ($(SERVE),0)
	@echo "The site: make demo serves it on http://127.0.0.1:$(PORT)/ (login admin, password admin)"
	@echo "An example frontend, of another origin: make demo serves it on http://127.0.0.1:$(EXAMPLE_PORT)/ (the same login)"
else
	@echo "The site: http://127.0.0.1:$(PORT)/ (login admin, password admin; Ctrl-C ends it)"
	@echo "An example frontend, of another origin: http://127.0.0.1:$(EXAMPLE_PORT)/ (the same login)"
	@$(BIN)/python -m project.demo serve $(PORT) $(EXAMPLE_PORT)
endif

test: lint beside coverage ## Check style, types and layers, and run the tests (PostgreSQL too, see OPENIMAGES_TEST_POSTGRES)

test-fast: JOBS = 2
test-fast: $(DEV) ## Run the fast tests that start no other programs, on SQLite (for every day)
	$(QUICK) DATABASE_URL= $(PYTEST) -m $(FAST) $(ARGS)

check: lint $(DEV) ## Check style, types, layers and migrations
	$(BIN)/mypy

lint: $(DEV)
	$(BIN)/ruff check --quiet
	$(BIN)/ruff format --check --quiet
	$(BIN)/lint-imports --no-logo
	DATABASE_URL=sqlite://:memory: $(BIN)/python manage.py makemigrations --check --dry-run

# They wait much of their time, mostly for programs and for the server.
beside: $(DEV)
	@said=$$(mktemp -d); trap 'rm -rf "$$said"' EXIT; \
	$(BIN)/mypy >"$$said/types" 2>&1 & types=$$!; \
	$(MAKE) --no-print-directory test-postgres JOBS=2 >"$$said/postgres" 2>&1 & postgres=$$!; \
	$(MAKE) --no-print-directory test-sqlite; tests=$$?; \
	wait $$postgres || tests=1; cat "$$said/postgres"; \
	wait $$types || tests=1; echo "$(BIN)/mypy"; cat "$$said/types"; \
	exit $$tests

test-sqlite: $(DEV) ## Run the tests on SQLite
	$(QUICK) DATABASE_URL= $(PYTEST) $(COV) -m $(USUAL) $(ARGS)

test-postgres: $(DEV) ## Run the tests that need a database on the server that OPENIMAGES_TEST_POSTGRES names
	@if [ -z "$$OPENIMAGES_TEST_POSTGRES" ]; then \
		if [ "$$OPENIMAGES_REQUIRE_POSTGRES" = 1 ]; then \
			echo "OPENIMAGES_REQUIRE_POSTGRES is 1, but OPENIMAGES_TEST_POSTGRES names no server." >&2; exit 1; \
		fi; \
		echo "PostgreSQL: skipped, because OPENIMAGES_TEST_POSTGRES is not set (postgres://user:password@host:port/database)."; \
		exit 0; \
	fi; \
	$(BIN)/python -m tests.postgres && \
	$(QUICK) DATABASE_URL="$$OPENIMAGES_TEST_POSTGRES" $(PYTEST) -m $(ON_POSTGRES) $(ARGS)

coverage: $(DEV)
	@$(if $(ARGS),echo "Coverage is not checked when only some tests run.",$(BIN)/coverage report)

test-thorough: $(DEV) $(CLIENTS) ## Run the slow tests: pages in a browser, stock sites, the wheel, schemathesis at length, generated clients, all cases
	@said=$$(mktemp); trap 'rm -f "$$said"' EXIT; \
	$(MAKE) --no-print-directory test-schema >"$$said" 2>&1 & schema=$$!; \
	$(MAKE) --no-print-directory test-slow; tests=$$?; \
	wait $$schema || tests=1; cat "$$said"; \
	exit $$tests

test-slow: $(DEV) $(CLIENTS)
	OPENIMAGES_CLIENTS_PYTHON=$(CLIENTS_VENV)/bin/python OPENIMAGES_THOROUGH=1 DATABASE_URL= $(PYTEST) -m $(THOROUGH) $(ARGS)

# Schemathesis makes its cases while tests are collected, for a minute: one process does so, and not each that runs tests.
test-schema: $(DEV)
	OPENIMAGES_THOROUGH=1 DATABASE_URL= $(BIN)/python -m pytest tests/api/test_schemathesis.py $(ARGS) || [ $$? = 5 ]  # 5: ARGS select none of them

test-interop: $(DEV) $(INTEROP) ## Compare with Datumaro, in its own virtual environment
	OPENIMAGES_INTEROP_PYTHON=$(INTEROP_VENV)/bin/python DATABASE_URL= $(BIN)/python -m pytest tests/interop $(ARGS)

test-newest: ## Run the tests on NEWEST_PYTHON with the newest Django
	@test -x $(NEWEST_VENV)/bin/python || $(NEWEST_PYTHON) -m venv $(NEWEST_VENV)
	@$(NEWEST_VENV)/bin/pip install -qq -e '.[demo,dev]'
	@$(NEWEST_VENV)/bin/pip install -qq --upgrade Django 'django-tasks-celery[celery]'
	@$(NEWEST_VENV)/bin/python -c 'import sys, django; print("Python", sys.version.split()[0], "and Django", django.__version__)'
	$(QUICK) DATABASE_URL= $(NEWEST_VENV)/bin/python -m pytest $(SPREAD) -m $(BRIEF) $(NOT_OF_DJANGO) $(ARGS)

test-lowest: ## Run the tests of test-fast with the lowest versions that pyproject.toml allows
	@test -x $(LOWEST_VENV)/bin/python || $(PYTHON) -m venv $(LOWEST_VENV)
	@$(PYTHON) -m tests.lowest >$(LOWEST_VENV)/lowest.txt
	@$(LOWEST_VENV)/bin/pip install -qq -e '.[demo,dev]' -c $(LOWEST_VENV)/lowest.txt
	@echo "The lowest versions: $$(tr '\n' ' ' <$(LOWEST_VENV)/lowest.txt)"
	$(QUICK) DATABASE_URL= $(LOWEST_VENV)/bin/python -m pytest $(SPREAD) -m $(FAST) $(ARGS)

torture: $(DEV) ## Try hard to break the app, for twenty minutes (SECONDS=120: two; SEED=7: the same inputs again; ARGS="--only fuzz")
	$(BIN)/python -m tests.torture --seconds $(SECONDS) $(if $(SEED),--seed $(SEED)) $(ARGS)

bench: $(DEV) $(INTEROP) ## Measure speed and memory, side by side with Datumaro
	OPENIMAGES_INTEROP_PYTHON=$(INTEROP_VENV)/bin/python $(BIN)/python -m benchmarks.run $(ARGS)

fixtures: $(DEV) ## Redraw the example data set
	$(BIN)/python -m fixtures.draw_scenes

docs: $(DEV) ## Generate parts of the documentation: the format, the OpenAPI document, the tours
	$(BIN)/python -m docs.generate_format
	$(BIN)/python -m docs.generate_issues
	DATABASE_URL=sqlite://:memory: $(BIN)/python -m docs.generate_openapi
	$(BIN)/python -m docs.tour
	$(BIN)/python -m docs.api_tour

format: $(DEV) ## Sort imports and format the code
	$(BIN)/ruff check --quiet --fix
	$(BIN)/ruff format --quiet

wheel: $(DEV) ## Build the wheel into dist/
	$(BIN)/python -m build --wheel

clean: ## Remove generated files: environments, caches, builds, the demo's database
	rm -rf $(VENV) $(INTEROP_VENV) $(CLIENTS_VENV) $(NEWEST_VENV) $(LOWEST_VENV) var dist build htmlcov .coverage .coverage.*
	rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; try make PYTHON=python3.13")'
	@$(PYTHON) -m venv $(VENV)

$(DEMO): pyproject.toml | $(BIN)/python
	@echo "Installing the project into $(VENV) …"
	@$(BIN)/pip install -qq -e '.[demo]'
	@touch $@

$(DEV): pyproject.toml | $(BIN)/python
	@echo "Installing the project and its tools into $(VENV) …"
	@$(BIN)/pip install -qq -e '.[demo,dev]'
	@touch $@ $(DEMO)

$(INTEROP): tests/interop/requirements.txt
	@echo "Installing Datumaro into $(INTEROP_VENV) …"
	@test -x $(INTEROP_VENV)/bin/python || $(PYTHON) -m venv $(INTEROP_VENV)
	@$(INTEROP_VENV)/bin/pip install -qq -r tests/interop/requirements.txt
	@touch $@

$(CLIENTS): tests/clients/requirements.txt
	@echo "Installing a generator of clients into $(CLIENTS_VENV) …"
	@test -x $(CLIENTS_VENV)/bin/python || $(PYTHON) -m venv $(CLIENTS_VENV)
	@$(CLIENTS_VENV)/bin/pip install -qq -r tests/clients/requirements.txt
	@touch $@
