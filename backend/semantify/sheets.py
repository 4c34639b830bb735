"""A sheet of sliders: each word's model at its low end, in the middle and at its high end."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from ..files import atomic_path
from ..protocol.slider_map import SliderMap
from .studio import Studio

SIZE = 320
STRIP = 22
"""Pixels of the line of text above a row."""
PLAIN = 24
"""Levels that the ground differs by from its corner, at most."""


def slider_sheet(studio: Studio, sliders: SliderMap, size: int = SIZE) -> np.ndarray:
    """(H, W, 3) sRGB: a row for two sliders; low, middle and high, each from the studio's first two cameras.

    Args:
        size: pixels of a picture's side, even.
    """
    ends = [
        [sliders.moved(sliders.mean, i, value) for value in (sliders.low[i], middle(sliders, i), sliders.high[i])]
        for i in range(len(sliders.words))
    ]
    pictures = _trimmed(np.stack([[studio.pictures(row, size)[:2] for row in one] for one in ends]))
    rows = []
    for i, (word, opposite) in enumerate(zip(sliders.words, sliders.opposites, strict=True)):
        strip = np.concatenate([shot for shots in pictures[i] for shot in shots], 1)
        low = f"{opposite or 'not ' + word} {sliders.low[i]:.1f}" if sliders.low[i] < 0 else "0"
        said = f"{low} ... {word} {sliders.high[i]:+.1f}"
        rows.append(np.concatenate((_line(said, strip.shape[1]), strip), 0))
    if len(rows) % 2:
        rows.append(np.full_like(rows[-1], 255))
    pairs = [np.concatenate(rows[i : i + 2], 1) for i in range(0, len(rows), 2)]
    return np.concatenate(pairs, 0)


def middle(sliders: SliderMap, slider: int) -> float:
    """What is shown between a slider's ends: 0, or half of a range that begins there."""
    return 0.0 if sliders.low[slider] < 0 else float(sliders.high[slider]) / 2


def _trimmed(pictures: np.ndarray) -> np.ndarray:
    """(..., H', W', 3) of (..., H, W, 3): without the edges at which none of them shows the model."""
    corner = pictures.reshape(-1, *pictures.shape[-3:])[0, 0, 0].astype(int)
    shown = np.abs(pictures.astype(int) - corner).max(-1) > PLAIN
    shown = shown.reshape(-1, *shown.shape[-2:]).any(0)
    if not shown.any():
        return pictures
    rows, columns = np.flatnonzero(shown.any(1)), np.flatnonzero(shown.any(0))
    return pictures[..., rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1, :]


def _line(text: str, width: int) -> np.ndarray:
    picture = Image.new("RGB", (width, STRIP), "white")
    ImageDraw.Draw(picture).text((4, 2), text, fill="black", font_size=16)
    return np.asarray(picture)


def save_sheet(path: Path, sheet: np.ndarray) -> None:
    """Write a picture, all or nothing.

    Raises:
        InvalidInput: the folder is missing or cannot be written.
    """
    with atomic_path(path) as temporary:
        Image.fromarray(sheet).save(temporary)
