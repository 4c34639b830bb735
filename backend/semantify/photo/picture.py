"""A photo as it comes: any size and format, whole or refused in one sentence."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...encoders.images import read_picture
from ...files import explain_os_error
from ...protocol import InvalidInput

LEAST = 48
"""Pixels of a side: with fewer nobody sees a shape."""
WORKED_ON = 1024
"""Pixels of the longer side that a photo is shrunk to: what finds people looks at 256."""
MOST_BYTES = 1 << 28
MOVING = ("GIF", "WEBP", "PNG")
"""Formats that can move. Phones write photos of several sizes, and scanners pages, which do not."""


@dataclass(frozen=True)
class Photo:
    """H x W pixels."""

    pixels: NDArray[np.uint8]
    """(H, W, 3) sRGB, upright."""
    alpha: NDArray[np.uint8] | None
    """(H, W); none where the file has no transparency, or no pixel is transparent."""
    scale: float
    """Pixels of the file for one of these."""
    name: str
    sha256: str
    """Of the file."""

    @property
    def size(self) -> tuple[int, int]:
        """Height and width."""
        return self.pixels.shape[0], self.pixels.shape[1]


def read_photo(path: str | Path) -> Photo:
    """A photo from a file, shrunk to `WORKED_ON`; nothing in the file is executed.

    Raises:
        InvalidInput: missing, damaged, animated, huge or tiny, or no picture.
    """
    path = Path(path)
    try:
        if path.stat().st_size > MOST_BYTES:
            raise InvalidInput(f"{path.name} is larger than {MOST_BYTES >> 20} MiB.", "Save it smaller.")
        content = path.read_bytes()
    except OSError as error:
        raise explain_os_error(error, path) from error
    shown = read_picture(path)[0].permute(1, 2, 0).numpy()
    frames = _frames(path)
    if frames > 1:
        raise InvalidInput(
            f"{path.name} is animated, with {frames} pictures.", "Save the one that shows the person by itself."
        )
    height, width, layers = shown.shape
    if min(height, width) < LEAST:
        raise InvalidInput(f"{path.name} has {width} x {height} pixels.", f"Give {LEAST} a side at least.")
    pixels = np.rint(shown * 255).astype(np.uint8)
    colour = pixels[:, :, :1].repeat(3, 2) if layers < 3 else pixels[:, :, :3]
    alpha = pixels[:, :, 3] if layers == 4 and pixels[:, :, 3].min() < 255 else None
    scale = max(max(height, width) / WORKED_ON, 1.0)
    if scale > 1:
        size = max(round(width / scale), 1), max(round(height / scale), 1)
        colour = resized(colour, size)
        alpha = None if alpha is None else resized(alpha, size)
    if alpha is not None:
        # What a transparent pixel holds is nobody's business: it may be anything.
        share = alpha[:, :, None].astype(np.float32) / 255
        colour = np.rint(colour * share + 255 * (1 - share)).astype(np.uint8)
    return Photo(np.ascontiguousarray(colour), alpha, scale, path.name, hashlib.sha256(content).hexdigest())


def resized(pixels: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Pixels of another width and height, averaged where it shrinks.

    Args:
        pixels: (H, W) or (H, W, 3); size: width and height.
    """
    from PIL import Image

    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BOX if size[0] < pixels.shape[1] else
                                                     Image.Resampling.BICUBIC))  # fmt: skip


def _frames(path: Path) -> int:
    """How many pictures a moving one has; 1 of any other."""
    from PIL import Image

    with Image.open(path) as picture:
        return int(getattr(picture, "n_frames", 1)) if picture.format in MOVING else 1


def cut(pixels: NDArray[np.uint8], left: int, top: int, width: int, height: int) -> NDArray[np.uint8]:
    """(height, width, ...) a rectangle of (H, W, ...) pixels; beyond them the nearest pixel goes on."""
    rows = np.clip(np.arange(top, top + height), 0, pixels.shape[0] - 1)
    columns = np.clip(np.arange(left, left + width), 0, pixels.shape[1] - 1)
    return pixels[rows[:, None], columns[None]]
