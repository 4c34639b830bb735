"""Precision on files of pairs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from impromptu.backend.encoders import load_encoder
from impromptu.backend.motion.pairs import compare_orders, compare_weights, read_pairs
from impromptu.backend.protocol import InvalidInput

PROMPTS = Path(__file__).parents[2] / "data" / "motion_prompts.tsv"


def test_own_sentence_is_no_candidate_and_rows_count():
    pairs = [
        ("a man walks", "somebody is walking"),
        ("a man walks", "a walking man"),
        ("the puppy has its food", "a man walks"),
        ("a puppy feeds", "the dog is eating"),
    ]
    result = compare_orders(pairs, {"minilm": load_encoder("minilm")})
    assert set(result["variants"]) == {"impromptu", "minilm", "minilm+words"}
    counted = {"hits": 3, "pairs": 4, "percent": 75.0, "queries": 3, "right": 2, "among_5": 3}
    assert result["variants"]["minilm"] == {"stages": ["minilm"], **counted}


def test_further_labels_are_candidates_too():
    pairs = [("a man walks", "somebody is walking")]
    encoders = {"minilm": load_encoder("minilm")}
    assert compare_orders(pairs, encoders)["variants"]["minilm"]["right"] == 1
    found = compare_orders(pairs, encoders, further=["a man is walking", "a cat"])["variants"]["minilm"]
    assert (found["right"], found["among_5"]) == (0, 1)


@pytest.mark.parametrize(("content", "match"), [
    (b"", "no pairs"), (b"one column\n", "Line 1"), (b"a\tb\nc\t\n", "Line 2"), (b"\xff\xfe\x00a", "UTF-8"),
])  # fmt: skip
def test_bad_files(tmp_path, content, match):
    path = tmp_path / "pairs.tsv"
    path.write_bytes(content)
    with pytest.raises(InvalidInput, match=match):
        read_pairs(path)


def test_missing_file(tmp_path):
    with pytest.raises(InvalidInput, match="no such file"):
        read_pairs(tmp_path / "none.tsv")


def test_the_default_is_ahead_of_the_encoder_alone_on_motion_prompts():
    variants = compare_orders(read_pairs(PROMPTS), {"minilm": load_encoder("minilm")})["variants"]
    assert variants["impromptu"]["hits"] > variants["minilm"]["hits"]
    assert variants["impromptu"]["percent"] > 80


class Table:
    """An encoder that knows the angle of each text."""

    kind, dim = "sentence", 2

    def __init__(self, name, **angles):
        self.name, self.digest, self.angles = name, name, angles

    def encode(self, texts):
        angles = np.array([self.angles[text] for text in texts])
        return np.stack([np.cos(angles), np.sin(angles)], 1).astype(np.float32)


def test_weights_are_chosen_on_one_half_and_counted_on_the_other():
    """`one` is right for the first and third query, `two` for the others; only the caption encoder knows."""
    pairs = [("a", "one"), ("b", "two"), ("c", "one"), ("d", "two")]
    body = Table("body", a=0.0, b=1.0, c=0.1, d=0.9, one=0.0, two=1.0)
    minilm = Table("minilm", a=0.5, b=0.5, c=0.5, d=0.5, one=0.5, two=0.6)
    found = compare_weights(pairs, {"body": body, "minilm": minilm})
    assert found["stages"] == ["body,minilm", "words"]
    rows = {row["weight"]: row for row in found["weights"]}
    assert rows[0.0]["right"] == 2
    assert rows[1.0] == {"weight": 1.0, "halves": [2, 2], "right": 4}
    assert found["chosen"][0] == 0.0
    assert found["chosen"][1] > 0
    assert found["held_out"] == 2 + rows[0.0]["halves"][1]


def test_nothing_to_weigh():
    with pytest.raises(InvalidInput, match="nothing to weigh"):
        compare_weights([("a", "b")], {"minilm": Table("minilm", a=0, b=0)})
