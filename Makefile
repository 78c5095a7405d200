# make demo   the demo company and its retention review, in out/
# make test   everything the tests need, a browser and LibreOffice included, then lint, types and all tests
# make slow   tests that ask many companies, or very large ones, some minutes
# make cluster   what keeps warehouses busy for long, some minutes
# make search properties on new random ledgers, twenty times as many as in the tests
# make lab    JupyterLab on the founder notebook
# make docs   the documentation anew, by running its pages: widgets/labextension/static/docs

VENV ?= .venv
OUT ?= out
BIN := $(VENV)/bin

# A stamp per set of extras: a second run installs nothing, a change of pyproject.toml installs again, and so does one
# of the JupyterLab extension, which is copied also by an editable installation.
BASE := $(VENV)/.installed
LAB := $(VENV)/.installed-lab
TEST := $(VENV)/.installed-test
SOURCES := pyproject.toml scripts/install.sh $(shell find widgets/labextension -type f)

# Tests run side by side: threads of their own would only wait for each other.
export OPENBLAS_NUM_THREADS ?= 1

# Hundreds of processes import the same modules: they are compiled once.
unexport PYTHONDONTWRITEBYTECODE

# Most tests run side by side, then those that drive a browser; what measures time has the machine to itself.
ifdef SKIP_BROWSER
PROGRAMS :=
else
PROGRAMS := programs
endif

.PHONY: help demo test whole search slow cluster lab docs lint types pytest programs clean

help:
	@sed -n 's/^# make/make/p' Makefile

demo: $(BASE)
	@scripts/demo.sh $(VENV) $(OUT)

lab: $(LAB)
	$(BIN)/jupyter lab $(if $(filter 0,$(shell id -u)),--allow-root) notebooks/founder.ipynb

docs: $(TEST)
	$(BIN)/python -m docs.site

# Programs come while libraries are installed; types are checked while they still come, or beside the tests.
test:
	@$(MAKE) --no-print-directory --jobs=2 lint whole types

whole: lint $(PROGRAMS)
	@$(MAKE) --no-print-directory pytest

lint: $(TEST)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(TEST)
	$(BIN)/mypy

pytest: $(TEST)
ifdef ARGS
	$(BIN)/python -m pytest $(ARGS)
else
	$(BIN)/python -m pytest -n auto -m "not (bench or browser or cluster or slow)"
ifndef SKIP_BROWSER
	$(BIN)/python -m pytest -n auto tests/browser
endif
	$(BIN)/python -m pytest tests/bench
endif

search: $(TEST)
	HYPOTHESIS_PROFILE=default SAASMETRICS_EXAMPLES=20 $(BIN)/python -m pytest -n auto -m "not (bench or browser)" $(or $(ARGS),tests/properties tests/metrics tests/engine tests/renewals tests/survival)

slow: $(TEST)
	$(BIN)/python -m pytest -n auto -m slow $(ARGS)

# Spark is slow to plan, and a role that may only read computes every step anew: the gate asks them for less.
cluster: $(TEST) programs
	$(BIN)/python -m pytest -m cluster tests/warehouse

programs:
	@scripts/install_programs.sh

$(BASE): $(SOURCES)
	@scripts/install.sh $(VENV)
	@touch $@

$(LAB): $(SOURCES)
	@scripts/install.sh $(VENV) lab
	@touch $@ $(BASE)

$(TEST): $(SOURCES)
	@scripts/install.sh $(VENV) test
	@touch $@ $(LAB) $(BASE)

clean:
	rm -rf $(VENV) $(OUT) build dist
