"""Several prompts in one direction."""

from __future__ import annotations

import pytest
import torch
from impromptu.backend.encoders.weighted import encode_weighted, parse_weighted
from impromptu.backend.protocol import InvalidInput


class Axes:
    """Every letter is an axis."""

    def encode_texts(self, texts):
        return torch.nn.functional.normalize(torch.stack([torch.eye(26)[ord(t[0]) - 97] for t in texts]), dim=1)


@pytest.mark.parametrize(
    ("line", "pairs"),
    [
        ("a red shirt:1.2 | blurry:-0.3", (("a red shirt", 1.2), ("blurry", -0.3))),
        ("a red shirt", (("a red shirt", 1.0),)),
        (" a shirt : 2 ", (("a shirt", 2.0),)),
        ("style: punk", (("style: punk", 1.0),)),
        ("style: punk:-1e-1|b", (("style: punk", -0.1), ("b", 1.0))),
        ("b:0", (("b", 0.0),)),
    ],
)
def test_lines_are_parsed(line, pairs):
    assert parse_weighted(line) == pairs


@pytest.mark.parametrize("line", ["", " | a", "a|", ":2", "a:nan", "a:inf", "a:1e999"])
def test_lines_without_sense_are_refused(line):
    with pytest.raises(InvalidInput, match=r"empty|finite"):
        parse_weighted(line)


def test_weights_add_up_and_negative_ones_lead_away():
    vector = encode_weighted(Axes(), "a:3 | b:-4")  # type: ignore[arg-type]
    assert vector[:3].tolist() == pytest.approx([0.6, -0.8, 0])
    assert torch.equal(encode_weighted(Axes(), [("a", 3.0), ("b", -4.0)]), vector)  # type: ignore[arg-type]
    assert encode_weighted(Axes(), "a:-5")[0] == -1  # type: ignore[arg-type]


@pytest.mark.parametrize("prompts", ["a:1 | a:-1", "a:0", "a:5 | a:-5.000001", [("a", 1e-9), ("b", float("nan"))]])
def test_what_cancels_out_is_refused(prompts):
    with pytest.raises(InvalidInput, match=r"cancel|finite"):
        encode_weighted(Axes(), prompts)
