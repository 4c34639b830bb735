"""From prompts to labels and clips."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest
from impromptu.backend.motion.clip import Clip, Label
from impromptu.backend.motion.lexical import contradicts, lexical_score
from impromptu.backend.motion.library import Library
from impromptu.backend.motion.orders import CAPTION_WEIGHT, VARIANTS, resolve_order
from impromptu.backend.motion.prompts import motion_part
from impromptu.backend.motion.retrieval import retrieve
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
    assert first["stages"] == ["body,minilm", "words"]
    assert set(first["ranked"][0]["scores"]) == {"body,minilm", "words"}
    assert first["encoders"].keys() == {"body", "minilm"}
    assert "built-in encoder" in first["note"]


def test_labels_without_a_clip_do_not_keep_one_from_playing(library):
    found = retrieve(RetrieveRequest("the cat sleeps", top=1), library)
    assert found.ranked[0].text == "a cat sleeps"
    assert found.ranked[0].clips == ()
    assert found.chosen is not None
    assert found.chosen.clip
    assert "no clip" in found.remarks[0]


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
    assert resolve_order("clip+mpnet", ()).stages == ("clip", "mpnet")


@pytest.mark.parametrize("order", [
    "", "+", "minilm+", "+minilm", "words", "words+minilm", "minilm,words", "minilm,minilm", "minilm,", "judge",
    "body+minilm+mpnet+words", "minilm+words+words", "Minilm",
])  # fmt: skip
def test_orders_that_make_no_sense(order):
    with pytest.raises(InvalidInput, match="no order"):
        resolve_order(order, ())


def test_every_variant_is_an_order():
    for name in VARIANTS:
        assert resolve_order(name, ("minilm",)).stages
    assert len(set(VARIANTS)) == len(VARIANTS)


@pytest.mark.parametrize(("present", "encoders", "note"), [
    (("minilm", "mpnet"), ("minilm",), "No vision-language model is here"),
    (("minilm", "body"), ("body", "minilm"), "built-in encoder"),
    (("minilm", "mpnet", "clip", "body"), ("clip", "minilm"), "CLIP and a sentence encoder"),
    (("mpnet", "body"), ("body", "mpnet"), "built-in encoder"),
    (("body",), ("body",), "One encoder ranked (body)"),
])  # fmt: skip
def test_the_default_takes_a_caption_encoder_where_one_is(present, encoders, note):
    """CLIP before the built-in one; MiniLM before MPNet."""
    order = resolve_order("auto", present)
    assert order.name == "impromptu"
    assert order.encoders == encoders
    assert order.stages[-1] == "words"
    assert note in order.note
    assert order == resolve_order("impromptu", present)


class Table:
    """An encoder that knows three texts."""

    kind, dim = "sentence", 2

    def __init__(self, name, rows):
        self.name, self.rows = name, rows
        self.digest = hashlib.sha256(f"{name} {rows}".encode()).hexdigest()

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


def test_encoders_of_one_stage_count_together(library):
    body = Table("body", {"q": 0.0, "walking in place": 0.1, "walking backward": 1.5, "sit down": 0.2})
    minilm = Table("minilm", {"q": 0.0, "walking in place": 0.5, "walking backward": 0.45, "sit down": 1.0})
    encoders = {"body": body, "minilm": minilm}
    alone = retrieve(RetrieveRequest("q", order="minilm"), library, encoders)
    assert alone.ranked[0].text == "walking backward"
    found = retrieve(RetrieveRequest("q", order="body,minilm", top=3), library, encoders)
    assert [r.text for r in found.ranked] == ["walking in place", "walking backward", "sit down"]
    expected = CAPTION_WEIGHT * np.cos(0.1) + (1 - CAPTION_WEIGHT) * np.cos(0.5)
    assert found.ranked[0].score == pytest.approx(expected, abs=1e-3)
    later = retrieve(RetrieveRequest("q", order="minilm+body,minilm", top=3), library, encoders)
    assert [r.score for r in later.ranked] == pytest.approx([r.score for r in found.ranked], abs=1e-6)


def test_a_stage_orders_only_what_the_one_before_it_did(library):
    body = Table("body", {"q": 0.0, "walking in place": 0.1, "walking backward": 0.2, "sit down": 0.3})
    minilm = Table("minilm", {"q": 0.0, "walking in place": 0.9, "walking backward": 0.5, "sit down": 0.1})
    request = RetrieveRequest("q", order="body+minilm+words", k=2, top=3)
    found = retrieve(request, library, {"body": body, "minilm": minilm})
    assert [set(r.scores) for r in found.ranked] == [{"body", "minilm", "words"}] * 2 + [{"body"}]
    assert found.ranked[2].text == "sit down"
    best = found.ranked[0]
    assert best.score == pytest.approx(best.scores["minilm"] + best.scores["words"])
