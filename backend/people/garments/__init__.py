"""All garments, by name.

A garment is a row: what is said of it (`GarmentKind`), and a small function that cuts it on an `Atlas`. To add one,
write the function, put the row into its module's `KINDS`, and look at it on thin and stout, tall and short bodies, in
poses. Fields are metres, positive inside; `cover` makes the share of a vertex of them that a garment hides.
"""

from __future__ import annotations

from ..cut import GarmentKind
from . import accessories, bottoms, dresses, hats, outer, shoes, tops, uniforms

KINDS: dict[str, GarmentKind] = {
    kind.name: kind
    for module in (tops, bottoms, dresses, uniforms, outer, shoes, hats, accessories)
    for kind in module.KINDS
}
