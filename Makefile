# Two commands do everything: `make run` and `make test`. Both set up .venv from requirements.txt first.
PYTHON ?= python3

.PHONY: run test check lock setup clean bench bench-validation bench-features bench-model bench-quality flink flink-settings flink-engine flink-test

run: setup
	@.venv/bin/hotarea up $(if $(RAW),--raw "$(RAW)") $(if $(filter 1 yes true,$(ONCE)),--once)

test: setup
	.venv/bin/coverage erase
	.venv/bin/pytest --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder --cov --cov-report=term

check: setup
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/lint-imports --no-logo

# a local Flink cluster with Beam's job server, until Ctrl-C
flink: setup
	@.venv/bin/python -m tools.flink run

flink-settings:
	@.venv/bin/python -m tools.flink settings

# Flink and the job server, through pip and Maven, into ~/.cache/hotarea or HOTAREA_FLINK_HOME
flink-engine: setup
	@.venv/bin/python -m tools.flink.engine

flink-test: flink-engine
	.venv/bin/pytest tests/flink

setup:
	@$(PYTHON) tools/setup.py

# after a change of the dependencies in pyproject.toml
lock: setup
	.venv/bin/uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --custom-compile-command "make lock" --quiet --output-file requirements.txt

# WORKS=200000 measures one size, RUNS=1 fewer pairs of runs
bench: setup
	.venv/bin/python -m benchmarks $(if $(WORKS),--works $(WORKS)) $(if $(RUNS),--runs $(RUNS))

# RUNS=1 measures once, ROWS=1000000 fewer rows
bench-validation: setup
	.venv/bin/python -m benchmarks.validation $(if $(ROWS),--rows $(ROWS)) $(if $(RUNS),--runs $(RUNS))

# ROWS=100000 measures fewer documents
bench-features: setup
	.venv/bin/python -m benchmarks.feature_store $(if $(ROWS),--rows $(ROWS))

# ROWS=100000 measures fewer rows
bench-model: setup
	.venv/bin/python -m benchmarks.training $(if $(ROWS),--rows $(ROWS))

# the model on real corpora, year by year, from ../shared/data
bench-quality: setup
	.venv/bin/python -m benchmarks.model_quality

clean:
	rm -rf .venv build *.egg-info src/*.egg-info
