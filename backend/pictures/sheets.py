"""Contact sheets: some pictures of a set on one, each with its words under it."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from ..files import atomic_path

COLUMNS, ROWS = 6, 4
GAP, LINE, TEXT = 8, 13, 11
"""Pixels: between pictures, from one line of words to the next, and their size."""
LINES = 6
SIDE = 192
"""Pixels of a picture on a sheet."""


def write_sheet(folder: Path, manifest: Path, path: Path, columns: int = COLUMNS, rows: int = ROWS) -> None:
    """Put pictures, evenly taken from a set, on one.

    Args:
        folder: the set's.
        manifest: its lines.
        path: .png or .jpg.

    Raises:
        InvalidInput: the sheet cannot be written.
    """
    lines = manifest.read_text(encoding="utf-8").splitlines()
    count = min(columns * rows, len(lines))
    shown = [json.loads(lines[i * len(lines) // count]) for i in range(count)]
    columns = min(columns, count)
    height = SIDE + (LINES + 1) * LINE
    size = (columns * (SIDE + GAP) + GAP, -(-count // columns) * height + GAP)
    sheet = Image.new("RGB", size, (250, 250, 250))
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(TEXT)
    wide = int(SIDE / font.getlength("abcdefghij klmnop") * 17)
    for i, row in enumerate(shown):
        x, y = GAP + i % columns * (SIDE + GAP), GAP + i // columns * height
        with Image.open(folder / row["file"]) as picture:
            sheet.paste(picture.convert("RGB").resize((SIDE, SIDE), Image.Resampling.LANCZOS), (x, y))
        words = textwrap.wrap(words_of(row), wide)[:LINES]
        pen.multiline_text((x, y + SIDE + 2), "\n".join(words), (40, 40, 40), font, spacing=LINE - TEXT)
    with atomic_path(path) as temporary:
        sheet.save(temporary, quality=88)


def words_of(row: dict[str, Any]) -> str:
    """What a line of a manifest says of its picture: its first caption, its label or its largest coefficients."""
    if row.get("captions"):
        return str(row["captions"][0]["text"])
    if row.get("label"):
        return str(row["label"])
    axes = sorted(zip(row["coefficients"], row["names"], strict=True), key=lambda axis: -abs(axis[0]))
    return ", ".join(f"{name.replace('_', ' ')} {value:+.1f}" for value, name in axes[:3])
