"""People, dressed and posed as meshes: every person of one wardrobe has the same triangles."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..body.model import BodyModel
from ..protocol import InvalidInput
from .atlas import Atlas
from .beards import BEARDS
from .cut import Cut, GarmentKind
from .face import bare, regions
from .garments import KINDS
from .hair import HAIR
from .layers import METALLIC, ROUGHNESS, SMOOTH, VALUES, Layer, body_layer
from .materials import MATERIALS
from .patterns import PATTERNS
from .pieces import Piece, layout
from .refine import LONGEST_EDGE, refine
from .shapes import RestShapes, known
from .skinning import Bones, Skin, skin_sheet
from .spec import PARTS, RGB, Garment, Person

SOFTNESS = 0.02
"""Metres over which a skirt changes from one leg to the other."""
STYLES: Mapping[str, Mapping[str, Callable[[Atlas], Cut] | None]] = {"hair": HAIR, "beard": BEARDS}
FLAT_HAIR = ("short", "shaved", "bald", "buzz cut")
"""Styles that are a colour of the head rather than a shape."""
NEEDED = ("pelvis", "spine1", "left_hip", "left_knee", "left_ankle", "left_elbow", "neck", "left_eye_smplhf")
"""Joints without whose names a body is not dressed."""


@dataclass(frozen=True)
class Dressed:
    """n people as one mesh topology, V' vertices. Colours are linear RGB."""

    vertices: NDArray[np.float32]
    """(n, V', 3) metres, in SMPL's frame."""
    colours: NDArray[np.float32]
    """(n, V', 3)."""
    roughness: NDArray[np.float32]
    """(n, V')."""
    metallic: NDArray[np.float32]
    """(n, V')."""
    parts: NDArray[np.uint8]
    """(n, V') index into `spec.PARTS`."""
    joints: NDArray[np.float32]
    """(n, J, 3) metres: to frame a head or a hand."""


