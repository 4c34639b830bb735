"""The built-in encoder: its trunk, its words, its file, and what it keeps to as an encoder."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from impromptu.backend.encoders.base import EncoderOptions
from impromptu.backend.encoders.builtin import encoder as builtin
from impromptu.backend.encoders.builtin import trunk as trunks
from impromptu.backend.encoders.builtin import vocabulary, weights
from impromptu.backend.encoders.builtin.model import BodyEncoder, BodyEncoderConfig
from impromptu.backend.encoders.builtin.words import FEATURES, MOST, split
from impromptu.backend.protocol import AssetsMissing, InvalidInput
from torch import nn
from torch.nn import functional as F

SMALL = BodyEncoderConfig(size=64, width=32, image_layers=1, text_layers=1, heads=2, questions=3, dim=24)
WORDS = ("a", "red", "shirt", "blue", "jeans", ",")


def features(words):
    """Something fixed for each word."""
    lots = [np.random.default_rng([ord(c) for c in word]) for word in words]
    return np.stack([lot.standard_normal(FEATURES) for lot in lots]).astype(np.float32)


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights") / "small.safetensors"
    weights.save(path, BodyEncoder(SMALL).eval(), WORDS, torch.from_numpy(features(WORDS)), {"seed": 0})
    return path


@pytest.fixture
def small(file, monkeypatch):
    monkeypatch.setattr(builtin, "word_features", features)
    return builtin.BuiltinEncoder("small", file, EncoderOptions(device="cpu"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("A dark-skinned man, in a T-shirt.", ["a", "dark", "skinned", "man", ",", "in", "a", "t-shirt", "."]),
        ("the man's 2 boots", ["the", "man's", "2", "boots"]),
        ("naïve_snake", ["naïve", "snake"]),
        ("!?", []),
    ],
)
def test_words(text, words):
    assert split(text) == words


def published(variant):
    """Random weights under the names of the published ones, and a network with norms that has them."""
    lots = torch.Generator().manual_seed(1)
    reference = trunks.Trunk(variant)
    state = {}

    def layer(conv, name, norm):
        conv.bias = None
        conv.weight = nn.Parameter(torch.randn(conv.weight.shape, generator=lots) * conv.weight[0].numel() ** -0.5)
        after = nn.BatchNorm2d(conv.out_channels, eps=trunks.EPSILON)
        nn.init.uniform_(after.weight, 0.5, 1.5, generator=lots)
        nn.init.normal_(after.bias, 0, 0.3, generator=lots)
        after.running_mean.normal_(0, 0.3, generator=lots)
        after.running_var.uniform_(0.5, 2, generator=lots)
        state[f"{name}.weight"] = conv.weight.detach()
        state.update({f"{norm}.{k}": v for k, v in after.state_dict().items()})
        return nn.Sequential(conv, after.eval())

    reference.stem = layer(reference.stem, "_conv_stem", "_bn0")
    for i, block in enumerate(b for stage in reference.stages for b in stage):
        if block.widen is not None:
            block.widen = layer(block.widen, f"_blocks.{i}._expand_conv", f"_blocks.{i}._bn0")
        block.filter = layer(block.filter, f"_blocks.{i}._depthwise_conv", f"_blocks.{i}._bn1")
        block.narrow = layer(block.narrow, f"_blocks.{i}._project_conv", f"_blocks.{i}._bn2")
    return state, reference


@pytest.mark.parametrize(
    ("variant", "blocks", "channels"), [("lite0", 16, [40, 112, 320]), ("lite2", 21, [48, 120, 352])]
)
def test_norms_fold_into_the_convolutions(variant, blocks, channels):
    state, reference = published(variant)
    trunk = trunks.Trunk(variant)
    assert sum(len(stage) for stage in trunk.stages) == blocks
    assert trunk.channels == channels
    trunks.fold_pretrained(trunk, state)
    x = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        for ours, theirs in zip(trunk(x), reference(x), strict=True):
            torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=1e-3)


def test_frozen_stages_get_no_gradient():
    trunk = trunks.Trunk("lite0")
    sum(f.sum() for f in trunk(torch.rand(1, 3, 64, 64), frozen=2)).backward()
    learns = [p.grad is not None for p in trunk.stages[1].parameters()]
    assert not any(learns)
    assert all(p.grad is not None for p in trunk.stages[2].parameters())


def test_half_of_the_tower_is_the_same_as_all_of_it():
    torch.manual_seed(0)
    model = BodyEncoder(SMALL).eval()
    x = torch.rand(2, 3, 64, 64)
    whole, cells, _ = model.image(x)
    assert whole.shape == (2, 24)
    assert cells.shape == (2, 24, 8, 8)
    torch.testing.assert_close(model.image.whole(x), whole)
    torch.testing.assert_close(model.image.cells(x), cells)
    torch.testing.assert_close(cells.norm(dim=1), torch.ones(2, 8, 8))


def test_a_picture_of_another_size_is_read(small):
    assert small.encode_images(torch.rand(1, 3, 50, 90)).shape == (1, 24)
    assert small.ground(torch.rand(1, 1, 200, 100)).shape == (1, 24, 8, 8)


def test_whole_and_cells_in_one_pass(small):
    x = torch.rand(3, 3, 64, 64)
    whole, cells = small.see(x)
    torch.testing.assert_close(whole, small.encode_images(x))
    torch.testing.assert_close(cells, small.ground(x))


def test_gradients_reach_the_pixels(small):
    x = torch.rand(2, 3, 40, 40, requires_grad=True)
    target = small.encode_texts(["a red shirt", "blue jeans"])
    (small.encode_images(x) * target).sum().backward()
    assert x.grad is not None
    assert (x.grad.flatten(1).abs().amax(1) > 0).all()
    assert not target.requires_grad


def test_a_text_does_not_depend_on_those_beside_it(small):
    texts = ["a red shirt", "a red shirt, blue jeans, a red shirt, blue jeans", "jeans"]
    together = small.encode(texts)
    np.testing.assert_array_equal(together, np.concatenate([small.encode([t]) for t in texts]))
    assert not np.allclose(*small.encode(["a red shirt, blue jeans", "a blue shirt, red jeans"]))


def test_texts_of_known_words_need_no_other_model(file, monkeypatch):
    def never(words):
        raise AssertionError(f"asked for {words}")

    monkeypatch.setattr(builtin, "word_features", never)
    known = builtin.BuiltinEncoder("small", file, EncoderOptions(device="cpu"))
    assert known.encode_texts(["a red shirt, blue jeans"]).shape == (1, 24)
    with pytest.raises(AssertionError, match="crimson"):
        known.encode_texts(["a crimson shirt"])


def test_a_new_word_is_read_as_if_it_had_been_kept(file, small):
    model = weights.load(file)[0]
    row = model.text.project(torch.from_numpy(features(["green"])))
    expected = model.text(row[None], torch.ones(1, 1, dtype=torch.bool))[0]
    torch.testing.assert_close(small.encode_texts(["green"]), expected)


def test_texts_that_cannot_be_read(small):
    with pytest.raises(InvalidInput, match="no word"):
        small.encode_texts(["?!"])
    with pytest.raises(InvalidInput, match=str(MOST)):
        small.encode_texts(["red " * (MOST + 1)])
    with pytest.raises(InvalidInput, match="empty"):
        small.encode_phrases([" "])


def test_a_label_beyond_the_limit_is_read_up_to_it(small):
    words = ["a", "red", "shirt", "blue", "jeans"] * MOST
    np.testing.assert_array_equal(small.encode([" ".join(words)]), small.encode([" ".join(words[:MOST])]))


def test_half_precision_says_nearly_the_same(file, small):
    half = builtin.BuiltinEncoder("small", file, EncoderOptions(device="cpu", precision="bfloat16"))
    texts, x = ["a red shirt", "blue jeans"], torch.rand(2, 3, 64, 64)
    said = [(encoder.encode_texts(texts), *encoder.see(x)) for encoder in (half, small)]
    for ours, theirs in zip(*said, strict=True):
        assert ours.dtype == torch.float32
        assert F.cosine_similarity(ours, theirs).min() > 0.99


def test_the_file_keeps_what_the_model_says(file):
    torch.manual_seed(0)
    before = BodyEncoder(SMALL).eval()
    model, words, rows, origin = weights.load(file)
    assert words == WORDS
    assert origin == {"seed": 0}
    assert rows.shape == (len(WORDS), SMALL.width)
    x = torch.rand(1, 3, 64, 64)
    assert F.cosine_similarity(model.image.whole(x), before.image.whole(x)).item() > 0.9999


def test_damaged_files_are_refused(file, tmp_path):
    content = file.read_bytes()
    cut = tmp_path / "cut.safetensors"
    cut.write_bytes(content[: len(content) // 2])
    with pytest.raises(InvalidInput, match="damaged"):
        weights.load(cut)
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    header["__metadata__"]["format"] = "other"
    text = json.dumps(header).encode()
    other = tmp_path / "other.safetensors"
    other.write_bytes(len(text).to_bytes(8, "little") + text + content[8 + length :])
    with pytest.raises(InvalidInput, match="no built-in encoder"):
        weights.load(other)


def test_missing_weights_are_said(monkeypatch, tmp_path):
    monkeypatch.setattr(builtin, "FOLDER", tmp_path)
    with pytest.raises(AssetsMissing, match="judge"):
        builtin.load_builtin("judge", EncoderOptions())


def test_a_vocabulary_asks_once_for_a_word():
    asked = []

    def find(words):
        asked.append(list(words))
        return torch.from_numpy(features(words))

    known = vocabulary.Vocabulary(["red"], torch.from_numpy(features(["red"])), find)
    numbers, there = known.read(["red shirt", "shirt", "a red red coat"])
    assert asked == [["a", "coat", "shirt"]]
    assert there.tolist() == [[True, True, False, False], [True, False, False, False], [True] * 4]
    assert [known.words[i] for i in numbers[2]] == ["a", "red", "red", "coat"]
    known.read(["a red shirt"])
    assert len(asked) == 1
    np.testing.assert_array_equal(known.rows.numpy(), features(known.words))
