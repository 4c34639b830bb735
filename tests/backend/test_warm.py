"""What the host loads while it is idle is what the first job would have to load."""

import pytest

pytest.importorskip("torch")

from impromptu.backend.body import girths, kept
from impromptu.backend.encoders import factory, present_encoders
from impromptu.backend.warm import WARM_UP


@pytest.fixture(scope="module")
def warmed():
    for piece in WARM_UP:
        piece()


def test_bodies_and_their_girths_are_there(warmed, monkeypatch):
    def refuse(*_):
        raise AssertionError("read again")

    monkeypatch.setattr(kept, "load_body", refuse)
    monkeypatch.setattr(girths, "_find", refuse)
    for variant in ("neutral", "female", "male"):
        assert girths.find_girths(kept.kept_body(variant))


def test_the_encoder_that_ranks_first_is_there(warmed):
    if not present_encoders():
        pytest.skip("no encoder's files are on this machine")
    assert set(factory.loaded_encoders()) & {"minilm", "mpnet", "clip"}


def test_a_piece_done_twice_costs_nothing_new(warmed):
    loaded = factory.loaded_encoders()
    for piece in WARM_UP[-4:]:
        piece()
    assert factory.loaded_encoders() == loaded
