"""The person by itself: what an encoder is shown, and what a user sees to know who was meant."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .finding import Found
from .picture import cut

AROUND = 1.12
"""Side of the crop, of the person's longer side."""


def crop_of(pixels: NDArray[np.uint8], found: Found, alone: bool = False) -> NDArray[np.uint8]:
    """(s, s, 3) a square around the person; white beyond the photo.

    Args:
        pixels: (H, W, 3) of the photo.
        alone: everything else white, as behind the people whom encoders learn from.
    """
    left, top, width, height = found.box
    side = max(round(AROUND * max(width, height)), 8)
    corner = left + width // 2 - side // 2, top + height // 2 - side // 2
    seen = cut(pixels, *corner, side, side).copy()
    beyond = [np.arange(first, first + side) for first in corner]
    for axis, at in ((1, beyond[0]), (0, beyond[1])):
        outside = (at < 0) | (at >= pixels.shape[axis])
        seen[(slice(None), outside) if axis else outside] = 255
    if alone and found.mask is not None:
        room = np.pad(found.mask, side)
        x, y = corner[0] + side, corner[1] + side
        seen[~room[y : y + side, x : x + side]] = 255
    return seen
