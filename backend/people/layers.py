"""Garments as arrays over the whole mesh, ready to be laid over each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .atlas import Atlas
from .cut import Cut
from .inks import MAIN, Ink, Paint, mixed
from .materials import MATERIALS, Material
from .patterns import PATTERNS, Weave

COLOUR, PUSH, SMOOTH, ROUGHNESS, METALLIC = slice(0, 3), slice(3, 6), 6, 7, 8
"""What each of a vertex's nine values is while a person is dressed."""
VALUES = 9


@dataclass(frozen=True)
class Layer:
    """One garment in one pattern and material; S vertices."""

    index: np.ndarray
    """(S,) vertices."""
    cover: np.ndarray
    """(S, 1) float32, how much of what is below it hides."""
    shares: np.ndarray
    """(S, 5) float32, see `inks.mixed`."""
    rest: np.ndarray
    """(S, 6) float32: push, smooth, roughness and metallic."""
    part: int
    """Index into `spec.PARTS`."""

    def over(self, state: np.ndarray, parts: np.ndarray, main: np.ndarray, second: np.ndarray) -> None:
        """Lay it over a person.

        Args:
            state: (V', 9) values, changed in place.
            parts: (V',) uint8, changed in place.
            main, second: (3,) linear colours.
        """
        wanted = np.empty((len(self.index), VALUES), np.float32)
        colours = np.stack((main, second)).astype(np.float32)
        wanted[:, COLOUR] = self.shares[:, :2] @ colours + self.shares[:, 2:]
        wanted[:, 3:] = self.rest
        below = state[self.index]
        state[self.index] = below + self.cover * (wanted - below)
        parts[self.index[self.cover[:, 0] > 0.5]] = self.part


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
    joined = [np.concatenate(values) for values in zip(*blocks, strict=True)]
    index, cover, push, smooth, shares = joined
    surface = np.tile((material.roughness, material.metallic), (len(index), 1))
    rest = np.concatenate((push, smooth[:, None], surface), 1).astype(np.float32)
    return Layer(index, cover[:, None].astype(np.float32), shares.astype(np.float32), rest, part)


def _shares(weave: Weave, pattern: str, material: Material, details: list[Paint]) -> np.ndarray:
    paints = [(np.ones(len(weave.run)), MAIN), *PATTERNS[pattern](weave), *details]
    return mixed(len(weave.run), paints) * material.mottling(weave.places)[:, None]


def material_of(name: str) -> Material:
    """Raises KeyError where there is none."""
    return MATERIALS[name]
