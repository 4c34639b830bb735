"""What is behind the mesh, in two dimensions: the same behind every engine's pictures."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from ..people import colours as tones
from ..protocol import InvalidInput
from .scenes import BACKDROPS, Array, Scenes

STEPS = 1 << 14
"""Of the table from linear light to sRGB: finer than any step of 8 bits."""
SQUARES = (6, 15)
"""Fewest and most squares of a chessboard along a picture's shorter side."""
OCTAVES = (4, 9, 19)
"""Cells along the shorter side of the grids that noise is made of."""


@cache
def linear_table() -> NDArray[np.float32]:
    """(256,) linear light of an sRGB byte."""
    return tones.to_linear(np.arange(256) / 255).astype(np.float32)


@cache
def srgb_table() -> NDArray[np.uint8]:
    """(STEPS,) sRGB bytes of linear light from 0 to 1."""
    return (tones.to_srgb(np.arange(STEPS) / (STEPS - 1)) * 255 + 0.5).astype(np.uint8)


def to_srgb(linear: Array) -> NDArray[np.uint8]:
    """sRGB bytes of linear light; what is beyond 0 and 1 is cut off."""
    places = linear.clip(0, 1) * np.float32(STEPS - 1) + np.float32(0.5)
    return srgb_table()[places.astype(np.int32)]


def backdrop_of(scenes: Scenes, i: int, fine: int = 1) -> NDArray[np.float32]:
    """The backdrop of the i-th picture.

    Args:
        fine: samples along a pixel's side.
    """
    return draw_backdrop(
        scenes.backdrop[i],
        scenes.backdrop_colours[i],
        scenes.height * fine,
        scenes.width * fine,
        int(scenes.seeds[i]),
    )


def draw_backdrop(kind: str, colours: Array, height: int, width: int, seed: int) -> NDArray[np.float32]:
    """(height, width, 3) linear light, top row first.

    Args:
        kind: of `scenes.BACKDROPS`; a `ground` has its plain colour here, its floor is the engine's.
        colours: (2, 3) linear.
        seed: of chess and noise; at another size the same pattern is finer or coarser.

    Raises:
        InvalidInput: no such kind.
    """
    first, second = np.asarray(colours, np.float32)
    if kind in ("plain", "ground"):
        share = np.zeros((1, 1), np.float32)
    elif kind == "gradient":
        share = ((np.arange(height, dtype=np.float32) + 0.5) / height)[:, None]
    elif kind == "chess":
        share = _chess(height, width, np.random.default_rng(seed))
    elif kind == "noise":
        share = _noise(height, width, np.random.default_rng(seed))
    else:
        raise InvalidInput(f"There is no backdrop called {kind!r}.", f"Use one of {', '.join(BACKDROPS)}.")
    drawn = first + share[..., None] * (second - first)
    return np.broadcast_to(drawn, (height, width, 3))


def _chess(height: int, width: int, lot: np.random.Generator) -> NDArray[np.float32]:
    """(height, width) 0 and 1: squares of a size and a place by lot."""
    size = 1 / lot.integers(SQUARES[0], SQUARES[1] + 1)
    x, y = (
        _places(n, min(height, width)) / size + start for n, start in zip((width, height), lot.random(2), strict=True)
    )
    return ((np.floor(x)[None] + np.floor(y)[:, None]) % 2).astype(np.float32)


def _places(count: int, short: int) -> NDArray[np.float64]:
    """The middles of pixels, in shorter sides of the picture."""
    return (np.arange(count) + 0.5) / short


def _noise(height: int, width: int, lot: np.random.Generator) -> NDArray[np.float32]:
    """(height, width) from 0 to 1: clouds of three sizes, as of a painted cloth."""
    total = np.zeros((height, width))
    for octave, cells in enumerate(OCTAVES):
        x, y = (_places(n, min(height, width)) * cells for n in (width, height))
        grid = lot.random((int(y[-1]) + 2, int(x[-1]) + 2))
        total += _between(_between(grid, y).T, x).T / 2**octave
    low, high = total.min(), total.max()
    return ((total - low) / max(high - low, 1e-9)).astype(np.float32)


def _between(rows: NDArray[np.float64], places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rows at places between them, eased so that no cell's edge is seen."""
    below = places.astype(int)
    t = (places - below)[:, None]
    t = t * t * (3 - 2 * t)
    return rows[below] * (1 - t) + rows[below + 1] * t


def compose(rgba: NDArray[np.uint8], behind: NDArray[np.float32]) -> NDArray[np.uint8]:
    """(height, width, 3) sRGB of a picture with straight alpha over a backdrop, mixed as light.

    Args:
        rgba: (height, width, 4) sRGB; alpha is linear.
        behind: (height, width, 3) linear.
    """
    alpha = rgba[..., 3:].astype(np.float32) / 255
    front = linear_table()[rgba[..., :3]]
    mixed = to_srgb(behind + alpha * (front - behind))
    # What is wholly covered keeps its bytes.
    return np.where(rgba[..., 3:] == 255, rgba[..., :3], mixed)


def shrink(rgba: NDArray[np.uint8], fine: int) -> NDArray[np.uint8]:
    """A picture with straight alpha, `fine` x `fine` pixels averaged to one, as light."""
    if fine == 1:
        return rgba
    alpha = rgba[..., 3:].astype(np.float32) / 255
    light = np.concatenate((linear_table()[rgba[..., :3]] * alpha, alpha), -1)
    height, width = rgba.shape[0] // fine, rgba.shape[1] // fine
    mean = light.reshape(height, fine, width, fine, 4).mean((1, 3))
    front = mean[..., :3] / mean[..., 3:].clip(min=1e-6)
    return np.concatenate((to_srgb(front), (mean[..., 3:] * 255 + 0.5).astype(np.uint8)), -1)
