"""What a look begins with: skin, hair and the garments that a text names, cut on the body as layers of colour.

A garment knows where it ends, how thick it lies and what is drawn on it; its colours are left open, for the
optimisation to find. Only what the body's own surface can show is cut: no skirt that hangs, no brim.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from ..body.layout import BodyArrays
from ..people.atlas import Atlas
from ..people.beards import BEARDS
from ..people.colours import ANCHORS, METALS, from_hex, to_srgb
from ..people.cut import Cut
from ..people.face import bare
from ..people.garments import KINDS
from ..people.hair import HAIR
from ..people.layers import ALONG, METALLIC, PUSH, ROUGHNESS, SMOOTH, body_layer
from ..people.materials import MATERIALS
from ..people.shapes import LEAST
from ..people.spec import PARTS
from ..people.wardrobe import NEEDED
from .words import Look, Worn

SKIN, HAIR_COLOUR, BROWS = "#d8a285", "#33251d", "#4a352a"
"""sRGB of a person of whom nothing is said; those of the plain outfit in Blender."""
PLAIN = (
    Worn("a plain t-shirt", "a {} t-shirt", "t-shirt", "orange"),
    Worn("plain trousers", "{} trousers", "trousers", "navy blue"),
    Worn("shoes", "{} shoes", "trainers", "dark grey"),
)
"""What is worn where nothing is said of it."""
PLAIN_CODES = {"t-shirt": "#e2643f", "trousers": "#2c4769", "trainers": "#2a2d33"}
DENIM, KHAKI = "#34507c", "#a4946a"
GREY = 0.5
"""sRGB of a body of which nothing is known."""


@dataclass(frozen=True)
class Garment:
    """One layer over a body of V vertices."""

    worn: Worn
    cover: Tensor
    """(V, 1) how much of what is below it hides, 0 to 1."""
    shares: Tensor
    """(V, 5) of its two colours, and fixed linear red, green and blue."""
    offsets: Tensor
    """(V, 3) metres from the skin out to it, at rest."""
    surface: Tensor
    """(V, 2) roughness and metallic."""
    colours: Tensor
    """(2, 3) sRGB that its two colours begin with."""
    asked: bool = True
    """Whether the text names it: what it does not name is worn, but stays as it is."""
    second_open: bool = False
    """Whether its second colour is to be found too. One that is there from the start stays: no phrase asks for it,
    and left to itself it becomes whatever an encoder likes."""


@dataclass(frozen=True)
class Costume:
    """What is there before anything is optimised; V vertices."""

    rest: Tensor
    """(V, 3) metres, the mean shape in T-pose."""
    direction: Tensor
    """(V, 3) unit vectors away from the body, without its small folds: along them the surface moves."""
    base: Tensor
    """(V, 3) linear colours under all garments."""
    base_offsets: Tensor
    """(V, 3) metres that hair stands off by."""
    surface: Tensor
    """(V, 2) roughness and metallic under all garments."""
    garments: tuple[Garment, ...]
    """From the skin outwards."""

    def shown(self) -> list[Tensor]:
        """(V,) of each garment: how much of a vertex's look is its own, under what is worn over it."""
        out: list[Tensor] = []
        for garment in self.garments:
            cover = garment.cover[:, 0]
            out = [share * (1 - cover) for share in out] + [cover]
        return out

    def offsets(self) -> Tensor:
        """(V, 3) metres at rest: how far cloth and hair stand off the body."""
        out = self.base_offsets
        for garment in self.garments:
            out = out + garment.cover * (garment.offsets - out)
        return out

    def surfaces(self) -> Tensor:
        """(V, 2) roughness and metallic."""
        out = self.surface
        for garment in self.garments:
            out = out + garment.cover * (garment.surface - out)
        return out


def is_dressable(arrays: BodyArrays) -> bool:
    """Whether garments can be cut on a body: its joints have SMPL-X's names."""
    return set(NEEDED) <= set(arrays.joint_names)


def grey_costume(arrays: BodyArrays) -> Costume:
    """A grey body without clothes, as the published method starts from."""
    atlas = Atlas(arrays)
    count = len(arrays.v_template)
    linear = float(((GREY + 0.055) / 1.055) ** 2.4)
    surface = torch.tensor([MATERIALS["cotton"].roughness, 0.0]).expand(count, 2)
    return Costume(
        torch.from_numpy(arrays.v_template).float(), _float(atlas.normals), torch.full((count, 3), linear),
        torch.zeros(count, 3), surface, (),
    )  # fmt: skip


