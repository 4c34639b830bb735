"""Colours for models that no clothes are cut for, so that encoders of photographs see a face, or fur."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..body.layout import HEAD_FILE
from ..body.model import MorphableBody
from ..files import load_npz
from ..people.spec import Person
from ..pictures.figures import kept_wardrobe

FUR = (0.30, 0.16, 0.07)
TEETH, MOUTH = (0.75, 0.70, 0.60), (0.25, 0.05, 0.04)
HEAD_KIND = "impromptu_head"
HAIR = "shaved"
_REGIONS = {"upper_teeth": TEETH, "lower_teeth": TEETH, "tongue": MOUTH}


def fur(count: int) -> NDArray[np.float32]:
    """(count, 3) the brown of a smooth coat, linear."""
    return np.tile(np.array(FUR, np.float32), (count, 1))


def face_colours(body: MorphableBody, person: Person) -> NDArray[np.float32] | None:
    """(V, 3) skin, brows, eyes, lips, teeth and short hair for the default head; None for any other model.

    The head's vertices are the default body's, whose colours they take; what the body has not is coloured by region.
    """
    if body.kind != HEAD_KIND:
        return None
    of_body = load_npz(HEAD_FILE)["body_vertex"]
    worn = replace(person, template="neutral", hair=HAIR, betas=(), expression=())
    colours = kept_wardrobe("neutral").colour(worn)[0]
    found = np.where((of_body >= 0)[:, None], colours[of_body.clip(min=0)], np.array(MOUTH))
    names = [str(name) for name in body.arrays.extras["region_names"]]
    for name, colour in _REGIONS.items():
        found[body.arrays.extras["regions"] == names.index(name)] = colour
    return found.astype(np.float32)
