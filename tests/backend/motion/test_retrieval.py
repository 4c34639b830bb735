"""From prompts to labels and clips."""

from __future__ import annotations

import json

import numpy as np
import pytest
from impromptu.backend.motion.clip import Clip, Label
from impromptu.backend.motion.lexical import contradicts, lexical_score
from impromptu.backend.motion.library import Library
from impromptu.backend.motion.prompts import motion_part
from impromptu.backend.motion.retrieval import resolve_order, retrieve
from impromptu.backend.protocol import AssetsMissing, InvalidInput, RetrieveRequest


def _clip(name, text, kind="mocap", flags=()):
    poses = np.zeros((4, 22, 3), np.float32)
    poses[:, 0, 1] = len(name) / 10
    labels = (Label(text, 0, 4),)
    return Clip(name, poses, np.zeros((4, 3)), 30.0, labels, licence="CC0-1.0", kind=kind, flags=flags)


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    library = Library.create(tmp_path_factory.mktemp("library") / "lib")
    library.add([
        _clip("back", "walking backward"),
        _clip("backkeyed", "Walking  Backward", kind="keyed"),
        _clip("forwardwalk", "walking forward"),
        _clip("inplacewalkers", "walking in place"),
        _clip("sittingdownonachair", "sit down"),
        _clip("standingupfromachairs", "stand up"),
    ])  # fmt: skip
    library.add_labels([(None, "a cat sleeps")])
    return library


def test_backward_first_and_the_same_bytes(library):
    first = retrieve(RetrieveRequest("a man walking backwards"), library).to_json()
    second = retrieve(RetrieveRequest("a man walking backwards"), library).to_json()
    assert json.dumps(first) == json.dumps(second)
    assert first["ranked"][0]["label"] == "walking backward"
    assert [c["clip"] for c in first["ranked"][0]["clips"]] == ["back", "backkeyed"]
    assert first["chosen"]["clip"] == "back"
    assert first["chosen"]["licence"] == "CC0-1.0"
    assert first["stages"] == ["minilm", "words"]
    assert set(first["ranked"][0]["scores"]) == {"minilm", "words"}
    assert "vision-language" in first["note"]


def test_labels_without_a_clip_do_not_keep_one_from_playing(library):
    found = retrieve(RetrieveRequest("the cat sleeps", top=1), library)
    assert found.ranked[0].text == "a cat sleeps"
    assert found.ranked[0].clips == ()
    assert found.chosen is not None
    assert found.chosen.clip
    assert "no clip" in found.note


@pytest.mark.parametrize("prompt", [
    "an old man walking backwards wearing a red shirt and blue jeans",
    "a man in a red dress walking backwards",
    "a young woman dressed as a wizard, walking backwards",
    "a bald man wearing running shoes walking backwards",
])  # fmt: skip
def test_style_does_not_change_the_motion(library, prompt):
    assert retrieve(RetrieveRequest(prompt), library).ranked[0].text == "walking backward"
    assert "walking backwards" in motion_part(prompt)
    assert not {"red", "jeans", "dress", "wizard", "shoes", "old", "bald"} & set(motion_part(prompt).split())


def test_manner_is_kept():
    assert motion_part("walk like an old man") == "walk like an old man"
    assert motion_part("a person walks in a circle") == "a person walks in a circle"
    assert motion_part("wearing a hat") == "wearing a hat"


def test_opposites_contradict():
    assert contradicts("walk backwards", "walk forward")
    assert contradicts("kick with the left leg", "kick with right leg")
    assert not contradicts("walk back and forward", "walk forward")
    assert not contradicts("walk", "walk forward")
    assert lexical_score("walk backwards", "walking backward") > lexical_score("walk backwards", "walk forwards")


def test_unknown_order_and_missing_encoder(library):
    with pytest.raises(InvalidInput, match="no order 'best'"):
        retrieve(RetrieveRequest("walk", order="best"), library)
    with pytest.raises(AssetsMissing, match="No text encoder"):
        resolve_order("auto", ())
    assert resolve_order("clip+mpnet", ())[1] == ("clip", "mpnet")


class Table:
    """An encoder that knows three texts."""

    kind, dim = "sentence", 2

    def __init__(self, name, rows):
        self.name, self.digest, self.rows = name, name * 20, rows

    def encode(self, texts):
        angles = np.array([self.rows.get(t, 3.0) for t in texts])
        return np.stack([np.cos(angles), np.sin(angles)], 1).astype(np.float32)


def test_two_stages_follow_the_equations(library):
    """The first stage's k go to the second (Eq. 1), which alone orders them (Eq. 2)."""
    clip = Table("clip", {"q": 0.0, "walking in place": 0.1, "walking backward": 0.2, "sit down": 0.3})
    mpnet = Table("mpnet", {"q": 0.0, "walking in place": 0.9, "walking backward": 0.5, "sit down": 0.1})
    request = RetrieveRequest("q", order="clip+mpnet", k=2, top=3)
    found = retrieve(request, library, {"clip": clip, "mpnet": mpnet})
    assert [r.text for r in found.ranked] == ["walking backward", "walking in place", "sit down"]
    assert found.ranked[0].score == pytest.approx(np.cos(0.5), abs=1e-3)
    assert set(found.ranked[2].scores) == {"clip"}
    wide = retrieve(RetrieveRequest("q", order="clip+mpnet", k=3), library, {"clip": clip, "mpnet": mpnet})
    assert wide.ranked[0].text == "sit down"
