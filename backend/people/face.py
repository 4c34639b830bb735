"""Bare skin, lips, brows and eyes, as they are under everything that is worn."""

from __future__ import annotations

import numpy as np

from .atlas import Atlas, cover
from .materials import MATERIALS
from .spec import PARTS

BAND = 0.004
"""Metres over which a colour turns into the next in the face, whose mesh is finer."""
EYES = ("left_eye_smplhf", "right_eye_smplhf")


def bare(atlas: Atlas) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Skin tone's tint (V, 3), share of the hair's colour (V, 1) and fixed colours (V, 3) on a naked body.

    The colour of a vertex is tint * skin + share * hair + fixed.
    """
    tint = np.repeat(MATERIALS["skin"].mottling(atlas.v.astype(np.float64))[:, None], 3, 1)
    hair, fixed = np.zeros((len(atlas.v), 1)), np.zeros((len(atlas.v), 3))

    def lay(
        mask: np.ndarray, skin: tuple[float, ...], of_hair: float = 0.0, rgb: tuple[float, ...] = (0, 0, 0)
    ) -> None:
        m = mask[:, None]
        tint[:], hair[:], fixed[:] = tint + m * (skin - tint), hair + m * (of_hair - hair), fixed + m * (rgb - fixed)

    lips = np.asarray(atlas.neighbours @ atlas.region("lips").astype(float))
    lay(0.9 * lips, (0.78, 0.42, 0.42), rgb=(0.03, 0.0, 0.0))
    for blush in (atlas.owner == "left_wrist", atlas.owner == "right_wrist"):
        lay(0.35 * blush, (1.0, 0.9, 0.88))
    for name in EYES:
        for mask, colours in _eye(atlas, name):
            lay(mask, *colours)
    return tint, hair, fixed


def _eye(atlas: Atlas, name: str) -> list[tuple[np.ndarray, tuple]]:
    """Brow, white, iris and pupil: masks, each with tint of skin, share of hair and a fixed colour."""
    centre = atlas.joints[name]
    side = np.sign(centre[0])
    along, up = side * (atlas.x - centre[0]), atlas.y - centre[1]
    ahead = (atlas.owner == "head") & (atlas.z > centre[2])
    arch = 0.0245 - 4.0 * (along - 0.004) ** 2
    brow = np.minimum(0.0042 - np.abs(up - arch), 0.021 - np.abs(along - 0.002))
    ball = atlas.owner == name
    away = np.hypot(along, up)
    none = (0.0, 0.0, 0.0)
    looks = ball & (atlas.z > centre[2])
    return [
        (np.where(ahead, cover(brow, BAND), 0), ((0.15, 0.15, 0.15), 0.6, none)),
        (ball.astype(float), (none, 0.0, (0.75, 0.73, 0.7))),
        (np.where(looks, cover(0.0068 - away, BAND), 0), (none, 0.0, (0.07, 0.1, 0.1))),
        (np.where(looks, cover(0.0032 - away, BAND), 0), (none, 0.0, (0.006, 0.005, 0.005))),
    ]


def regions(atlas: Atlas) -> np.ndarray:
    """(V,) uint8 index into `spec.PARTS` of bare skin."""
    out = np.full(len(atlas.v), PARTS.index("torso"), np.uint8)
    neck, eyes = atlas.joints["neck"], atlas.joints[EYES[0]]
    head = np.isin(atlas.owner, ("head", "jaw"))
    out[(atlas.y > neck[1]) & ~atlas.on_arm] = PARTS.index("neck")
    out[head] = PARTS.index("face")
    out[(atlas.y < atlas.joints["left_hip"][1]) & ~atlas.on_arm] = PARTS.index("legs")
    out[(atlas.y < atlas.between(("hip", "knee", "ankle"), 2.0, 1)) & ~atlas.on_arm] = PARTS.index("feet")
    out[atlas.side > atlas.between(("shoulder", "elbow", "wrist"), 0.1, 0)] = PARTS.index("arms")
    out[atlas.side > atlas.between(("shoulder", "elbow", "wrist"), 2.0, 0)] = PARTS.index("hands")
    out[atlas.region("lips")] = PARTS.index("lips")
    for name in EYES:
        arch = np.abs(atlas.y - eyes[1] - 0.024) < 0.005
        ahead = (atlas.owner == "head") & (atlas.z > eyes[2])
        near = np.abs(np.sign(atlas.joints[name][0]) * (atlas.x - atlas.joints[name][0]) - 0.002) < 0.021
        out[arch & ahead & near] = PARTS.index("brows")
        out[atlas.owner == name] = PARTS.index("eyes")
    return out