def cut_costume(arrays: BodyArrays, look: Look, plain: bool = True, grey: bool = False) -> Costume:
    """Skin, hair and garments.

    Args:
        arrays: of the body; of one on which garments cannot be cut the grey body is returned.
        look: names the garments.
        plain: put plain clothes on where the look says nothing of them.
        grey: colours begin grey, whatever they are called: for measuring what an optimisation finds by itself.
    """
    if not is_dressable(arrays):
        return grey_costume(arrays)
    atlas = Atlas(arrays)
    person = look.person
    tint, of_hair, fixed = bare(atlas)
    base = tint * from_hex(person.skin or SKIN) + of_hair * from_hex(person.hair or BROWS) + fixed
    surface = np.zeros((len(base), 2))
    surface[:, 0] = MATERIALS["skin"].roughness
    asked = _one_a_slot(look.worn)
    worn = [(w, True) for w in asked] + [(w, False) for w in (_plain_for(asked) if plain else ())]
    worn.sort(key=lambda row: KINDS[row[0].kind].layer)
    slack = ((atlas.smoothed(atlas.v.astype(np.float64)) - atlas.v) * atlas.normals).sum(1)
    garments = [_garment(atlas, w, slack, named, grey) for w, named in worn]
    stands = np.zeros((len(base), 3))
    colour = from_hex(person.hair or HAIR_COLOUR) * MATERIALS["hair"].mottling(atlas.v.astype(np.float64))[:, None]
    for cutter in (HAIR[person.hair_style or "short"], BEARDS.get(person.beard)):
        if cutter is None:
            continue
        own = cutter(atlas)
        cover = own.cover[:, None]
        base = base + cover * (colour - base)
        surface[:, 0] += own.cover * (MATERIALS["hair"].roughness - surface[:, 0])
        if own.push is not None:
            stands = stands + cover * (own.push - stands)
    return Costume(
        torch.from_numpy(arrays.v_template).float(), _float(atlas.normals), _float(base.clip(0, 1)), _float(stands),
        _float(surface), tuple(garments),
    )  # fmt: skip


def _one_a_slot(worn: Sequence[Worn]) -> list[Worn]:
    """Of garments for the same place, the first."""
    kept: dict[str, Worn] = {}
    for one in worn:
        kept.setdefault(KINDS[one.kind].slot, one)
    return list(kept.values())


def _plain_for(worn: Sequence[Worn]) -> list[Worn]:
    """Plain clothes for what the text leaves open."""
    slots = {KINDS[w.kind].slot for w in worn}
    swims = any("swim" in KINDS[w.kind].tags for w in worn)
    out = []
    for one in PLAIN:
        slot = KINDS[one.kind].slot
        covered = "dress" in slots and (slot != "top" or not any(w.kind == "overalls" for w in worn))
        if slot in slots or (slot in ("top", "bottom") and covered) or swims:
            continue
        out.append(one)
    return out


def _garment(atlas: Atlas, worn: Worn, slack: np.ndarray, asked: bool, grey: bool) -> Garment:
    """One garment's layer, spread over all vertices.

    Args:
        slack: (V,) metres from the skin out to what it is without its small features.
    """
    kind = KINDS[worn.kind]
    cut: Cut = replace(kind.cut(atlas), pieces=(), drops=())
    material = MATERIALS[worn.material or kind.materials[0]]
    pattern = worn.pattern if worn.pattern != "plain" or "plain" in kind.patterns else kind.patterns[0]
    layer = body_layer(atlas, cut, PARTS.index(kind.slot), pattern, material, {})
    count = len(atlas.v)
    cover = np.zeros((count, 1))
    cover[layer.index[: layer.whole]] = 1
    cover[layer.index[layer.whole :]] = layer.cover
    shares, values = np.zeros((count, 5)), np.zeros((count, layer.values.shape[1]))
    shares[layer.index], values[layer.index] = layer.shares, layer.values
    along = np.maximum(slack * values[:, SMOOTH], (LEAST - 1) * values[:, ALONG])
    offsets = values[:, PUSH] + along[:, None] * atlas.normals
    return Garment(
        worn, _float(cover), _float(shares), _float(offsets), _float(values[:, [ROUGHNESS, METALLIC]]),
        _beginning(worn, asked, grey), asked, grey,
    )  # fmt: skip


def _beginning(worn: Worn, asked: bool, grey: bool) -> Tensor:
    """(2, 3) sRGB of a garment's two colours before they are optimised."""
    if grey:
        return torch.full((2, 3), GREY)
    kind = KINDS[worn.kind]
    if not asked:
        code = PLAIN_CODES[worn.kind]
        return _float(to_srgb(np.stack((from_hex(code), from_hex("#e8e6e0")))))
    material = worn.material or kind.materials[0]
    usual = next((c for c in kind.colours if c in ANCHORS), "")
    first = METALS[material][1] if material in METALS and not worn.colour else ANCHORS.get(worn.colour or usual, "")
    if worn.kind in ("jeans", "denim shorts") and worn.colour == "blue":
        first = DENIM
    rgb = [to_srgb(from_hex(first)) if first else np.full(3, GREY)]
    second = ANCHORS.get(worn.second, "") or ("#f3f2ef" if worn.colour != "white" else "#2359c4")
    if not worn.second and "camouflage" in (worn.pattern, kind.patterns[0]):
        second = KHAKI
    return _float(np.stack((*rgb, to_srgb(from_hex(second)))))


def _float(values: np.ndarray) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(values, np.float32))
