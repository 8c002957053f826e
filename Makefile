# `make demo` and `make test` do all their set-up themselves; everything else builds on the same environment.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test test-ocr lint fuzz bench clean

demo: $(READY)
	$(BIN)/annex-inbox demo

test: lint
	$(BIN)/pytest -n auto

# What reads scans is large and optional: it stays out of the environment, and so do its tests.
test-ocr: $(READY)
	test -d $(VENV)/ocr/rapidocr || $(BIN)/pip install --quiet --disable-pip-version-check --target $(VENV)/ocr rapidocr==3.10.0 onnxruntime==1.32.0
	PYTHONPATH=$(VENV)/ocr $(BIN)/pytest -n auto tests/test_formats_scan.py

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

# Atheris has wheels for some systems only; without it hypothesis tries the same targets. It stays out of the environment.
SECONDS_EACH ?= 60
fuzz: $(READY)
	$(BIN)/pip install --quiet --disable-pip-version-check --target $(VENV)/fuzz --upgrade atheris==3.0.0 || true
	PYTHONPATH=tests:$(VENV)/fuzz $(BIN)/python -m fuzz --seconds $(SECONDS_EACH)

bench: $(READY)
	$(BIN)/python -m bench

$(READY): requirements-dev.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $(READY)

clean:
	rm -rf $(VENV) build dist demo-out .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
