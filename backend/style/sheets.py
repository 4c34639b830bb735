"""Looks beside their words, on one picture."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ..files import atomic_path

SIDE = 128
"""Pixels of one view."""
WORDS, GAP, TEXT, LETTERS = 190, 6, 13, 28
"""Pixels of the words' column, between entries and of a letter; letters a line."""
INK, PAPER = (40, 40, 40), (250, 250, 250)


def write_sheet(path: Path, entries: Sequence[tuple[str, np.ndarray]], columns: int = 1) -> None:
    """Words and the picture that they are of, entry by entry; a PNG or a JPEG, by the file's name, atomic.

    Args:
        entries: text, and (SIDE, W, 3) uint8 with one W for all.
    """
    wide = WORDS + entries[0][1].shape[1] + GAP
    lines = -(-len(entries) // columns)
    sheet = Image.new("RGB", (columns * wide + GAP, lines * (SIDE + GAP) + GAP), PAPER)
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(TEXT)
    for i, (said, pixels) in enumerate(entries):
        x, y = GAP + i % columns * wide, GAP + i // columns * (SIDE + GAP)
        text = "\n".join(part for line in said.splitlines() for part in textwrap.wrap(line, LETTERS))
        pen.multiline_text((x, y + 8), text, INK, font, spacing=6)
        sheet.paste(Image.fromarray(pixels), (x + WORDS, y))
    with atomic_path(path) as temporary:
        sheet.save(temporary, format="PNG" if path.suffix.lower() == ".png" else "JPEG", quality=88)