class Wardrobe:
    """Dresses people on one body model.

    Args:
        body: the default body, or another whose joints have SMPL-X's names. Any other body is shown in plain skin:
            its wardrobe has no garments, hair or beards.
    """

    part_names = PARTS

    def __init__(self, body: BodyModel) -> None:
        self.body = body
        dressable = set(NEEDED) <= set(body.joint_names)
        self.kinds: dict[str, GarmentKind] = KINDS if dressable else {}
        """By name; see `GarmentKind` for slot, what it covers, materials, patterns, excludes, needs and tags."""
        self.hair_styles: tuple[str, ...] = tuple(HAIR) if dressable else ("bald",)
        self.beard_styles: tuple[str, ...] = tuple(BEARDS) if dressable else ()
        self.materials, self.patterns = tuple(MATERIALS), tuple(PATTERNS)
        arrays = refine(body.arrays, LONGEST_EDGE) if dressable else body.arrays
        self._atlas, self._arrays = Atlas(arrays), arrays
        self._size = len(arrays.v_template)
        self._slices, piece_faces = layout(self._size)
        self.num_vertices = max(s.stop for s in self._slices.values())
        self.faces: NDArray[np.integer] = np.concatenate((arrays.faces, piece_faces)).astype(np.int32)
        """(F, 3)."""
        self._bare = self._skin_layer(dressable)
        self._layers: dict[tuple[str, ...], tuple[Layer, Cut]] = {}
        self._bones, self._skin = Bones(body.parents), Skin(arrays)
        self._shapes = RestShapes(body.arrays, self._atlas, dressable)

    @property
    def num_body_vertices(self) -> int:
        """How many of the vertices, the first ones, are the body's; those of the pieces follow."""
        return self._size

    @property
    def around(self) -> sp.csr_matrix:
        """(V, V) of the body's vertices, the mean of those next to each."""
        return self._atlas.neighbours

    def piece_vertices(self, name: str) -> NDArray[np.integer]:
        """Indices of a piece's vertices, by its name in `pieces.GRIDS`: rows from the top down."""
        return np.arange(self._slices[name].start, self._slices[name].stop)

    def dress(self, people: Sequence[Person]) -> Dressed:
        """People in T-pose.

        Raises:
            InvalidInput: a garment, style, material, pattern or template that the wardrobe does not have.
        """
        return self.pose(people, np.zeros((len(people), len(self.body.parents), 3), np.float32))

    def pose(
        self,
        people: Sequence[Person],
        poses: NDArray[np.floating],
        transl: NDArray[np.floating] | None = None,
        ground: bool = False,
        painted: bool = False,
    ) -> Dressed:
        """People in poses.

        Args:
            people: n of them.
            poses: (n, J, 3) axis-angle, each joint relative to its parent.
            transl: (n, 3) metres; at the origin where none is given.
            ground: stand them on y = 0 by their lowest vertex, whatever `transl` says of the height.
            painted: clothes are colours of the skin, without thickness or pieces; for people as of `paintable`.

        Raises:
            InvalidInput: as `dress`, or shapes that do not fit.
        """
        n, count = len(people), len(self.body.parents)
        if np.shape(poses) != (n, count, 3):
            raise InvalidInput(f"The poses have shape {np.shape(poses)}.", f"Give ({n}, {count}, 3).")
        colours, values, parts, worn = self._layered(people)
        if painted:
            values[:, :, : SMOOTH + 1] = 0
            worn = [[] for _ in people]
        with torch.inference_mode():
            coefficients = self._shapes.coefficients(people)
            rest, joints = self._shapes.dressed(people, coefficients, torch.from_numpy(values[:, : self._size]))
            move = torch.zeros(n, 3) if transl is None else torch.as_tensor(np.asarray(transl, np.float32))
            transforms, features, posed_joints = self._bones(
                torch.as_tensor(np.asarray(poses, np.float32)), joints, move
            )
            vertices = torch.empty(n, self.num_vertices, 3)
            vertices[:, : self._size] = self._skin(rest, transforms, features)
            # What is not worn lies in the root joint.
            vertices[:, self._size :] = posed_joints[
                :, None, self.body.joint_names.index("pelvis") if self.kinds else 0
            ]
            self._hang(people, worn, coefficients, transforms, vertices)
            if ground:
                low = vertices[:, :, 1].amin(1)
                vertices[:, :, 1] -= low[:, None]
                posed_joints[:, :, 1] -= low[:, None]
        return Dressed(
            vertices.numpy(),
            colours.clip(0, 1, out=colours),
            np.ascontiguousarray(values[:, :, ROUGHNESS]),
            np.ascontiguousarray(values[:, :, METALLIC]),
            parts,
            posed_joints.numpy(),
        )

    def paintable(self, person: Person) -> Person:
        """The person in those of the clothes that paint on skin can show: none that hangs or sticks out."""
        hair = person.hair if person.hair in FLAT_HAIR or not self.kinds else FLAT_HAIR[0]
        beard = "" if person.beard and self._cut("beard", person.beard, "plain", "hair")[1].pieces else person.beard
        garments = tuple(g for g in person.garments if not self._hangs(g))
        return replace(person, hair=hair, beard=beard, garments=garments)

    def _hangs(self, g: Garment) -> bool:
        kind = known(g.kind, self.kinds, "garment")
        return kind.slot == "hat" or bool(self._cut(kind.slot, g.kind, g.pattern, g.material)[1].pieces)

    def colour(self, person: Person) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """What `pose` gives of a person besides shape and parts, without the shape: for one who is posed already and
        then wears the same garments in other colours.

        Returns:
            (V', 3) colours, (V',) roughness and (V',) metallic.

        Raises:
            InvalidInput: as `dress`.
        """
        colours, values, _, _ = self._layered([person])
        return colours[0].clip(0, 1), *np.ascontiguousarray(values[0, :, [ROUGHNESS, METALLIC]])

    def _layered(self, people: Sequence[Person]) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[list[Piece]]]:
        """(n, V', 3) colours, (n, V', 7) values and (n, V') parts of people, and the pieces that each wears."""
        tint, face, hair, fixed, part = self._bare
        shape = (len(people), self.num_vertices)
        colours, values = np.zeros((*shape, 3), np.float32), np.zeros((*shape, VALUES), np.float32)
        parts = np.broadcast_to(part, shape).copy()
        values[:, :, ROUGHNESS] = MATERIALS["skin"].roughness
        worn: list[list[Piece]] = []
        for rgb, own, of, person in zip(colours, values, parts, people, strict=True):
            np.multiply(tint, np.array(person.skin_rgb, np.float32), out=rgb[: self._size])
            rgb[face] += hair * np.array(person.hair_rgb, np.float32) + fixed
            pieces: dict[str, Piece] = {}
            for layer, cut, main, second in self._stack(person):
                layer.over(rgb, own, of, main, second)
                pieces.update({p.name: p for p in cut.pieces})
                for hidden in cut.drops:
                    pieces.pop(hidden, None)
            worn.append(list(pieces.values()))
        return colours, values, parts, worn

    def _stack(self, person: Person) -> list[tuple[Layer, Cut, RGB, RGB]]:
        """What a person wears from the skin outwards, with colours."""
        out = []
        if self.kinds:
            for slot, style in (("hair", person.hair), ("beard", person.beard)):
                known(style, {"": None, **STYLES[slot]}, f"{slot} style")
                if STYLES[slot].get(style) is not None:
                    out.append((*self._cut(slot, style, "plain", "hair"), person.hair_rgb, person.hair_rgb))
        garments = sorted(person.garments, key=lambda g: known(g.kind, self.kinds, "garment").layer)
        _one_a_slot([self.kinds[g.kind] for g in garments])
        for g in garments:
            out.append((*self._cut(self.kinds[g.kind].slot, g.kind, g.pattern, g.material), g.rgb, g.second_rgb))
        return out

    def _cut(self, slot: str, name: str, pattern: str, material: str) -> tuple[Layer, Cut]:
        """A garment, hair or a beard, cut once."""
        key = (slot, name, pattern, material)
        if key not in self._layers:
            stuff = known(material, MATERIALS, "material")
            known(pattern, PATTERNS, "pattern")
            cutter = STYLES[slot][name] if slot in STYLES else self.kinds[name].cut
            assert cutter is not None
            other = [cut for (s, n, *_), (_, cut) in self._layers.items() if (s, n) == (slot, name)]
            cut = other[0] if other else cutter(self._atlas)
            layer = body_layer(self._atlas, cut, PARTS.index(slot), pattern, stuff, self._slices)
            self._layers[key] = (layer, cut)
        return self._layers[key]

    def _skin_layer(self, dressable: bool) -> tuple[np.ndarray, ...]:
        """The bare body: tint of the skin (V, 3); which vertices show more than skin, the hair's share (k, 1) and
        fixed colours (k, 3) there; and (V',) parts."""
        part = np.zeros(self.num_vertices, np.uint8)
        if not dressable:
            part[:] = PARTS.index("torso")
            none = np.zeros((0, 3), np.float32)
            return np.ones((self._size, 3), np.float32), np.zeros(0, np.int64), none[:, :1], none, part
        part[: self._size] = regions(self._atlas)
        tint, hair, fixed = (a.astype(np.float32) for a in bare(self._atlas))
        face = np.flatnonzero((hair[:, 0] > 0) | (fixed > 0).any(1))
        return tint, face, hair[face], fixed[face], part

    def _hang(
        self, people: Sequence[Person], worn: list[list[Piece]], coefficients: Tensor, transforms: Tensor, out: Tensor
    ) -> None:
        """Put the pieces that are worn into their places of `out`, (n, V', 3)."""
        wearers: dict[int, tuple[Piece, list[int]]] = {}
        for i, pieces in enumerate(worn):
            for piece in pieces:
                wearers.setdefault(id(piece), (piece, []))[1].append(i)
        for piece, who in wearers.values():
            base, dirs = self._shapes.piece(piece)
            halves = len(piece.weights)
            start = torch.cat([base[people[i].template] for i in who])
            rest = torch.addmm(start, coefficients[who], dirs).view(len(who), halves, -1, 3)
            outward, weights = torch.from_numpy(piece.outward).float(), torch.from_numpy(piece.weights)
            posed = skin_sheet(rest, outward, weights, transforms[who], SOFTNESS)
            out[who, self._slices[piece.name]] = posed


def _one_a_slot(kinds: Sequence[GarmentKind]) -> None:
    """Raises InvalidInput where two garments want one slot."""
    slots = [kind.slot for kind in kinds]
    for slot in set(slots):
        if slots.count(slot) > 1:
            names = " and ".join(k.name for k in kinds if k.slot == slot)
            raise InvalidInput(f"A person cannot wear {names} at once.", f"Give one {slot} a person.")
