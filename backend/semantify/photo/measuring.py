"""What can be measured of a person in a photo: how far the outline lies from each bone, and where joints lie.

All lengths are divided by the photo's scale: pixels for a metre of MediaPipe's joints in space, which have the size
of a usual body. So nothing here depends on how near the camera stood, and nothing on colours or light.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .finding import Found

NOSE, EARS, SHOULDERS, ELBOWS, WRISTS = 0, (7, 8), (11, 12), (13, 14), (15, 16)
HIPS, KNEES, ANKLES, HEELS, TOES = (23, 24), (25, 26), (27, 28), (29, 30), (31, 32)
MAIN = (0, 2, 5, 7, 8, 11, 12, 13, 14, 15, 16, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32)
"""Landmarks whose places are told; the others are details of faces and hands."""
MIRRORED = (0, 4, 5, 6, 1, 2, 3, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15, 18, 17, 20, 19, 22, 21, 24, 23, 26, 25, 28, 27,
            30, 29, 32, 31)  # fmt: skip
"""Landmark -> that of the other side."""
TRUNK = np.linspace(-0.1, 1.4, 16)
"""Places on the line from the middle of the shoulders to that of the hips."""
LIMBS = ((SHOULDERS, ELBOWS), (ELBOWS, WRISTS), (HIPS, KNEES), (KNEES, ANKLES))
ALONG = np.linspace(0.1, 0.9, 6)
"""Places on a limb."""
AROUND = np.arange(0, 360, 30)
"""Degrees from up, around the middle of the ears: where the head's outline is looked for."""
FAR = {"trunk": 0.55, "limb": 0.3, "head": 0.45}
"""Metres within which the outline is looked for."""
STEPS = 80
Rays = tuple[NDArray[Any], NDArray[Any], float]
"""(n, 2) points, (n, 2) unit vectors and metres: where the outline is looked for, and how far."""
Array = NDArray[Any]
SEEN = 0.5
"""Visibility from which a landmark counts."""


def measures(found: Found) -> Array:
    """(f,) measures of a person with joints and a mask.

    Args:
        found: with `mask`, `points` and `world`.
    """
    assert found.mask is not None
    assert found.points is not None
    assert found.world is not None
    points, sure, world = found.points[:, :2], found.points[:, 2], found.world
    scale = scale_of(points, world, sure)
    up, middle = _upright(points)
    frame = np.stack((np.array([-up[1], up[0]]), up))
    # Half the breadth to either side counts, and by how much the sides differ: a mirrored photo measures the same.
    parts: list[Array] = [_sides(_outline(found.mask, *_trunk_rays(points, up), scale))]
    for pair in _limb_rays(points):
        left, right = (_sides(_outline(found.mask, *rays, scale)) for rays in pair)
        parts += [np.minimum(left, right), np.maximum(left, right)]
    parts.append(_outline(found.mask, *_head_rays(points, frame), scale))
    placed = (points[list(MAIN)] - middle) @ frame.T / scale
    parts += [placed.ravel(), _turned(world)[list(MAIN)].ravel(), _lengths(points, world, scale)]
    parts += [sure[list(MAIN)], _whole(found.mask, scale, up)]
    return np.nan_to_num(np.concatenate(parts))


def mirrored(found: Found) -> Found:
    """The same person in the mirror, whose shape is the same: each photo teaches twice."""
    assert found.mask is not None
    assert found.points is not None
    assert found.world is not None
    width = found.mask.shape[1]
    points = found.points[list(MIRRORED)] * np.array([-1.0, 1.0, 1.0]) + np.array([width, 0.0, 0.0])
    world = found.world[list(MIRRORED)] * np.array([-1.0, 1.0, 1.0])
    x, y, wide, high = found.box
    return Found((width - x - wide, y, wide, high), found.mask[:, ::-1], points, world, found.by)


def scale_of(points: Array, world: Array, sure: Array) -> float:
    """Pixels a metre: the least squares fit of (33, 3) joints in space, seen from afar, to (33, 2) in the photo."""
    good = sure > SEEN
    if good.sum() < 6:
        good = np.ones(len(sure), bool)
    a, b = (v[good] - v[good].mean(0) for v in (world[:, :2], points))
    return max(float((a * b).sum() / max((a * a).sum(), 1e-9)), 1.0)


def _middle(values: Array, pair: tuple[int, int]) -> Array:
    return (values[pair[0]] + values[pair[1]]) / 2


def _upright(points: Array) -> tuple[Array, Array]:
    """(2,) unit vector from the hips to the shoulders, and (2,) the hips' middle."""
    hips = _middle(points, HIPS)
    up = _middle(points, SHOULDERS) - hips
    length = np.linalg.norm(up)
    return (up / length if length > 1e-6 else np.array([0.0, -1.0])), hips


