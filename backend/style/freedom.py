"""Where a look may change: where the text says something, and nowhere that a person wants to keep."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from ..body.layout import BodyArrays
from ..people.atlas import Atlas
from ..protocol import InvalidInput
from .appearance import Freedom
from .costume import Costume
from .persons import Person
from .regions import eyes, soft_region
from .words import Look

SPOKEN = {"skin": ("head", "neck", "hands", "forearms"), "hair": ("hair",), "beard": ("face",)}
"""Regions that change too where the text speaks of them."""
SPOKEN_SHARE = 0.6
FACE_SHARE = 0.35
"""Of colour and displacement of face and hands, where no garment is known: a face that is painted over is no face."""


def find_freedom(
    arrays: BodyArrays,
    costume: Costume,
    look: Look,
    only: Sequence[str] = (),
    keep: Sequence[str] = (),
    protect: bool = True,
) -> Freedom:
    """Shares of the field that are added, by vertex.

    Garments that the look names may change by a shade each; where it names none, all of the body may. Eyes never do.

    Args:
        only, keep: of `protocol.REGIONS`.
        protect: leave skin, face and hair alone where nothing is said of them; without, all may change.
    """
    atlas = Atlas(arrays)
    count = len(arrays.v_template)
    asked = [share for share, g in zip(costume.shown(), costume.garments, strict=True) if g.asked]
    everywhere = np.ones(count)
    if protect and (asked or look.person != Person()):
        worn = torch.stack(asked).sum(0).clamp(0, 1).numpy() if asked else np.zeros(count)
        said = np.zeros(count)
        for name in look.person.unsettled:
            said = np.maximum(said, SPOKEN_SHARE * soft_region(atlas, SPOKEN[name]))
        shade, colour, shape = worn * (1 - said), said, np.maximum(worn, 0.3 * said)
    else:
        shade, colour, shape = np.zeros(count), everywhere, everywhere.copy()
        if protect:
            shape *= 1 - (1 - FACE_SHARE) * soft_region(atlas, ("head", "hands", "feet"))
            colour = colour * (1 - (1 - FACE_SHARE) * soft_region(atlas, ("head", "hands")))
    limit = region_limit(arrays, only, keep) * ~eyes(atlas)
    return Freedom(
        torch.from_numpy((shade * limit).astype(np.float32))[:, None],
        torch.from_numpy((colour * limit).astype(np.float32))[:, None],
        torch.from_numpy((shape * limit).astype(np.float32)),
    )


def region_limit(arrays: BodyArrays, only: Sequence[str], keep: Sequence[str]) -> np.ndarray:
    """(V,) 0 to 1: how much of a change a person allows by naming regions.

    Raises:
        InvalidInput: regions are named, and the body has none of its own.
    """
    if not only and not keep:
        return np.ones(len(arrays.v_template))
    if "regions" not in arrays.extras:
        raise InvalidInput(
            f"{arrays.name} names no regions of the body.", "Leave out what may change and what stays."
        )
    atlas = Atlas(arrays)
    allowed = soft_region(atlas, only) if only else np.ones(len(arrays.v_template))
    return allowed * (1 - soft_region(atlas, keep))
