"""Embeddings that are kept: asked for once, forgotten in order, found again by another process."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from impromptu.backend.encoders.text_cache import FEW, TextCache, read_rows

MANY = [f"text {i}" for i in range(FEW + 5)]


class Tower:
    """Counts what it is asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, texts: list[str]) -> torch.Tensor:
        self.asked += texts
        return torch.tensor([[float(len(t)), float(sum(t.encode()))] for t in texts])


def test_each_text_is_asked_for_once():
    tower = Tower()
    cache = TextCache(tower)
    first = cache.vectors(["a", "bb", "a"])
    assert first.tolist() == [[1, 97], [2, 196], [1, 97]]
    first.zero_()
    assert cache.vectors(["bb", "c", "a"]).tolist() == [[2, 196], [1, 99], [1, 97]]
    assert tower.asked == ["a", "bb", "c"]


def test_the_least_recently_asked_for_is_forgotten():
    tower = Tower()
    cache = TextCache(tower, most=2)
    for texts in (["a"], ["b"], ["a"], ["c"], ["a"]):
        cache.vectors(texts)
    assert tower.asked == ["a", "b", "c"]
    cache.vectors(["b"])
    assert tower.asked == ["a", "b", "c", "b"]
    assert cache.vectors(["d", "e", "f"]).shape == (3, 2)


def test_many_texts_are_found_by_the_next_process(tmp_path):
    file = tmp_path / "texts" / "kept.npz"
    first = TextCache(Tower(), lambda: file).vectors(MANY)
    tower = Tower()
    later = TextCache(tower, lambda: file)
    assert torch.equal(later.vectors([*MANY, "new"]), torch.cat([first, torch.tensor([[3.0, 330.0]])]))
    assert tower.asked == ["new"]
    assert len(read_rows(file)) == len(MANY) + 1
    assert [path.name for path in file.parent.iterdir()] == ["kept.npz"]


def test_the_disk_is_not_asked_for_a_few():
    def file():
        raise AssertionError

    TextCache(Tower(), file).vectors(MANY[:FEW])


def test_a_file_is_bounded_and_keeps_the_newest(tmp_path):
    file = tmp_path / "kept.npz"
    TextCache(Tower(), lambda: file, most=50).vectors(MANY)
    other = [f"other {i}" for i in range(40)]
    TextCache(Tower(), lambda: file, most=50).vectors(other)
    tower = Tower()
    TextCache(tower, lambda: file).vectors([*other, *MANY])
    assert len(tower.asked) == 40 + len(MANY) - 50


@pytest.mark.parametrize("damage", ["cut", "text", "shape", "keys"])
def test_a_damaged_file_is_replaced(tmp_path, capsys, damage):
    file = tmp_path / "kept.npz"
    wanted = TextCache(Tower(), lambda: file).vectors(MANY)
    if damage == "cut":
        file.write_bytes(file.read_bytes()[:200])
    elif damage == "text":
        file.write_text("nothing")
    elif damage == "shape":
        np.savez(file, keys=np.zeros((3, 4), np.uint8), vectors=np.zeros((3, 2)))
    else:
        np.savez(file, vectors=np.zeros((3, 2)))
    assert torch.equal(TextCache(Tower(), lambda: file).vectors(MANY), wanted)
    assert "embedded again" in capsys.readouterr().err
    assert len(read_rows(file)) == len(MANY)


def test_a_disk_that_takes_nothing_costs_no_result(tmp_path, capsys):
    (tmp_path / "blocked").write_text("a file where the folder should be")
    cache = TextCache(Tower(), lambda: tmp_path / "blocked" / "kept.npz")
    assert cache.vectors(MANY).shape == (len(MANY), 2)
    assert "not kept" in capsys.readouterr().err
    cache.vectors([f"more {text}" for text in MANY])
    assert capsys.readouterr().err == ""
