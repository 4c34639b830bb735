"""A sheet of sliders: each word's model at its low end, in the middle and at its high end."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from ..files import atomic_path
from ..protocol.slider_map import SliderMap
from .studio import Studio

SIZE = 176
STRIP = 16
"""Pixels of the line of text above a row."""


def slider_sheet(studio: Studio, sliders: SliderMap, size: int = SIZE) -> np.ndarray:
    """(H, W, 3) sRGB: a row for two sliders; low, middle and high, each from the studio's first two cameras.

    Args:
        size: pixels of a picture's side, even.
    """
    rows = []
    for i, (word, opposite) in enumerate(zip(sliders.words, sliders.opposites, strict=True)):
        ends = [sliders.moved(sliders.mean, i, value) for value in (sliders.low[i], 0.0, sliders.high[i])]
        pictures = [_cropped(studio.pictures(row, size)[:2]) for row in ends]
        said = f"{opposite or 'not ' + word} {sliders.low[i]:.1f} ... {word} {sliders.high[i]:+.1f}"
        rows.append(np.concatenate((_line(said, sum(p.shape[1] for p in pictures)), np.concatenate(pictures, 1)), 0))
    if len(rows) % 2:
        rows.append(np.full_like(rows[-1], 255))
    pairs = [np.concatenate(rows[i : i + 2], 1) for i in range(0, len(rows), 2)]
    return np.concatenate(pairs, 0)


def _cropped(pictures: np.ndarray) -> np.ndarray:
    """The middle of each picture, where an upright model stands, side by side."""
    width = pictures.shape[2]
    edge = width // 5
    return np.concatenate(list(pictures[:, :, edge : width - edge]), 1)


def _line(text: str, width: int) -> np.ndarray:
    picture = Image.new("RGB", (width, STRIP), "white")
    ImageDraw.Draw(picture).text((4, 2), text, fill="black")
    return np.asarray(picture)


def save_sheet(path: Path, sheet: np.ndarray) -> None:
    """Write a picture, all or nothing.

    Raises:
        InvalidInput: the folder is missing or cannot be written.
    """
    with atomic_path(path) as temporary:
        Image.fromarray(sheet).save(temporary)
