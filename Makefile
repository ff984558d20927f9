# Two commands do everything: `make demo` and `make test`. Both use an environment of their own, ./.venv.
PYTHON ?= python3
BIN    := .venv/bin

.PHONY: demo test test-all format bench truth campaign clean

demo: .venv/installed
	$(BIN)/tuilab run deep-tanh-init

test: .venv/installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -n 2

# Also what is tested against other people's packages; `make test` skips that.
test-all: .venv/installed
	$(BIN)/pip install -q --disable-pip-version-check -c constraints.txt -e '.[dev,integrations,sweep]'
	$(MAKE) test

format: .venv/installed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: .venv/installed
	$(BIN)/pip install -q -c constraints.txt -e '.[bench]'
	@failed=0; for script in $(filter-out bench/truth.py bench/doctor.py,$(wildcard bench/[a-z]*.py)); do echo "== $$script"; $(BIN)/python $$script || failed=1; done; exit $$failed

truth: .venv/installed
	$(BIN)/python bench/truth.py

campaign: .venv/installed
	$(BIN)/python -m tests.campaign $(ARGS)

.venv/installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo 'tuilab needs Python 3.11 or newer: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)'; exit 2; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install -q --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist
