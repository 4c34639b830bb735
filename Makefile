# `make demo` and `make test` do all the set-up; the rest is for people who work on Impromptu.
PYTHON ?= python3.11
# Name other builds of torch here, as in: make TORCH="torch==2.13.0+cu130 torchvision==0.28.0+cu130" demo
TORCH ?= torch==2.13.0 torchvision==0.28.0
PY := .venv/bin/python
BPY := .venv-blender/bin/python
PIP_FLAGS := --quiet --disable-pip-version-check
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: demo test lint bench extension body library setup clean

setup: .venv/.installed .venv-blender/.installed

.venv/.installed: pyproject.toml
	test -x $(PY) || $(PYTHON) -m venv .venv
	$(PY) -m pip install $(PIP_FLAGS) $(TORCH)
	$(PY) -m pip install $(PIP_FLAGS) -e '.[backend,dev]'
	touch $@

.venv-blender/.installed: pyproject.toml
	test -x $(BPY) || $(PYTHON) -m venv .venv-blender
	$(BPY) -m pip install $(PIP_FLAGS) -e '.[blender]' 'pytest>=8.2,<10'
	touch $@

test: setup
	$(PY) -m pytest
