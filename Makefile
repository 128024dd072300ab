# make demo        all seven chains on a small bundled world, in under a minute after the installation
# make test        the whole test suite
# make test-fast   the tests that need no server, under three minutes
# make test-image  the same tests inside the image, with its Python and libraries (podman)
# make site        the documentation as a static site with search, in build/site
# make bench       the transforms beside what the machine can do at all, about eight minutes
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet
# The project itself: no download, no build environment of its own (hatchling comes from the lock).
INSTALL := $(PIP) --no-index --no-deps --no-build-isolation --editable .
# One process a core; tests that share a server or a run of the chains stay in one (tests/conftest.py).
PYTEST := $(BIN)/python -m pytest --numprocesses logical --no-loadscope-reorder
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes $(LOCK_ARGS)

.PHONY: demo test test-fast test-image loops bench lint docs site lock clean

demo: .venv/runtime.stamp
	@$(BIN)/python demo/run.py

test: .venv/dev.stamp .venv/docs.stamp loops
	$(PYTEST) $(PYTEST_ARGS)

test-fast: .venv/dev.stamp .venv/docs.stamp loops
	$(PYTEST) -m "not server" $(PYTEST_ARGS)

test-image: .venv/dev.stamp
	$(BIN)/python -m tests.in_image $(PYTEST_ARGS)

# Once, before several processes need them at the same time; nothing to do where they are compiled.
loops: .venv/dev.stamp
	@$(BIN)/python -m dmpworks.datasets.kernels

bench: .venv/dev.stamp
	@$(BIN)/python -m benchmarks.transform

lint: .venv/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: .venv/dev.stamp
	$(BIN)/dmpworks docs

site: .venv/docs.stamp
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet

# What ships is resolved first; the others may only add to it. Newer versions: make lock LOCK_ARGS=--upgrade
lock: .venv/dev.stamp
	$(LOCK) pyproject.toml --output-file requirements.lock
	$(LOCK) --constraints requirements.lock --group build --output-file requirements-build.lock
	$(LOCK) --constraints requirements.lock --constraints requirements-build.lock \
	  --extra dev --group build pyproject.toml --output-file requirements-dev.lock
	$(LOCK) --constraints requirements-dev.lock --extra docs pyproject.toml --output-file requirements-docs.lock

clean:
	rm -rf .venv build dist

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer, please: make PYTHON=...")'
	@$(PYTHON) -m venv .venv || { rm -rf .venv; exit 1; }

.venv/runtime.stamp: requirements.lock requirements-build.lock pyproject.toml | .venv/bin/python
	@echo "Installing dmpworks into .venv, about a minute ..."
	@$(PIP) --require-hashes --requirement requirements.lock --requirement requirements-build.lock
	@$(INSTALL)
	@touch $@

.venv/dev.stamp: requirements-dev.lock pyproject.toml | .venv/bin/python
	@echo "Installing dmpworks and what its tests need into .venv, about two minutes ..."
	@$(PIP) --require-hashes --requirement requirements-dev.lock
	@$(INSTALL)
	@touch $@ .venv/runtime.stamp

.venv/docs.stamp: requirements-docs.lock .venv/dev.stamp
	@$(PIP) --require-hashes --requirement requirements-docs.lock
	@touch $@
