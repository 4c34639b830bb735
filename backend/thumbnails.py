"""Small pictures of motions: three moments of a figure, the oldest faint, with the path of what moves most."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from .assets import cache_folder
from .files import atomic_path, explain_os_error
from .motion.choosing import cut
from .motion.clip import Clip
from .motion.kinematics import Array, forward_kinematics
from .motion.library import LabelRef, Library
from .motion.ops import face_forward
from .motion.skeleton import INDEX, JOINT_NAMES, OFFSETS, PARENTS
from .raster import rasterise, vertex_normals

VERSION = 1
"""Part of a kept picture's name: raise it when pictures change."""
SIZE, FINE = 128, 2
"""Pixels of a picture, and how many times as many are drawn."""
CELL = 0.03
"""Metres: vertices in one cube of this size are drawn as one."""
CARD, FLOOR, TRAIL = (42, 44, 49), (62, 65, 72), (255, 170, 64)
BODY = np.array([226.0, 206, 190])
LIGHT = np.array([0.3, 0.7, 0.65])
FAINT = (0.28, 0.5, 1.0)
"""Opacity of the three figures, in the order of time but for the most telling one, which is whole."""
ENDS = tuple(INDEX[n] for n in ("left_wrist", "right_wrist", "left_ankle", "right_ankle", "head", "pelvis"))
VIEWS = np.radians((0, 30, -30, 60, -60, 88))


def kept_thumbnail(key: str, load: Callable[[], Clip]) -> Path:
    """The picture of a motion, drawn once: a file in the cache folder, which nobody may change.

    Args:
        key: what identifies the motion; letters, digits and `-`.
        load: gives the motion where it is not drawn yet.

    Raises:
        InvalidInput: the cache folder cannot be written.
    """
    folder = cache_folder() / "thumbnails"
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise explain_os_error(error, folder) from error
    path = folder / f"{key}-v{VERSION}.png"
    if not path.is_file():
        with atomic_path(path) as temporary:
            draw(load()).save(temporary)
    return path


def label_thumbnail(library: Library, ref: LabelRef) -> Path:
    """The picture of the frames of a clip that carry a label, as `kept_thumbnail` keeps it.

    Raises:
        InvalidInput: the cache folder cannot be written, or the library has no such clip.
    """
    entry = library.entry(ref.clip or "")
    return kept_thumbnail(f"{entry.digest}-{ref.start}-{ref.end}", lambda: cut(library.load(entry.name), ref))


@lru_cache(maxsize=1)
def _figure() -> tuple[Array, Array, np.ndarray]:
    """Vertices (v, 3) relative to the pelvis, their weights (v, 22) and faces (f, 3) of a coarse default body."""
    from .body.load import load_arrays

    arrays = load_arrays("neutral")
    owner = [JOINT_NAMES.index(n) if n in JOINT_NAMES else -1 for n in arrays.joint_names]
    for j, parent in enumerate(arrays.parents):
        owner[j] = owner[parent] if owner[j] < 0 else owner[j]
    weights = np.zeros((len(arrays.weights), len(JOINT_NAMES)))
    np.add.at(weights.T, owner, arrays.weights.T)
    joints = arrays.J_regressor.astype(float) @ arrays.v_template
    vertices = arrays.v_template - joints[arrays.joint_names.index("pelvis")]
    cells = np.floor(vertices / CELL).astype(int)
    # Cells hold vertices that the same joint moves, so that a thigh does not grow into the other.
    cells = np.column_stack([cells, weights.argmax(1)])
    _, cluster, count = np.unique(cells, axis=0, return_inverse=True, return_counts=True)
    cluster = cluster.reshape(-1)

    def mean(values: Array) -> Array:
        out = np.zeros((len(count), values.shape[1]))
        np.add.at(out, cluster, values)
        return out / count[:, None]

    faces = cluster[arrays.faces]
    whole = (faces[:, 0] != faces[:, 1]) & (faces[:, 1] != faces[:, 2]) & (faces[:, 0] != faces[:, 2])
    return mean(vertices), mean(weights), np.unique(faces[whole], axis=0)


def _posed(rotations: Array, positions: Array) -> Array:
    """(n, v, 3) the figure in some poses: linear blend skinning."""
    vertices, weights, _ = _figure()
    rest = np.zeros((len(OFFSETS), 3))
    for j in range(1, len(rest)):
        rest[j] = rest[PARENTS[j]] + OFFSETS[j]
    shifts = positions - np.einsum("njab,jb->nja", rotations, rest)
    blended = np.tensordot(rotations, weights, ((1,), (1,)))  # (n, 3, 3, v)
    return np.einsum("nabv,vb->nva", blended, vertices) + np.einsum("vj,nja->nva", weights, shifts)


