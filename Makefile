# The stamp makes the set-up happen once: again only when pyproject.toml is newer.
PYTHON ?= python3
ARGS ?=
BIN := .venv/bin
STAMP := .venv/.installed

.DEFAULT_GOAL := help
.PHONY: help install demo test clean
.DELETE_ON_ERROR:

help:
	@echo "make demo     run the whole path on the embedded models into runs/demo; ARGS='--seeds 0,1,2' adds options"
	@echo "make test     style, types, floors, tests and coverage; ARGS=-x adds pytest options"
	@echo "make install  only make .venv; PYTHON=python3.12 chooses the interpreter, 3.11 to 3.13"
	@echo "make clean    remove .venv and all caches; runs/ stays"

install: $(STAMP)

$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null || \
		{ echo "make: '$(PYTHON)' is not Python 3.11, 3.12 or 3.13; name one: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "make: '$(PYTHON)' has no venv; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@echo "Installing into .venv; with nothing cached this takes some minutes."
	@$(PYTHON) -m venv .venv
	@$(BIN)/pip install -qq --disable-pip-version-check --editable '.[dev]'
	@touch $@

demo: $(STAMP)
	$(BIN)/lit_synth run --config configs/demo.yaml --output runs/demo $(ARGS)

test: $(STAMP)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest --cov $(ARGS)

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .coverage htmlcov build dist
	find lit_synth tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
