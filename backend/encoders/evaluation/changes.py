"""The same pictures, changed: what an encoder should see through."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from ...people.colours import ANCHORS, from_hex
from ...pictures.backdrops import draw_backdrop, to_srgb
from ...pictures.part_map import NONE

LEAST_CROP = 0.7
"""Share of a side that a crop keeps at least."""
BLUR = 0.009
"""Standard deviation, in sides of the picture: 2 pixels of 224."""
NOISE = 0.06
"""Standard deviation of 0 to 1."""
JPEG = 20
"""Of 100."""
BACKDROPS = ("gradient", "chess", "noise")

Pixels = NDArray[np.uint8]
One = Callable[[Pixels, Pixels, np.random.Generator], tuple[Pixels, Pixels]]
"""One picture, (H, W, 3), and its map of parts, (H, W), changed alike."""


@dataclass(frozen=True)
class Change:
    """One way to change pictures."""

    apply: One
    retell: Callable[[str], str] = lambda text: text
    """What becomes of texts that are true of the picture before."""
    coloured: bool = True
    """Whether colours can still be told."""

    def __call__(self, pictures: Pixels, parts: Pixels, seeds: list[int]) -> tuple[Pixels, Pixels]:
        """(n, H, W, 3) and (n, H, W) changed, each by its own seed."""
        lots = [np.random.default_rng([seed, 3]) for seed in seeds]
        changed = [self.apply(p, m, lot) for p, m, lot in zip(pictures, parts, lots, strict=True)]
        return np.stack([p for p, _ in changed]), np.stack([m for _, m in changed])


def mirror_words(text: str) -> str:
    """`left` for `right` and the other way round."""
    sides = {"left": "right", "right": "left"}
    return re.sub(r"\b(left|right)\b", lambda m: sides[m[1]], text)


def _crop(picture: Pixels, parts: Pixels, lot: np.random.Generator) -> tuple[Pixels, Pixels]:
    size = picture.shape[0]
    side = round(size * lot.uniform(LEAST_CROP, 1.0))
    x, y = (int(lot.integers(0, size - side + 1)) for _ in range(2))
    box, whole = (x, y, x + side, y + side), (size, size)
    cut = Image.fromarray(picture).resize(whole, Image.Resampling.BICUBIC, box)
    return np.asarray(cut), np.asarray(Image.fromarray(parts).resize(whole, Image.Resampling.NEAREST, box))


def _background(picture: Pixels, parts: Pixels, lot: np.random.Generator) -> tuple[Pixels, Pixels]:
    names = list(ANCHORS)
    one, other = lot.choice(len(names), 2, replace=False)
    colours = np.stack([from_hex(ANCHORS[names[i]]) for i in (one, other)])
    kind = BACKDROPS[lot.integers(len(BACKDROPS))]
    height, width = parts.shape
    behind = to_srgb(draw_backdrop(kind, colours, height, width, int(lot.integers(2**31))))
    return np.where((parts == NONE)[..., None], behind, picture), parts


def _blur(picture: Pixels, parts: Pixels, lot: np.random.Generator) -> tuple[Pixels, Pixels]:
    return np.asarray(Image.fromarray(picture).filter(ImageFilter.GaussianBlur(BLUR * len(picture)))), parts


def _noise(picture: Pixels, parts: Pixels, lot: np.random.Generator) -> tuple[Pixels, Pixels]:
    grain = lot.standard_normal(picture.shape, np.float32) * np.float32(255 * NOISE)
    return (picture + grain).round().clip(0, 255).astype(np.uint8), parts


def _jpeg(picture: Pixels, parts: Pixels, lot: np.random.Generator) -> tuple[Pixels, Pixels]:
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "JPEG", quality=JPEG)
    with Image.open(stream) as image:
        return np.asarray(image.convert("RGB")), parts


def _grey(picture: Pixels, parts: Pixels, lot: np.random.Generator) -> tuple[Pixels, Pixels]:
    return np.asarray(Image.fromarray(picture).convert("L").convert("RGB")), parts


def _half(picture: Pixels, parts: Pixels, lot: np.random.Generator) -> tuple[Pixels, Pixels]:
    size = (picture.shape[1] // 2, picture.shape[0] // 2)
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BOX)), parts


def _mirror(picture: Pixels, parts: Pixels, lot: np.random.Generator) -> tuple[Pixels, Pixels]:
    return np.ascontiguousarray(picture[:, ::-1]), np.ascontiguousarray(parts[:, ::-1])


CHANGES: dict[str, Change] = {
    "cropped to 70 to 100 % of a side": Change(_crop),
    "another background": Change(_background),
    "blurred by 0.9 % of a side": Change(_blur),
    "noise of 6 %": Change(_noise),
    "JPEG of quality 20": Change(_jpeg),
    "grey": Change(_grey, coloured=False),
    "half the size": Change(_half),
    "mirrored": Change(_mirror, mirror_words),
}
