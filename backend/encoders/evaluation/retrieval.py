"""Which picture a text means among all, and which text a picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ...people.captions import caption
from ...people.voice import Voice
from .embedding import Scorer
from .heldout import Item
from .intervals import Figure, share_of

BLOCK = 1024
"""Texts that are compared with all pictures at once."""
TIE = 1e-6
"""Cosines less far apart are the same."""
DEPTHS = (1, 5)
"""How many of the best count."""
Told = Sequence[tuple[int, str]]
"""Numbers of pictures, and a text that is true of each."""


def of_detail(detail: str) -> Callable[[Item], str]:
    """The first caption of that detail; nothing where a picture has none."""
    return lambda item: next((c["text"] for c in item.row["captions"] if c["detail"] == detail), "")


def in_trained_words(item: Item) -> str:
    """A full caption of the same facts, in words and forms that training has."""
    return caption(item.facts, "full", Voice(item.row["seed"], "train")).text


def without_backdrop(item: Item) -> str:
    """A full caption that leaves out what is behind the person."""
    return caption(replace(item.facts, backdrop=""), "full", Voice(item.row["seed"], item.split)).text


KINDS: dict[str, Callable[[Item], str]] = {
    "full captions": of_detail("full"),
    "medium captions": of_detail("medium"),
    "brief captions": of_detail("brief"),
    "full, in words of training": in_trained_words,
}


def told(items: Sequence[Item], say: Callable[[Item], str]) -> list[tuple[int, str]]:
    """What `say` says of each picture of which it says something."""
    return [(item.number, text) for item in items if (text := say(item))]


def places(told: Told, scorer: Scorer) -> tuple[NDArray[np.integer], NDArray[np.integer]]:
    """Which place the right one takes, from 1 on; one that scores the same as a false one comes after it.

    Where two pictures have the same text, either is right for it.

    Args:
        told: n texts of n different pictures; no others are compared.

    Returns:
        (n,) of each text's best right picture, and of each picture's text.
    """
    unique = {text: i for i, text in enumerate(dict.fromkeys(text for _, text in told))}
    which = np.array([unique[text] for _, text in told])
    numbers, texts = [number for number, _ in told], list(unique)
    scorer.learn(texts)
    own = np.array([scorer.at(number, [text])[0] for number, text in told])
    first, ahead = np.empty(len(unique), int), np.ones(len(told), int)
    for start in range(0, len(unique), BLOCK):
        ids = np.arange(start, min(start + BLOCK, len(unique)))
        scores, right = scorer.among(texts[start : start + BLOCK], numbers), ids[:, None] == which
        best = np.where(right, scores, -np.inf).max(1)
        first[ids] = 1 + (~right & (scores >= best[:, None] - TIE)).sum(1)
        ahead += (~right & (scores >= own - TIE)).sum(0)
    return first[which], ahead


def recalls(told: Told, scorer: Scorer) -> dict[str, Figure]:
    """`text to image, R@1` ... of one kind of texts."""
    numbers = [number for number, _ in told]
    found = dict(zip(("text to image", "image to text"), places(told, scorer), strict=True))
    return {
        f"{way}, R@{depth}": share_of((place <= depth).astype(float), numbers, min(depth / max(len(told), 1), 1.0))
        for way, place in found.items()
        for depth in DEPTHS
    }
