"""A corpus of a few of the library's clips, and an auto-encoder that nobody trained."""

import pytest
import torch
from impromptu.backend.motion.library import Library
from impromptu.backend.motionclip.building import CorpusOptions, build_corpus
from impromptu.backend.motionclip.evaluation.sets import held_out_sets, trained
from impromptu.backend.motionclip.model import ModelConfig, MotionClip
from impromptu.backend.motionclip.training import statistics

CLIPS = (
    "walk", "walk_long", "walk_sad", "run_long", "jump", "kick_high", "wave_right", "squat", "sit_down",
    "turn_left",
    # Of `valid`, then of `test`.
    "wave_left", "walk_brisk", "squat_hold", "walk_tired", "walk_tiptoe", "wave_both", "kick_front",
    "side_lunge", "sit_sad",
)  # fmt: skip


@pytest.fixture(scope="session")
def few(tmp_path_factory):
    """A corpus of `CLIPS` in the sentence encoder's space."""
    folder = tmp_path_factory.mktemp("few")
    whole = Library.open()
    there = {entry.name for entry in whole.entries}
    Library.create(folder / "clips").add([whole.load(name) for name in CLIPS if name in there])
    return build_corpus([str(folder / "clips")], folder / "corpus", CorpusOptions(space="minilm"))


@pytest.fixture(scope="session")
def held(few):
    """Its held-out set."""
    [only] = held_out_sets(few)
    return only


@pytest.fixture(scope="session")
def untrained(few):
    """An auto-encoder with random weights."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    sizes = ModelConfig(latent=few.text_vectors.shape[1], width=32, layers=1, hidden=32, keys=1)
    return MotionClip(sizes, *statistics(few, trained(few))).eval().requires_grad_(False)
