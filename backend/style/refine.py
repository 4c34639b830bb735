"""A finer mesh for the optimisation: CLIP-Actor subdivides its content mesh once (section 5).

Whatever is linear on a triangle is carried to the middles of edges, so the surface that is begun with stays where it
is. The first V vertices are the old ones: what is found for them is the look of the body's own mesh.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from torch import Tensor, nn

from ..body.subdivide import Subdivision, subdivide
from .appearance import Freedom
from .content import Content
from .costume import Costume


def rounds_of(faces: Tensor, count: int, vertices: int) -> list[Subdivision]:
    """The rounds, from coarse to fine.

    Args:
        faces: (F, 3); count: how many rounds; vertices: V.
    """
    out: list[Subdivision] = []
    for _ in range(count):
        out.append(subdivide(faces, vertices))
        faces, vertices = out[-1].faces, vertices + len(out[-1].edges)
    return out


def finer_costume(costume: Costume, rounds: Sequence[Subdivision]) -> Costume:
    """The costume on the finer mesh."""
    garments = tuple(
        replace(g, **{name: carried(getattr(g, name), rounds) for name in ("cover", "shares", "offsets", "surface")})
        for g in costume.garments
    )
    own = {name: carried(getattr(costume, name), rounds) for name in ("rest", "base", "base_offsets", "surface")}
    return replace(costume, direction=_directions(costume.direction, rounds), garments=garments, **own)


def finer_content(content: Content, rounds: Sequence[Subdivision]) -> Content:
    """The frames on the finer mesh."""
    return replace(
        content, vertices=carried(content.vertices, rounds), directions=carried(content.directions, rounds)
    )


def finer_freedom(freedom: Freedom, rounds: Sequence[Subdivision]) -> Freedom:
    """Where a look may change on the finer mesh."""
    return Freedom(
        carried(freedom.shade, rounds), carried(freedom.colour, rounds),
        carried(freedom.displacement[:, None], rounds)[:, 0],
    )  # fmt: skip


def carried(values: Tensor, rounds: Sequence[Subdivision]) -> Tensor:
    """(..., V', C) of (..., V, C)."""
    for one in rounds:
        values = one.carry(values)
    return values


def _directions(direction: Tensor, rounds: Sequence[Subdivision]) -> Tensor:
    """(V', 3) unit vectors; without a round the given ones, to the last bit."""
    return nn.functional.normalize(carried(direction, rounds), dim=-1) if rounds else direction