def telling_frames(positions: Array) -> tuple[list[int], int]:
    """Three frames that differ most, in order, and which of them is farthest from the clip's usual pose.

    Args:
        positions: (frames, 22, 3) joints.
    """
    relative = positions - positions[:, :1] * (1, 0, 1)
    flat = relative.reshape(len(relative), -1)
    far = np.linalg.norm(flat - flat[0], axis=1) + 0.5 * np.linalg.norm(flat - np.median(flat, axis=0), axis=1)
    # What leaves the floor is the point of a jump.
    far = far + 6 * np.maximum(relative[..., 1].min(1) - np.median(relative[..., 1].min(1)), 0)
    picks = [int(far.argmax())]
    gap = max(len(flat) // 12, 1)
    while len(picks) < 3:
        away = np.min([np.linalg.norm(flat - flat[p], axis=1) for p in picks], axis=0)
        away = away * np.min([np.minimum(np.abs(np.arange(len(flat)) - p) / gap, 1) for p in picks], axis=0)
        picks.append(int(away.argmax()))
    order = sorted(picks)
    return order, order.index(picks[0])


def _view(positions: Array) -> float:
    """The angle about y from which most of the motion is seen, radians."""
    relative = positions - positions[:, :1] * (1, 0, 1)
    spread = (relative - relative.mean(0))[:, list(ENDS)]
    scores = []
    for angle in VIEWS:
        right = np.array([np.cos(angle), 0, -np.sin(angle)])
        # From the front or the side a body is wide or narrow; three quarters shows most of it.
        bonus = 1.12 if 0.4 < abs(angle) < 1.2 else 1.0
        scores.append(bonus * np.sqrt(((spread @ right) ** 2).mean()))
    return float(VIEWS[int(np.argmax(scores))])


def draw(clip: Clip) -> Image.Image:
    """The picture, RGBA, `SIZE` pixels square."""
    clip = face_forward(clip)
    rotations, positions = forward_kinematics(clip.poses, clip.trans)
    picks, main = telling_frames(positions)
    angle = _view(positions)
    right = np.array([np.cos(angle), 0, -np.sin(angle)])
    near = np.array([np.sin(angle), 0.12, np.cos(angle)])
    up = np.array([0, 1.0, 0])
    vertices = _posed(rotations[picks], positions[picks])
    # Each moment beside the last, as far as the travel says and far enough apart to be told from it.
    along = positions[picks, 0] @ right
    sign = -1.0 if along[-1] < along[0] - 0.15 else 1.0
    gap = 0.48
    place = sign * gap * (np.arange(3) - main)
    flat = np.stack([(vertices - (positions[picks, :1] * (1, 0, 1))) @ right + place[:, None], vertices @ up], -1)
    low, high = flat.min((0, 1)), flat.max((0, 1))
    low[1] = min(low[1], 0.0)
    side = SIZE * FINE
    scale = min(0.90 * side / max(high[0] - low[0], 0.3), 0.86 * side / max(high[1] - low[1], 1.5))
    corner = np.array([side / 2 - scale * (low[0] + high[0]) / 2, 0.94 * side + scale * low[1]])

    def pixels(points: Array) -> Array:
        return np.stack([corner[0] + scale * points[..., 0], corner[1] - scale * points[..., 1]], -1)

    image = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    pen = ImageDraw.Draw(image)
    pen.rounded_rectangle((0, 0, side - 1, side - 1), radius=side // 12, fill=(*CARD, 255))
    floor = corner[1]
    pen.line((0.06 * side, floor, 0.94 * side, floor), fill=(*FLOOR, 255), width=FINE * 2)
    canvas = np.asarray(image).astype(float)
    order = [i for i in range(3) if i != main] + [main]
    for i in order:
        opacity = 1.0 if i == main else FAINT[0] if abs(i - main) > 1 else FAINT[1]
        _paint(canvas, pixels(flat[i]), vertices[i], near, opacity)
    image = Image.fromarray(canvas.round().clip(0, 255).astype(np.uint8), "RGBA")
    _trail(image, pixels, positions, picks[main], right)
    return image.resize((SIZE, SIZE), Image.Resampling.LANCZOS)


def _paint(canvas: Array, points: Array, vertices: Array, near: Array, opacity: float) -> None:
    """Lay one shaded figure over the canvas."""
    _, _, faces = _figure()
    height, width = canvas.shape[:2]
    face, weight = rasterise(points, vertices @ near, faces, width, height)
    hit = np.flatnonzero(face >= 0)
    normals = vertex_normals(vertices, faces)
    normal = np.einsum("pk,pkc->pc", weight[hit], normals[faces[face[hit]]])
    # Brighter where it faces the viewer: limbs stand out from the trunk.
    facing = np.abs(normal @ (near / np.linalg.norm(near)))
    shade = 0.30 + 0.38 * np.clip(normal @ LIGHT, 0, 1) + 0.34 * facing
    colour = np.clip(BODY * shade[:, None], 0, 255)
    spot = canvas[hit // width, hit % width]
    spot[:, :3] += opacity * (colour - spot[:, :3])
    canvas[hit // width, hit % width] = spot


def _trail(image: Image.Image, pixels: Callable[[Array], Array], positions: Array, frame: int, right: Array) -> None:
    """The way of the joint that moves most, around the whole figure's moment."""
    relative = positions - positions[:, :1] * (1, 0, 1)
    window = max(len(positions) // 4, 6)
    part = slice(max(frame - window, 0), frame + window // 2 + 1)
    flat = np.stack([relative[part] @ right, relative[part, :, 1]], -1)
    # The pelvis's own path is level here: it wins only where the body leaves the floor or goes down.
    spans = {j: float(np.linalg.norm(np.ptp(flat[:, j], axis=0))) for j in ENDS}
    joint = max(spans, key=lambda j: spans[j] * (1.0 if j in ENDS[:4] else 0.9))
    if spans[joint] < 0.1:
        return
    points = pixels(flat[:, joint])
    pen = ImageDraw.Draw(image)
    card, trail = np.array(CARD), np.array(TRAIL)
    for i, (a, b) in enumerate(pairwise(points)):
        colour = card + (i + 1) / len(points) * (trail - card)
        pen.line((*a, *b), fill=tuple(colour.round().astype(int).tolist()), width=FINE * 2)
