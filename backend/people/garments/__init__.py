"""All garments, by name.

A garment is a row: what is said of it (`GarmentKind`), and a small function that cuts it on an `Atlas`. To add one,
write the function, put the row into its module's `KINDS`, and look at the sheet of `wardrobe_sheet`.
"""

from __future__ import annotations

from ..cut import GarmentKind
from . import bottoms, dresses, shoes, tops

KINDS: dict[str, GarmentKind] = {
    kind.name: kind for module in (tops, bottoms, dresses, shoes) for kind in module.KINDS
}
