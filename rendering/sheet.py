"""A contact sheet: the motion in eight pictures, left to right in two rows, with a caption under it."""

from __future__ import annotations

import numpy as np

from .captions import draw_text

COLUMNS, ROWS = 4, 2
GAP = 6
PAPER = (246, 247, 249)
FAINT = (104, 111, 122)


def sheet_times(seconds: float, count: int = COLUMNS * ROWS) -> np.ndarray:
    """(count,) moments to show: the first and the last included."""
    return np.linspace(0.0, max(0.0, seconds), count)


def compose_sheet(pictures: list[np.ndarray], times: np.ndarray, title: str, subtitle: str) -> np.ndarray:
    """One picture of all frames.

    Args:
        pictures: (height, width, 3) uint8 each, of one size, in order.
        times: seconds of each.
        title, subtitle: the two lines of the caption.

    Returns:
        (height, width, 3) uint8, with an even number of rows and columns.
    """
    high, wide = pictures[0].shape[:2]
    size = wide / 15
    strip = int(3.6 * size) // 2 * 2
    sheet = np.empty((ROWS * high + (ROWS - 1) * GAP + strip, COLUMNS * wide + (COLUMNS - 1) * GAP, 3), np.uint8)
    sheet[:] = PAPER
    for i, (picture, moment) in enumerate(zip(pictures, times, strict=True)):
        y, x = (i // COLUMNS) * (high + GAP), (i % COLUMNS) * (wide + GAP)
        margin = int(0.55 * size)
        sheet[y : y + high, x : x + wide] = draw_text(
            picture, f"{moment:.1f} s", margin, high - margin, 0.62 * size, wide - 2 * margin, FAINT
        )
    left, room = int(0.8 * size), sheet.shape[1] - int(1.6 * size)
    top = ROWS * high + (ROWS - 1) * GAP
    sheet = draw_text(sheet, title, left, top + int(1.6 * size), 1.15 * size, room)
    return draw_text(sheet, subtitle, left, top + int(2.85 * size), 0.72 * size, room, FAINT)
