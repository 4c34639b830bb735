"""Scores by three ways, of an encoder whose space is known."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from impromptu.backend.protocol import InvalidInput
from impromptu.backend.semantify.families import Descriptor, load_family
from impromptu.backend.semantify.scores import Words, score

FAMILY = replace(
    load_family("body"),
    templates=("a {word} {noun}", "one {word} {noun}"),
    with_templates=(),
    descriptors=(Descriptor("fat", ("fat", "plump"), against="thin"), Descriptor("thin", ("thin",), against="fat"),
                 Descriptor("odd", ("odd",))),
)  # fmt: skip


class Encoder:
    """Words on axes of their own; the template's first word turns a text a little."""

    scale = 5.0

    def encode_texts(self, texts):
        axes = {"fat": 0, "plump": 1, "thin": 2, "odd": 3, "man": 4}
        out = torch.zeros(len(texts), 6)
        for i, text in enumerate(texts):
            words = text.replace("an ", "a ").split()
            out[i, axes[words[1]]] = 1
            out[i, 5] = 0.1 if words[0] == "a" else 0.3
        return out


def test_ways_are_the_means_that_they_say():
    words = Words(Encoder(), FAMILY, "male")
    seen = np.zeros((1, 2, 6), np.float32)
    seen[0, 0, 0], seen[0, 1, 2], seen[0, :, 5] = 1, 0.5, 0.2
    mean = seen.mean(1)[0]
    fat, thin = np.array([0.5, 0.5, 0, 0, 0, 0.2]), np.array([0, 0, 1, 0, 0, 0.2])
    assert score(words, seen, "cosine")[0, :2] == pytest.approx([100 * mean @ fat, 100 * mean @ thin])
    nats = 5 * mean @ (fat - thin)
    assert score(words, seen, "odds")[0, :2] == pytest.approx([nats, -nats])
    assert score(words, seen, "softmax")[0, 0] == pytest.approx(1 / (1 + math.exp(-nats)))
    # What has no contrary is compared with the bare noun.
    assert words.contraries[2].tolist() == pytest.approx([0, 0, 0, 0, 1, 0.1])


def test_one_text_asks_once():
    assert Words(Encoder(), FAMILY, "male", one_text=True).vectors[0].tolist() == pytest.approx([1, 0, 0, 0, 0, 0.1])


def test_other_ways_are_refused():
    with pytest.raises(InvalidInput, match="no way to score"):
        score(Words(Encoder(), FAMILY, "male"), np.zeros((1, 1, 6)), "guess")
