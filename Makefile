# Two commands: `make run` shows the archive at work, `make test` proves it.

PYTHON ?= python3
BIN := .venv/bin
PORT ?= 8001

.DEFAULT_GOAL := help
.PHONY: help run serve test quick killed check clean

help:
	@echo "make run     install, take the bundled event from video to archive, say how to see it"
	@echo "make serve   serve the archive on this machine (PORT=8001)"
	@echo "make test    install what testing needs, run every test"
	@echo "make quick   the tests that take under a minute"
	@echo "make killed  kill a run, and refuse it the disk, at every single durable operation (hours)"
	@echo "make check   lint and types"
	@echo "make clean   remove what was installed and what the demo made"

run: .venv/installed
	$(BIN)/plenary run
	@echo
	@echo "The bundled event (fictional people, synthetic voices) is now an archive."
	@echo "  See it:             make serve    then open http://127.0.0.1:$(PORT)"
	@echo "  Search it here:     $(BIN)/plenary search \"monnaies locales\""
	@echo "  Your own captures:  $(BIN)/plenary init ~/my-archive"

serve: .venv/installed
	$(BIN)/plenary serve --port $(PORT)

test: .venv/tested
	$(BIN)/pytest

quick: .venv/tested
	$(BIN)/pytest -m "not slow and not browser"

# `make test` kills for real at a few operations only, other ones each day (FAULTS_EVERY).
killed: .venv/tested
	FAULTS_EVERY=1 FAULTS_OFFSET=1 $(BIN)/pytest -n 0 -s tests/test_killed_anywhere.py

check: .venv/tested
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

.venv/installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "Python 3.11 or newer is needed (on Debian or Ubuntu: sudo apt install python3)."; \
	    echo "If it has another name here: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 2; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
	  { echo "Python's venv module is missing (on Debian or Ubuntu: sudo apt install python3-venv)."; exit 2; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

.venv/tested: .venv/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[test]"
	@touch $@

clean:
	rm -rf .venv data
