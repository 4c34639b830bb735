"""A model's file measured as people use it: nothing that is held out may help."""

import numpy as np
import pytest
from impromptu.backend.motion.library import Library
from impromptu.backend.motionclip import measuring
from impromptu.backend.motionclip.bank import build_bank
from impromptu.backend.motionclip.corpus import LENGTH
from impromptu.backend.motionclip.features import ROTATIONS
from impromptu.backend.protocol import Incompatible


def test_held_out_clips_are_no_neighbours(model, corpus, small_library):
    """What is left of the library's latents and texts is of training clips, each still its own."""
    bank = build_bank(Library.open(small_library), model)
    held = {c.name for c in corpus.clips if c.split != "train"}
    assert held & set(bank.clips)
    kept = measuring.trained_bank(bank, corpus, small_library.name)
    assert set(kept.clips) == set(bank.clips) - held
    for i, name in enumerate(kept.clips):
        old = bank.clips.index(name)
        np.testing.assert_array_equal(kept.windows_of(i), bank.windows_of(old))
        assert kept.frames[i] == bank.frames[old]
        own = [t for t, c in zip(kept.texts, kept.text_clip, strict=True) if c == i]
        assert own == [t for t, c in zip(bank.texts, bank.text_clip, strict=True) if c == old]
    assert len(kept.text_vectors) == len(kept.texts)


def test_motions_are_drawn_two_seconds_long(model, corpus, small_library):
    """With words alone and with neighbours; another seed gives another motion."""
    bank = measuring.trained_bank(build_bank(Library.open(small_library), model), corpus, small_library.name)
    for way in (measuring.drawn(model, None, 0), measuring.drawn(model, bank, 8)):
        one, other = way(["walk", "jump"], 0), way(["walk", "jump"], 1)
        assert one.shape == (2, LENGTH, 136)
        assert np.isfinite(one).all()
        assert np.abs(one - other).max() > 1e-3


def test_the_middle():
    long = np.arange(100.0)[:, None] * np.ones(136)
    assert measuring.middle(long)[:, 0].tolist() == list(range(20, 80))
    short = measuring.middle(long[:30] + 1)
    assert short[:30, 0].tolist() == list(range(1, 31))
    assert (short[29:, 0] == 30).all()
    assert (short[29:, ROTATIONS:-1] == 0).all()


def test_another_space_is_refused(model_file, few, monkeypatch):
    """A cosine between two spaces says nothing."""
    monkeypatch.setitem(few.facts, "space", {**few.facts["space"], "spec": "mpnet"})
    monkeypatch.setattr(measuring.Corpus, "open", lambda folder: few)
    with pytest.raises(Incompatible):
        measuring.measure_model(str(model_file), "somewhere", {}, 0, lambda *_: None)
