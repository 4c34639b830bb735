"""The part of a dress, skirt or robe that hangs from the waist."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ..atlas import Atlas, cover, ramp
from ..cut import Cut
from ..inks import Paint, shade
from ..pieces import GRIDS, Piece
from ..sheets import hanging

ROUND = np.linspace(-np.pi, np.pi, GRIDS["skirt"][1])


def lower(
    atlas: Atlas,
    to: float,
    flare: float,
    *,
    ease: float = 0.006,
    pleats: int = 7,
    follow: float = 0.0,
    gap: float = 0.0,
    apron: float = 0.0,
    top: float | None = None,
    paint: Callable[[np.ndarray, np.ndarray], Sequence[Paint]] | None = None,
) -> Piece:
    """The hanging piece of a skirt.

    Args:
        to: how far down the legs (0 hip, 1 knee, 2 ankle).
        flare: metres that the hem stands off for each metre of length.
        ease: metres that all of it stands off.
        pleats: folds around it; 0 for smooth cloth.
        follow: see `sheets.hanging`.
        gap: metres that it is open in front, for coats.
        apron: radians to both sides of the front that it covers, where it covers the front alone.
        top: height where it begins; a little above the waistband if not given.
    """
    start = atlas.waist + 0.02 if top is None else top
    end = atlas.between(("hip", "knee", "ankle"), to, 1)
    length = start - end

    def away(t: np.ndarray, angle: np.ndarray) -> np.ndarray:
        folds = 0.5 * np.cos(pleats * angle) * (7 / max(pleats, 7)) ** 3 if pleats else 0.0
        return ease + flare * length * t * (1 + folds * ramp(t, 0.15, 0.8))

    def inks(t: np.ndarray, angle: np.ndarray) -> Sequence[Paint]:
        details = list(paint(t, angle)) if paint else []
        if pleats:
            details.append((0.5 * ramp(t, 0.1, 0.5) * (0.5 - 0.5 * np.cos(pleats * angle)), shade(0.6)))
        return [*details, (ramp(t, 0.97, 1.0), shade(0.75))]

    # The seam lies behind, or in front where a coat opens.
    angles = ROUND * (1 - gap / 0.34 / np.pi) + np.pi if gap else ROUND
    if apron:
        angles = ROUND / np.pi * apron
    return hanging(atlas, "skirt", angles, start, end, ease=away, follow=follow, paint=inks)


def skirt(atlas: Atlas, to: float, flare: float, **options) -> Cut:
    """A skirt alone: its band on the body, and the hanging piece."""
    band = np.minimum(atlas.waist + 0.01 - atlas.y, atlas.y - atlas.crotch + 0.02)
    band = np.where(atlas.on_arm, -1.0, band)
    return Cut(cover(band), 0.005, pieces=(lower(atlas, to, flare, **options),))
