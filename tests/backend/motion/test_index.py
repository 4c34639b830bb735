"""The label index: incremental, exact, and unharmed by damaged files."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from impromptu.backend.motion.index import best_rows, build_index


class Counting:
    """Stands for an encoder: a text's vector comes from its hash."""

    name, kind, dim, digest = "counting", "sentence", 24, "c0ffee" * 10

    def __init__(self):
        self.seen = []

    def encode(self, texts):
        self.seen += texts
        rows = [np.frombuffer(hashlib.sha256(t.encode()).digest()[:24], np.int8) for t in texts]
        vectors = np.array(rows, np.float32)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.fixture
def texts():
    return [f"label {i}" for i in range(300)]


def test_only_new_texts_are_encoded(tmp_path, texts):
    encoder = Counting()
    build_index(texts, encoder, tmp_path)
    encoder.seen.clear()
    index = build_index(["first", *texts, "last"], encoder, tmp_path)
    assert encoder.seen == ["first", "last"]
    assert index.encoded == 2
    assert np.array_equal(index.vectors, Counting().encode(index.texts).astype(np.float16))
    again = build_index(index.texts, encoder, tmp_path)
    assert again.encoded == 0
    assert isinstance(again.vectors.base, np.memmap)
    assert again.vectors.dtype == np.float16


def test_the_best_rows_are_exact(texts):
    encoder = Counting()
    index = build_index(texts, encoder)
    query = encoder.encode(["a query"])[0]
    expected = np.argsort(-(index.vectors.astype(np.float32) @ query), kind="stable")[:7]
    rows, scores = best_rows(index.scores(query), 7)
    assert list(rows) == list(expected)
    assert np.all(np.diff(scores) <= 0)
    assert len(best_rows(index.scores(query), 10_000)[0]) == len(texts)


@pytest.mark.parametrize("content", [b"", b"rubbish", b"\x93NUMPY\x01\x00"])
def test_a_damaged_file_is_made_again(tmp_path, texts, content):
    encoder = Counting()
    build_index(texts, encoder, tmp_path)
    file = next(tmp_path.glob("labels-*.npy"))
    file.write_bytes(content)
    index = build_index(texts, encoder, tmp_path)
    assert index.encoded == len(texts)
    assert build_index(texts, encoder, tmp_path).encoded == 0
