"""A corpus of a few clips and a model that a few seconds of training made, shared by the tests."""

import pytest
import torch
from impromptu.backend.motion.library import Library
from impromptu.backend.motionclip.building import CorpusOptions, build_corpus
from impromptu.backend.motionclip.corpus import Corpus
from impromptu.backend.motionclip.model import ModelConfig
from impromptu.backend.motionclip.packing import pack
from impromptu.backend.motionclip.training import Recipe, Training
from impromptu.backend.motionclip.weights import load_model

CLIPS = (
    "walk_long", "walk_zombie", "walk_backward", "run_long", "jump", "kick_high", "wave_right", "wave_left", "squat",
    "sit_down", "turn_left", "punch", "cartwheel", "throw", "golf_swing", "walk_sad",
)  # fmt: skip


@pytest.fixture(scope="session")
def recipe():
    """Of a run of seconds."""
    model = ModelConfig(width=48, layers=1, hidden=64, keys=2)
    return Recipe(model=model, steps=60, batch=8, every=20, rate=3e-3, warm=5, patience=100)


@pytest.fixture(scope="session")
def small_library(tmp_path_factory):
    """A library of `CLIPS`."""
    folder = tmp_path_factory.mktemp("library") / "clips"
    whole = Library.open()
    library = Library.create(folder)
    library.add([whole.load(name) for name in CLIPS])
    return folder


@pytest.fixture(scope="session")
def corpus(small_library, tmp_path_factory):
    """Of the small library, in the sentence encoder's space."""
    folder = tmp_path_factory.mktemp("corpus")
    return build_corpus([str(small_library)], folder, CorpusOptions(space="minilm"))


@pytest.fixture(scope="session")
def run(corpus, recipe, tmp_path_factory):
    """A finished run's folder."""
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("run")
    Training(Corpus.open(corpus.folder), recipe, folder).run(lambda line: None)
    return folder


@pytest.fixture(scope="session")
def model_file(run, corpus, tmp_path_factory):
    """The run's model as a file."""
    path = tmp_path_factory.mktemp("model") / "tiny.safetensors"
    pack(run, corpus, path, "tiny motion model", "CC0-1.0")
    return path


@pytest.fixture(scope="session")
def model(model_file):
    """The run's model."""
    return load_model(str(model_file))
