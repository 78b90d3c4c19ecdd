# The front door. Everything is built in .venv, once; a change in csrc/ or in the build files rebuilds the extension.
#
#   make test                      with the python3 on the PATH
#   make PYTHON=python3.12 test    with another one (3.10 or newer); `make clean` first
#   make test SIDE_BY_SIDE=        one test after the other; otherwise as many at once as there are cores, up to 4

PYTHON ?= python3
PYTEST ?=
SIDE_BY_SIDE ?= -n auto --maxprocesses 4 --dist worksteal
PROVE ?=
RUNS ?= 1000000
CLANG_FORMAT ?= clang-format-14
CC ?= gcc

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq
C_FILES := $(shell find bench csrc tests/c tests/exhaust tests/fuzz tests/scenario -name '*.[ch]')
BUILD_FILES := $(shell find csrc -name '*.[ch]' -o -name '*.def') build_ext.py setup.py pyproject.toml

PYTHON_INCLUDE = -I$(shell $(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("include"))')

.PHONY: demo test lint types format prove exhaust fuzz-ci asan coverage sizes bench package clean help
.DEFAULT_GOAL := help

demo: .venv/built          ## 9,828 lookups on an embedded server, no root, no internet
	@$(BIN)/python -m resquery.cli.demo

test: .venv/built .venv/dev  ## C and Python tests; PYTEST='-k name -x' passes options on
	$(BIN)/python -m pytest $(SIDE_BY_SIDE) $(PYTEST)

lint: .venv/dev            ## ruff, clang-format, and a compiler whose warnings are errors
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@command -v $(CLANG_FORMAT) >/dev/null || { echo "make lint: $(CLANG_FORMAT) is not installed" >&2; exit 1; }
	$(CLANG_FORMAT) --dry-run -Werror $(C_FILES)
	$(CC) -std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror -O2 -fsyntax-only -Icsrc $(PYTHON_INCLUDE) $(filter csrc/%.c,$(C_FILES))

types: .venv/built .venv/dev  ## pyright, strict
	$(BIN)/pyright --pythonpath $(BIN)/python

format: .venv/dev          ## rewrite the sources as `make lint` wants them
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .
	$(CLANG_FORMAT) -i $(C_FILES)

prove: .venv/dev           ## Frama-C: the wire layer keeps its contracts (needs frama-c, why3, cvc4)
	$(BIN)/python tests/proofs/prove.py $(PROVE)

exhaust: .venv/built .venv/dev  ## every string of up to 7 hostile octets, every capacity up to 1,024 of every renderer
	$(BIN)/python tests/exhaust/exhaust.py

fuzz-ci: .venv/dev .venv/fuzz  ## libFuzzer, up to 10^6 executions of each target (needs clang); RUNS=10000 for less
	$(BIN)/python tests/fuzz/run.py --runs $(RUNS)

asan: .venv/dev            ## all tests on a build with ASan and UBSan
	tests/asan.sh $(SIDE_BY_SIDE)

coverage: .venv/dev        ## how much of csrc/ and pkg/ the tests reach (needs gcovr)
	tests/coverage.sh

sizes:                     ## the largest function and file of csrc/ and pkg/
	@$(PYTHON) tests/sizes.py

bench: .venv/built .venv/dev  ## beside the peers; see bench/method.md
	$(BIN)/python bench/clip_table.py
	$(BIN)/python bench/parse.py
	$(BIN)/python bench/lookup.py
	$(BIN)/python bench/latency.py

package: .venv/dev         ## sdist and wheel in dist/, as they would be published
	rm -rf dist
	$(BIN)/python -m build -q
	$(BIN)/abi3audit --summary --strict --assume-minimum-abi3 3.10 dist/*.whl

clean:                     ## forget everything that was built
	rm -rf .venv build dist .pytest_cache .ruff_cache .hypothesis *.egg-info pkg/*.egg-info
	find . -name __pycache__ -prune -exec rm -rf {} + ; rm -f pkg/resquery/_rq*.so pkg/resquery/_rq.c

help:                      ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1|/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "make %-9s %s\n", $$1, $$2 }'

# --- the virtual environment: `venv` is what a user needs, `dev` adds the developers' tools, `built` is the extension

.venv/venv: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
	  { echo "make: $(PYTHON) is older than 3.10; name another one: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "make: $(PYTHON) has no venv module; on Debian: apt-get install python3-venv" >&2; exit 1; }
	@echo "make: preparing .venv"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(PIP) install 'setuptools>=77' 'cffi>=1.17' wheel
	@touch $@

.venv/built: .venv/venv $(BUILD_FILES)
	@echo "make: building resquery"
	@$(PIP) install --no-build-isolation -e '.[cli,testing]'
	@touch $@

.venv/dev: pyproject.toml | .venv/built
	@echo "make: installing the developers' tools"
	@$(PIP) install --no-build-isolation -e '.[dev]'
	@touch $@

.venv/fuzz: pyproject.toml | .venv/dev
	@echo "make: installing atheris, the fuzzer for Python"
	@$(PIP) install --no-build-isolation -e '.[fuzz]'
	@touch $@
