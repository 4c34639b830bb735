"""The benchmark of encoders: the same work on both sides, and children that are told apart."""

from __future__ import annotations

import sys

import pytest
import torch
from impromptu.backend.benchmarks import encoders, first_embedding
from impromptu.backend.protocol import RuntimeMissing
from torch import nn


class Tiny(nn.Module):
    """Speaks as an open_clip model does, and keeps what it was given."""

    def __init__(self):
        super().__init__()
        self.visual = nn.Module()
        self.visual.preprocess_cfg = {"mean": (0.5, 0.4, 0.3), "std": (0.1, 0.2, 0.5)}
        self.seen = None

    def encode_image(self, images, normalize):
        assert normalize
        self.seen = images
        return nn.functional.normalize(images.mean((2, 3)), dim=1)


def test_the_peer_gets_normalised_pictures():
    model = Tiny()
    encoders.tower_of(model)(torch.full((1, 3, 4, 4), 0.5))
    assert torch.allclose(model.seen[0, :, 0, 0], torch.tensor([0.0, 0.5, 0.4]), atol=1e-6)


def test_a_step_goes_back_to_the_pixels_or_not():
    kept = []

    def encode(images):
        kept.append(images)
        return images.mean((2, 3))

    images = torch.rand(2, 3, 4, 4)
    encoders.step(encode, images, backward=False)
    encoders.step(encode, images, backward=True)
    assert not kept[0].requires_grad
    assert kept[1].grad is not None
    assert kept[1].grad.abs().sum() > 0
    assert images.grad is None


def test_fresh_processes_take_turns_and_the_median_counts(monkeypatch):
    asked = []

    def fresh(what, checkpoint=""):
        asked.append((what, bool(checkpoint)))
        return {"import": 2.0 if checkpoint else 1.0, "first": 8.0 if checkpoint else 2.0}

    monkeypatch.setattr(encoders, "fresh", fresh)
    rows = encoders.process_rows(nn.Linear(1, 1))
    kinds = ("text", "new-word", "picture")
    assert asked == [(what, peer) for what in kinds for peer in (False, True)] * encoders.PROCESSES
    assert [row.ratio for row in rows] == [2, 4, 4, 4]
    assert all(row.peer_name.startswith("open_clip") for row in rows)


def test_a_child_that_fails_is_one_sentence(tmp_path, monkeypatch):
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho no such module >&2\nexit 1\n")
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    with pytest.raises(RuntimeMissing, match="no such module"):
        encoders.fresh("text")


def test_a_picture_is_the_same_each_time():
    assert (first_embedding.picture() == first_embedding.picture()).all()
    assert first_embedding.picture().shape == (224, 224, 3)
