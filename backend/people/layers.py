"""Garments as arrays over the whole mesh, ready to be laid over each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .atlas import Atlas
from .cut import Cut
from .inks import MAIN, Ink, Paint, mixed
from .materials import Material
from .patterns import PATTERNS, Weave
from .spec import RGB

PUSH, ALONG, SMOOTH, ROUGHNESS, METALLIC = slice(0, 3), 3, 4, 5, 6
"""A vertex's seven values while a person is dressed: how far cloth pushes it, how much of that goes out along its
normal, how much of the body's small features is hidden, and how it shines."""
VALUES = 7
WHOLE = 0.996
"""Cover from which on nothing shows of what is below."""


@dataclass(frozen=True)
class Layer:
    """One garment in one pattern and material; S vertices, of which the first ones are hidden wholly."""

    index: np.ndarray
    """(S,) vertices."""
    whole: int
    """How many of them are hidden wholly."""
    cover: np.ndarray
    """(S - whole, 1) float32, how much of what is below is hidden at the others."""
    shares: np.ndarray
    """(S, 5) float32, see `inks.mixed`."""
    values: np.ndarray
    """(S, 7) float32."""
    owned: np.ndarray
    """(k,) vertices that count as this garment."""
    part: int
    """Index into `spec.PARTS`."""

    def over(self, colours: np.ndarray, values: np.ndarray, parts: np.ndarray, main: RGB, second: RGB) -> None:
        """Lay it over a person, in place.

        Args:
            colours: (V', 3); values: (V', 7); parts: (V',) uint8.
            main, second: linear colours.
        """
        wanted = self.shares @ np.array((main, second, *_UNIT), np.float32)
        full, edge = self.index[: self.whole], self.index[self.whole :]
        colours[full], values[full] = wanted[: self.whole], self.values[: self.whole]
        for state, new in ((colours, wanted), (values, self.values)):
            below = state[edge]
            state[edge] = below + self.cover * (new[self.whole :] - below)
        parts[self.owned] = self.part


_UNIT = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))


def body_layer(
    atlas: Atlas, cut: Cut, part: int, pattern: str, material: Material, slices: dict[str, slice], paints: bool = True
) -> Layer:
    """A garment's cut as one layer over body and pieces.

    Args:
        slices: the vertices of every piece.
        paints: whether the hem is darkened, as it is on cloth.
    """
    index = np.flatnonzero(cut.cover > 0.004)
    count = len(atlas.v)
    lift = np.broadcast_to(np.asarray(cut.lift, np.float64), (count,))
    push = lift[:, None] * atlas.normals
    if cut.push is not None:
        push = push + cut.push
    smooth = np.broadcast_to(np.asarray(cut.smooth, np.float64), (count,))
    weave = Weave(atlas.run[index], atlas.round[index], atlas.v[index].astype(np.float64))
    details: list[Paint] = [(mask[index], ink) for mask, ink in cut.paints]
    if paints and cut.hem != 1:
        # The outermost edge of the cloth: where its cover is about to end.
        edge = np.clip(4 * cut.cover * (1 - cut.cover), 0, 1)
        edge = np.maximum(edge, atlas.neighbours @ edge)[index]
        details.append((0.8 * edge, Ink(cut.hem)))
    blocks = [(index, cut.cover[index], push[index], smooth[index], _shares(weave, pattern, material, details))]
    for piece in cut.pieces:
        where = slices[piece.name]
        own = np.arange(where.start, where.stop)
        weave = Weave(piece.run, piece.round, piece.places)
        shares = _shares(weave, pattern, material, list(piece.paints))
        blocks.append((own, np.ones(len(own)), np.zeros((len(own), 3)), np.zeros(len(own)), shares))
    index, cover, push, smooth, shares = (np.concatenate(values) for values in zip(*blocks, strict=True))
    along = np.zeros(len(index))
    along[: len(blocks[0][0])] = (blocks[0][2] * atlas.normals[blocks[0][0]]).sum(1).clip(0)
    surface = np.tile((material.roughness, material.metallic), (len(index), 1))
    values = np.concatenate((push, along[:, None], smooth[:, None], surface), 1)
    order = np.argsort(cover <= WHOLE, kind="stable")
    whole = int((cover > WHOLE).sum())
    return Layer(
        index[order],
        whole,
        cover[order[whole:], None].astype(np.float32),
        shares[order].astype(np.float32),
        values[order].astype(np.float32),
        index[cover > 0.5],
        part,
    )


def _shares(weave: Weave, pattern: str, material: Material, details: list[Paint]) -> np.ndarray:
    paints = [(np.ones(len(weave.run)), MAIN), *PATTERNS[pattern](weave), *details]
    return mixed(len(weave.run), paints) * material.mottling(weave.places)[:, None]
