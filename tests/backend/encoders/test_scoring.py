"""Cosines of picture files with texts."""

from __future__ import annotations

import argparse
import io
import json
import types

import numpy as np
import pytest
import torch
from impromptu.backend.encoders import factory
from impromptu.backend.encoders.base import EncoderOptions
from impromptu.backend.encoders.scoring import add_score_arguments, read_texts, run_score, score
from impromptu.backend.protocol import InvalidInput
from PIL import Image

COLOURS = {"red": (1, 0, 0), "green": (0, 1, 0), "blue": (0, 0, 1), "white": (1, 1, 1)}
TEXTS = list(COLOURS)


class MeanColour:
    """Pictures by their mean colour on white, texts by the colour that they name."""

    def __init__(self, chunk=0):
        self.options = EncoderOptions(chunk=chunk)
        self.seen = []

    def encode_texts(self, texts):
        rows = torch.tensor([COLOURS[text] for text in texts], dtype=torch.float32)
        return torch.nn.functional.normalize(rows, dim=1)

    def encode_images(self, images):
        self.seen.append(tuple(images.shape))
        colour = images[:, :3].expand(-1, 3, -1, -1)
        if images.shape[1] == 4:
            colour = colour * images[:, 3:] + 1 - images[:, 3:]
        return torch.nn.functional.normalize(colour.mean((2, 3)) + 1e-9, dim=1)


@pytest.fixture
def folder(tmp_path):
    Image.new("RGB", (40, 30), "red").save(tmp_path / "red.jpg", quality=100, subsampling=0)
    Image.new("RGBA", (7, 501), (0, 255, 0, 255)).save(tmp_path / "green.png")
    Image.new("RGBA", (16, 16), (0, 0, 255, 0)).save(tmp_path / "clear.png")
    Image.new("L", (3, 2), 200).save(tmp_path / "grey.png")
    Image.fromarray(np.full((20, 20), 40000, np.uint16)).save(tmp_path / "deep.png")
    Image.new("P", (1, 1), 0).save(tmp_path / "dot.gif")
    return tmp_path


def test_every_picture_meets_every_text(folder):
    names = ["red.jpg", "green.png", "clear.png", "grey.png", "deep.png", "dot.gif"]
    found = score(MeanColour(), [folder / name for name in names], TEXTS)
    assert found.cosine.shape == (6, 4)
    best = dict(zip(names, (TEXTS[i] for i in found.cosine.argmax(1)), strict=True))
    assert [best[n] for n in names[:5]] == ["red", "green", "white", "white", "white"]
    assert found.cosine[0, 0] == pytest.approx(1, abs=1e-2)
    assert found.images == tuple(str(folder / name) for name in names)


def test_pictures_wait_by_the_chunk_and_by_their_size(tmp_path):
    for i in range(5):
        Image.new("RGB", (8, 8), "red" if i % 2 else "blue").save(tmp_path / f"{i}.png")
    Image.new("RGB", (2100, 2100), "green").save(tmp_path / "large.png")
    paths = [tmp_path / f"{i}.png" for i in range(5)]
    encoder = MeanColour(chunk=2)
    found = score(encoder, [*paths, tmp_path / "large.png", tmp_path / "large.png", paths[0]], TEXTS)
    assert encoder.seen == [(2, 3, 8, 8)] * 2 + [(1, 3, 8, 8)] + [(1, 3, 2100, 2100)] * 2 + [(1, 3, 8, 8)]
    assert [TEXTS[i] for i in found.cosine.argmax(1)] == ["blue", "red"] * 2 + ["blue", "green", "green", "blue"]


def test_lines_of_a_file_or_of_standard_input(tmp_path, monkeypatch):
    content = "\ufeff a man in a red shirt \r\n\r\n  \r\nein Mädchen, 걷는 사람\r\n".encode()
    (tmp_path / "texts.txt").write_bytes(content)
    expected = ["a man in a red shirt", "ein Mädchen, 걷는 사람"]
    assert read_texts(str(tmp_path / "texts.txt")) == expected
    monkeypatch.setattr("sys.stdin", types.SimpleNamespace(buffer=io.BytesIO(content)))
    assert read_texts("-") == expected


@pytest.mark.parametrize(("content", "match"), [
    (b"", "holds no text"), (b"\n \n", "holds no text"), (b"\xff\xfea", "UTF-8"), (None, "no such file"),
])  # fmt: skip
def test_texts_that_cannot_be_read(tmp_path, content, match):
    if content is not None:
        (tmp_path / "texts.txt").write_bytes(content)
    with pytest.raises(InvalidInput, match=match):
        read_texts(str(tmp_path / "texts.txt"))


@pytest.mark.parametrize(("content", "match"), [(None, "no such file"), (b"words", "not a picture")])
def test_pictures_that_cannot_be_read(tmp_path, content, match):
    if content is not None:
        (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(InvalidInput, match=match):
        score(MeanColour(), [tmp_path / "a.png"], TEXTS)


@pytest.fixture
def command(monkeypatch, capsys, folder):
    """`impromptu encoder score` with the encoder of this test."""
    asked = []

    def load(name, options):
        asked.append((name, options))
        return MeanColour()

    monkeypatch.setattr(factory, "load_joint_encoder", load)
    (folder / "texts.txt").write_text("red\nblue\n", encoding="utf-8")
    parser = argparse.ArgumentParser()
    add_score_arguments(parser)

    def run(*argv):
        run_score(parser.parse_args([*argv, "--texts", str(folder / "texts.txt")]))
        return capsys.readouterr().out

    run.asked = asked
    return run


def test_json_has_three_keys(command, folder):
    found = json.loads(command(str(folder / "red.jpg"), str(folder / "grey.png"), "--json", "--encoder", "judge"))
    assert list(found) == ["images", "texts", "cosine"]
    assert found["images"] == [str(folder / "red.jpg"), str(folder / "grey.png")]
    assert found["texts"] == ["red", "blue"]
    assert found["cosine"][0] == pytest.approx([1, 0], abs=0.02)
    assert found["cosine"][1] == pytest.approx([3**-0.5] * 2, abs=1e-5)
    assert command.asked == [("judge", EncoderOptions())]


def test_the_table_has_the_best_text_first(command, folder):
    lines = command(str(folder / "red.jpg")).splitlines()
    assert lines[0] == str(folder / "red.jpg")
    assert [line.split()[1] for line in lines[1:]] == ["red", "blue"]
