"""What the optimisation changes: the colours of garments, and a field over the body for all that they do not tell.

colour = garments laid over skin, each in colours of its own, plus the field's, where the look may change;
displacement = what cloth stands off by, plus the field's, along the body's outward direction.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from ..render.shade import on_srgb_curve, srgb_to_linear
from .costume import Costume
from .field import FieldOptions, StyleField

BOUND = 0.1
"""Metres that the surface may move by at most, either way (CLIP-Actor, section 5)."""
FIELD_BOUND = 0.02
"""Metres of it that the field may add to cloth that lies there already."""
SHADE, TINT = 0.1, 0.03
"""sRGB by which the field may make a garment's own colour lighter or darker, and by which it may change its hue: with
more of the latter encoders find hues within one garment that nobody asked for."""


@dataclass(frozen=True)
class Freedom:
    """Where a look may change; V vertices, 0 to 1."""

    shade: Tensor
    """(V, 1) of the field's shades, which are bounded: on garments whose colours are known."""
    colour: Tensor
    """(V, 1) of the field's colours, which are not."""
    displacement: Tensor
    """(V,) share of the field's displacement."""


@dataclass(frozen=True)
class Shown:
    """One state of a look."""

    colour: Tensor
    """(V, 3) sRGB, not yet within 0 and 1."""
    displacement: Tensor
    """(V,) metres along the costume's direction, on top of its offsets."""


class Appearance(nn.Module):
    """A look as what an optimiser can change.

    Args:
        costume: what there is to begin with.
        freedom: where it may change.
        generator: decides the field's first weights.
        present: (V, 3) sRGB of a look to begin with, under the garments; none: the costume's own.
        relief: how far the surface may move, as a share of its bound.
        places: (V, 3) metres that the field is asked at; by default the costume's, at rest.
    """

    base: Tensor
    open: Tensor
    begun: Tensor
    left: Tensor

    def __init__(
        self,
        costume: Costume,
        freedom: Freedom,
        options: FieldOptions,
        generator: torch.Generator,
        present: Tensor | None = None,
        relief: float = 1.0,
        places: Tensor | None = None,
    ) -> None:
        super().__init__()
        self.costume, self.freedom, self.relief = costume, freedom, relief
        self.bounded = any(g.asked for g in costume.garments)
        self.field = StyleField(costume.rest if places is None else places, options, generator)
        colours = [g.colours for g in costume.garments]
        self.palette = nn.Parameter(torch.stack(colours) if colours else torch.zeros(0, 2, 3))
        self.register_buffer("base", costume.base if present is None else srgb_to_linear(present))
        open_ = [(g.asked, g.asked and g.second_open) for g in costume.garments]
        self.register_buffer("open", torch.tensor(open_, dtype=torch.bool).reshape(-1, 2, 1))
        self.register_buffer("begun", self.palette.detach().clone())
        self._shown = costume.shown()
        left = (BOUND - costume.offsets().norm(dim=1)).clamp(min=0)
        self.register_buffer("left", left, persistent=False)

    def own_palette(self) -> Tensor:
        """(G, 2, 3) sRGB of the garments: colours that nobody asked for are those they began with."""
        return self.palette.where(self.open, self.begun)

    def forward(self, palette: Tensor | None = None, encoded: Tensor | None = None) -> Shown:
        """The look as it is.

        Args:
            palette: (G, 2, 3) sRGB colours to show the garments in, instead of their own.
        """
        raw, lifted = self.field(encoded)
        srgb = self.composed(self.own_palette() if palette is None else palette)
        srgb = srgb + self.field_colour(raw, self.freedom.shade, self.freedom.colour)
        moved = self.field_displacement(lifted, self.freedom.displacement)
        return Shown(srgb, moved.maximum(-self.left).minimum(self.left))

    def field_colour(self, raw: Tensor, shade: Tensor, colour: Tensor) -> Tensor:
        """(P, 3) sRGB that the field adds, of its raw values (P, 3) and how free they are, (P, 1) each."""
        bound = torch.tanh(raw)
        light = bound.mean(1, keepdim=True)
        return shade * (SHADE * light + TINT * (bound - light)) + colour * raw

    def composed(self, palette: Tensor) -> Tensor:
        """(V, 3) sRGB of the garments in some colours, over the skin."""
        out = self.base
        for garment, colours in zip(self.costume.garments, srgb_to_linear(palette), strict=True):
            own = garment.shares[:, :2] @ colours + garment.shares[:, 2:]
            out = out + garment.cover * (own - out)
        return on_srgb_curve(out)

    def field_displacement(self, lifted: Tensor, freedom: Tensor) -> Tensor:
        """(P,) metres that the field moves the surface by, of its raw values (P,) and how free they are (P,)."""
        return self.relief * (FIELD_BOUND if self.bounded else BOUND) * freedom * torch.tanh(lifted)

    def mean_colours(self, srgb: Tensor, areas: Tensor) -> Tensor:
        """(G, 3) mean linear colour of what shows of each garment."""
        linear = srgb_to_linear(srgb)
        weights = [areas * share for share in self._shown]
        return torch.stack([(w[:, None] * linear).sum(0) / w.sum().clamp(min=1e-12) for w in weights])


def vertex_areas(rest: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """(V,) square metres: a third of the faces around each vertex."""
    a, b, c = (rest[faces[:, i]].astype(np.float64) for i in range(3))
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1) / 6
    return np.bincount(faces.ravel(), np.repeat(area, 3), minlength=len(rest))
