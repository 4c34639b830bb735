"""Persons as posed, coloured meshes: dressed where the body is one that clothes are cut for, else bare."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..body.axes import resolve_betas
from ..body.kept import kept_body
from ..body.load import VARIANTS
from ..body.model import MorphableBody
from ..memory import on_release
from ..people.spec import Garment, Person
from ..people.wardrobe import Wardrobe
from .stage import Figure

OUTFIT = (
    Garment("t-shirt", "orange", (0.80, 0.26, 0.04)),
    Garment("trousers", "slate", (0.09, 0.12, 0.17)),
    Garment("trainers", "grey", (0.30, 0.30, 0.31), "leather"),
)
"""What a body wears where nobody asks: colours that tell arms, trunk, legs and feet apart."""

TIGHT = (
    Garment("tank top", "teal", (0.03, 0.27, 0.29), "cotton"),
    Garment("leggings", "dark grey", (0.06, 0.06, 0.07)),
)
"""What a body wears where its shape is looked at."""


@lru_cache(maxsize=2)
def kept_wardrobe(spec: str) -> Wardrobe:
    """The wardrobe of a body, as `kept_body` names it; the default bodies are templates of one."""
    return Wardrobe(kept_body("neutral" if spec in VARIANTS else spec))


on_release(kept_wardrobe.cache_clear)


class Figures:
    """Poses persons on one body.

    Args:
        spec: `neutral`, `male`, `female` or the path of a model file.
        outfit: what `person` wears.
    """

    def __init__(self, spec: str, outfit: tuple[Garment, ...] = OUTFIT) -> None:
        self.body: MorphableBody = kept_body(spec)
        self.wardrobe = kept_wardrobe(spec)
        self.name, self.sha256 = self.body.name, self.body.sha256
        template = spec if spec in VARIANTS else "neutral"
        self.person = Person(template=template, garments=outfit if self.wardrobe.kinds else ())
        """Of the mean shape; in bare skin where the body is none that clothes are cut for."""
        if self.person.hair not in self.wardrobe.hair_styles:
            self.person = replace(self.person, hair=self.wardrobe.hair_styles[0])

    def resolve(self, pairs: Iterable[tuple[str, float]]) -> NDArray[np.float32]:
        """(S,) betas of pairs of axis and value."""
        return resolve_betas(self.body, pairs)[0].numpy()

    @staticmethod
    def tensor(coefficients: NDArray[np.floating]) -> Tensor:
        """(1, S) float32, as a body takes them."""
        return torch.from_numpy(np.asarray(coefficients, np.float32))[None]

    def pose(
        self,
        person: Person,
        pose: NDArray[np.floating],
        transl: NDArray[np.floating] | None = None,
        painted: bool = False,
    ) -> Figure:
        """One person, posed by itself: the sums of a batch depend on its size.

        Args:
            pose: (J, 3) axis-angle; transl: (3,) metres, or none to stand on the floor over the origin.
            painted: as of `Wardrobe.pose`.
        """
        stand = np.zeros(3) if transl is None else transl
        one = self.wardrobe.pose([person], pose[None], stand[None], ground=transl is None, painted=painted)
        return Figure(
            self.wardrobe.faces,
            one.vertices[0],
            one.colours[0],
            one.roughness[0],
            one.metallic[0],
            one.parts[0],
            self.wardrobe.part_names,
            one.joints[0],
        )

    def sole(self, person: Person) -> float:
        """How far shoes reach below the bare feet, metres."""
        bare = replace(person, garments=())
        low, dressed = (self.wardrobe.dress([p]).vertices[0, :, 1].min() for p in (bare, person))
        return float(low - dressed)
