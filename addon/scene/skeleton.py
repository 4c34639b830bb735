"""What a rig knows of its body: joints as a function of the betas, rest axes, floor; and forward kinematics.

It is kept on the armature data as plain custom properties, so that an actor lives on in any .blend, in a scene
without the file that it was built from, and after being duplicated.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np

from ...backend.protocol import InvalidInput
from .actor_data import BodyData
from .axes import TO_BLENDER, to_blender

LEGS = (("left_hip", "left_knee", "left_ankle"), ("right_hip", "right_knee", "right_ankle"))


@dataclass(frozen=True)
class Skeleton:
    """Joints of one actor. J joints, S betas; SMPL's frame and metres unless said otherwise."""

    names: tuple[str, ...]
    parents: np.ndarray
    """(J,) -1 for the root; parents come first."""
    template: np.ndarray
    """(J, 3) joints of the mean shape."""
    dirs: np.ndarray
    """(J, 3, S) their displacement for one unit of each beta."""
    axes: np.ndarray
    """(J, 3, 3) rest rotation of each bone in the armature's frame; it stays as it is when the shape changes."""
    floor: float
    """Height in SMPL's frame of the armature's z = 0 at rest."""

    def joints(self, betas: np.ndarray) -> np.ndarray:
        """(J, 3) rest joints for (S,) betas."""
        return self.template + self.dirs @ np.asarray(betas, np.float64)

    def heads(self, betas: np.ndarray) -> np.ndarray:
        """(J, 3) bone heads for (S,) betas, in the armature's frame."""
        return to_blender(self.joints(betas) - [0.0, self.floor, 0.0])

    def index(self, name: str) -> int:
        """Number of a joint, -1 where the body has none of that name."""
        return self.names.index(name) if name in self.names else -1

    @property
    def root(self) -> int:
        """Number of the root joint."""
        return int(np.flatnonzero(self.parents < 0)[0])

    def leg_length(self, betas: np.ndarray) -> float:
        """Metres from hip to knee to ankle, mean of both sides; the height of the joints for a body without legs."""
        joints = self.joints(betas)
        if not all(n in self.names for leg in LEGS for n in leg):
            return max(float(np.ptp(joints[:, 1])), 1e-6)
        chains = np.array([[joints[self.names.index(n)] for n in leg] for leg in LEGS])
        return float(np.linalg.norm(np.diff(chains, axis=1), axis=2).sum(1).mean())

    def smpl_axes(self) -> np.ndarray:
        """(J, 3, 3) M^T C for each bone: takes a vector of SMPL's frame to the bone's own axes."""
        return np.swapaxes(self.axes, 1, 2) @ TO_BLENDER


def store_skeleton(rig: bpy.types.Object, body: BodyData) -> None:
    """Keep with a new armature all that `skeleton_of` reads."""
    data: Any = rig.data
    joints = len(body.parents)
    template, dirs = body.joints, np.zeros((joints, 3, body.shapedirs.shape[2]))
    if body.regressor is not None:
        rows, columns, values = body.regressor
        template = np.zeros((joints, 3))
        np.add.at(template, rows, values[:, None] * body.v_template[columns])
        np.add.at(dirs, rows, values[:, None, None] * body.shapedirs[columns])
    data["joint_names"] = json.dumps(body.joint_names)
    data["joint_parents"] = [int(p) for p in body.parents]
    data["joint_template"] = template.ravel().tolist()
    data["joint_dirs"] = dirs.ravel().tolist()
    data["floor"] = body.floor
    data["rest_axes"] = np.array([data.bones[n].matrix_local.to_3x3() for n in body.joint_names]).ravel().tolist()
    if body.relaxed_pose is not None:
        data["relaxed_pose"] = np.asarray(body.relaxed_pose, np.float64).ravel().tolist()


def why_no_skeleton(rig: bpy.types.Object) -> str:
    """Why `skeleton_of` cannot read a rig, as a sentence; empty where it can."""
    data: Any = rig.data
    if rig.type != "ARMATURE" or "rest_axes" not in data or "joint_dirs" not in data:
        return f"{rig.name} does not carry a body's joints."
    try:
        names = json.loads(data["joint_names"])
        sizes = [len(data[name]) for name in ("joint_parents", "joint_template", "rest_axes", "joint_dirs")]
        float(data["floor"])
    except (KeyError, TypeError, ValueError):
        names, sizes = [], [0]
    n = len(names)
    if not n or sizes[:3] != [n, 3 * n, 9 * n] or sizes[3] % (3 * n):
        return f"The joints that {rig.name} carries are damaged."
    gone = next((name for name in names if name not in data.bones), None)
    return f"{rig.name} has no bone {gone} any more." if gone is not None else ""


def has_skeleton(rig: bpy.types.Object) -> bool:
    """Whether `skeleton_of` can read this rig."""
    return not why_no_skeleton(rig)


def stored(block: bpy.types.ID, name: str) -> np.ndarray:
    """A custom property of numbers as a flat array of its own: a mere view dies with the property."""
    return np.array(block[name], np.float64) if len(block[name]) else np.zeros(0)


def skeleton_of(rig: bpy.types.Object) -> Skeleton:
    """Read the skeleton off a rig.

    Raises:
        InvalidInput: it is no actor, or its bones were renamed or deleted.
    """
    why = why_no_skeleton(rig)
    if why:
        raise InvalidInput(why, "Undo what was done to it, or make the actor again.")
    data: Any = rig.data
    parents = stored(data, "joint_parents").astype(np.int64)
    count = len(parents)
    return Skeleton(
        names=tuple(json.loads(data["joint_names"])),
        parents=parents,
        template=stored(data, "joint_template").reshape(count, 3),
        dirs=stored(data, "joint_dirs").reshape(count, 3, -1),
        axes=stored(data, "rest_axes").reshape(count, 3, 3),
        floor=float(data["floor"]),
    )


def rotation_matrices(quaternions: np.ndarray) -> np.ndarray:
    """(..., 4) w, x, y, z of any length but 0 -> (..., 3, 3)."""
    q = quaternions / np.linalg.norm(quaternions, axis=-1, keepdims=True)
    w, x, y, z = np.moveaxis(q, -1, 0)
    rows = (
        1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y),
        2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x),
        2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y),
    )  # fmt: skip
    return np.stack(rows, -1).reshape(*q.shape[:-1], 3, 3)


def global_rotations(skeleton: Skeleton, quaternions: np.ndarray) -> np.ndarray:
    """How far each joint is turned from rest, in the armature's frame.

    Args:
        quaternions: (N, J, 4) of the bones, about their own axes.

    Returns:
        (N, J, 3, 3)
    """
    m = skeleton.axes
    local = m @ rotation_matrices(quaternions) @ np.swapaxes(m, 1, 2)
    out = np.empty_like(local)
    for j, p in enumerate(skeleton.parents):
        out[:, j] = local[:, j] if p < 0 else out[:, p] @ local[:, j]
    return out


def joint_positions(skeleton: Skeleton, heads: np.ndarray, rotations: np.ndarray, root: np.ndarray) -> np.ndarray:
    """(N, J, 3) posed joints in the armature's frame.

    Args:
        heads: (J, 3) rest heads.
        rotations: (N, J, 3, 3) from `global_rotations`.
        root: (N, 3) where the root joint is.
    """
    out = np.empty((len(rotations), len(heads), 3))
    for j, p in enumerate(skeleton.parents):
        out[:, j] = root if p < 0 else out[:, p] + rotations[:, p] @ (heads[j] - heads[p])
    return out