def _trunk_rays(points: Array, up: Array) -> Rays:
    top, bottom = _middle(points, SHOULDERS), _middle(points, HIPS)
    at = top + TRUNK[:, None] * (bottom - top)
    aside = np.array([-up[1], up[0]])
    return at.repeat(2, 0), np.tile(np.stack((aside, -aside)), (len(at), 1)), FAR["trunk"]


def _limb_rays(points: Array) -> Iterator[list[Rays]]:
    """Rays of the left and the right side, of each kind of limb."""
    for starts, ends in LIMBS:
        pair = []
        for a, b in zip(starts, ends, strict=True):
            along = points[b] - points[a]
            along = along / max(float(np.linalg.norm(along)), 1e-6)
            aside = np.array([-along[1], along[0]])
            at = points[a] + ALONG[:, None] * (points[b] - points[a])
            pair.append((at.repeat(2, 0), np.tile(np.stack((aside, -aside)), (len(at), 1)), FAR["limb"]))
        yield pair


def _head_rays(points: Array, frame: Array) -> Rays:
    turn = np.radians(AROUND)
    return (
        np.tile(_middle(points, EARS), (len(turn), 1)),
        np.stack((np.sin(turn), np.cos(turn)), 1) @ frame,
        FAR["head"],
    )


def _outline(mask: NDArray[np.bool_], at: Array, towards: Array, far: float, scale: float) -> Array:
    """(n,) metres from points to where the mask ends in a direction; `far` where it does not, 0 outside of it."""
    reach = np.linspace(0, far * scale, STEPS)
    where = np.floor(at[:, None] + reach[:, None] * towards[:, None]).astype(int)
    inside = ((where >= 0) & (where < np.array(mask.shape[::-1]))).all(2)
    within = np.zeros(inside.shape, bool)
    within[inside] = mask[where[inside][:, 1], where[inside][:, 0]]
    first = np.where(within.all(1), STEPS - 1, (~within).argmax(1))
    return reach[first] / scale


def _sides(outline: Array) -> Array:
    """(n,) breadths and (n,) differences of the two sides, of (2 n,) distances."""
    one, other = outline[::2], outline[1::2]
    return np.concatenate((one + other, np.abs(one - other)))


def _turned(world: Array) -> Array:
    """(33, 3) joints in the trunk's own frame: along the hips, up, ahead."""
    up = _middle(world, SHOULDERS) - _middle(world, HIPS)
    up = up / max(float(np.linalg.norm(up)), 1e-6)
    aside = world[HIPS[0]] - world[HIPS[1]] + world[SHOULDERS[0]] - world[SHOULDERS[1]]
    aside = aside - (aside @ up) * up
    aside = aside / max(float(np.linalg.norm(aside)), 1e-6)
    return world @ np.stack((aside, up, np.cross(aside, up)), 1)


def _lengths(points: Array, world: Array, scale: float) -> Array:
    """Bones in space and in the photo, mean of both sides, and which way the trunk faces."""
    chains = ((SHOULDERS, ELBOWS), (ELBOWS, WRISTS), (HIPS, KNEES), (KNEES, ANKLES), (HEELS, TOES), (SHOULDERS, HIPS))
    pairs = [[(a[i], b[i]) for i in range(2)] for a, b in chains]
    pairs += [[SHOULDERS], [HIPS], [EARS], [(NOSE, EARS[0]), (NOSE, EARS[1])]]
    told = []
    for values, unit in ((world, 1.0), (points, scale)):
        told += [np.mean([np.linalg.norm(values[a] - values[b]) for a, b in row]) / unit for row in pairs]
        told.append(np.linalg.norm(_middle(values, EARS) - _middle(values, SHOULDERS)) / unit)
    across = world[SHOULDERS[0]] - world[SHOULDERS[1]]
    level = max(float(np.linalg.norm(across[[0, 2]])), 1e-6)
    facing = (across[0] / level, abs(across[2]) / level, (across[0] / level) ** 2)
    return np.array([*told, *facing])


def _whole(mask: NDArray[np.bool_], scale: float, up: Array) -> Array:
    """The person's area, extent along the trunk and upright, and whether the photo cuts it off below."""
    y, x = np.nonzero(mask)
    along = x * up[0] + y * up[1]
    cut = float(mask[-2:].any())
    return np.array([np.sqrt(len(x)) / scale, np.ptp(along) / scale, np.ptp(y) / scale, np.ptp(x) / scale, cut])
