"""Motion files out: BVH and AMASS archives, written all or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from ..files import atomic_path, save_npz
from ..protocol import InvalidInput, check_positive
from .clip import Clip
from .importers.amass import Z_UP
from .kinematics import Array, axis_angle_from_matrix, matrix_from_axis_angle
from .skeleton import JOINT_NAMES, OFFSETS, PARENTS

SMPLX_JOINTS = 55
_END = 0.25
"""Length of an end site relative to its joint's own bone."""


def _checked(
    poses: ArrayLike, trans: ArrayLike, offsets: ArrayLike, names: Sequence[str], parents: Sequence[int]
) -> tuple[Array, Array, Array]:
    """The arrays as float64.

    Raises:
        InvalidInput: shapes that do not fit each other, joints before their parents, or NaN.
    """
    poses, trans, offsets = (np.asarray(a, dtype=np.float64) for a in (poses, trans, offsets))
    count, frames = len(names), len(poses)
    fits = poses.shape == (frames, count, 3) and trans.shape == (frames, 3) and offsets.shape == (count, 3)
    if not (fits and frames and len(parents) == count):
        raise InvalidInput(
            f"Poses {poses.shape}, trans {trans.shape}, offsets {offsets.shape} and {count} joints do not fit.",
            "They need (frames, joints, 3), (frames, 3) and (joints, 3).",
        )
    if parents[0] >= 0 or any(not 0 <= p < j for j, p in enumerate(parents) if j):
        raise InvalidInput("A joint stands before its parent.", "Order the joints from one root downwards.")
    if not all(np.isfinite(a).all() for a in (poses, trans, offsets)):
        raise InvalidInput(
            "The motion has values that are not numbers.", "Repair or cut those frames before writing them."
        )
    return poses, trans, offsets


def euler_zxy(rotations: Array) -> Array:
    """Angles of Rz . Rx . Ry, BVH's usual `Zrotation Xrotation Yrotation`.

    Args:
        rotations: (..., 3, 3).

    Returns:
        (..., 3) degrees about z, x and y; without jumps of a whole turn along the first axis.
    """
    x = np.arcsin(np.clip(rotations[..., 2, 1], -1, 1))
    z = np.arctan2(-rotations[..., 0, 1], rotations[..., 1, 1])
    y = np.arctan2(-rotations[..., 2, 0], rotations[..., 2, 2])
    # Looking along y (x = +-90 degrees) only z +- y is defined: all of it goes to z.
    locked = np.abs(rotations[..., 2, 1]) > 1 - 1e-9
    z = np.where(locked, np.arctan2(rotations[..., 1, 0], rotations[..., 0, 0]), z)
    y = np.where(locked, 0.0, y)
    angles = np.stack([z, x, y], axis=-1)
    return np.degrees(np.unwrap(angles, axis=0) if angles.ndim > 1 else angles)


def _hierarchy(offsets: Array, names: Sequence[str], parents: Sequence[int]) -> tuple[list[str], list[int]]:
    """The HIERARCHY part, and the joints in the order in which it names them."""
    children: list[list[int]] = [[] for _ in names]
    for j, p in enumerate(parents):
        if p >= 0:
            children[p].append(j)
    lines, order = ["HIERARCHY"], []
    # Depth first without recursion; a negative entry closes the joint of that depth.
    stack: list[tuple[int, int]] = [(0, 0)]
    while stack:
        joint, depth = stack.pop()
        pad = "\t" * depth
        if joint < 0:
            lines.append(pad + "}")
            continue
        order.append(joint)
        head = "ROOT" if not depth else "JOINT"
        place = np.zeros(3) if not depth else offsets[joint]
        moves = "6 Xposition Yposition Zposition" if not depth else "3"
        lines += [f"{pad}{head} {names[joint]}", pad + "{", f"{pad}\tOFFSET {_numbers(place)}"]
        lines.append(f"{pad}\tCHANNELS {moves} Zrotation Xrotation Yrotation")
        if not children[joint]:
            end = _END * offsets[joint] if depth else np.array([0, _END, 0])
            lines += [pad + "\tEnd Site", pad + "\t{", f"{pad}\t\tOFFSET {_numbers(end)}", pad + "\t}"]
        stack.append((-1, depth))
        stack += [(child, depth + 1) for child in reversed(children[joint])]
    return lines, order


def _numbers(values: Array) -> str:
    return " ".join(f"{value:.6f}" for value in values + 0.0)


def write_bvh(
    path: str | Path,
    motion: Clip | tuple[ArrayLike, ArrayLike],
    offsets: ArrayLike = OFFSETS,
    joint_names: Sequence[str] = JOINT_NAMES,
    parents: Sequence[int] = PARENTS,
    fps: float | None = None,
    centimetres: bool = True,
) -> None:
    """Write a motion as BVH: y up, Z-X-Y rotations, position channels on the root only, atomically.

    Args:
        path: the file.
        motion: a clip, or poses (frames, joints, 3) axis-angle and trans (frames, 3) of the root joint, metres.
        offsets: (joints, 3) rest position of each joint relative to its parent, metres.
        joint_names, parents: any skeleton whose parents come first: 22 joints, SMPL-X's 55 ...
        fps: frames a second; of the clip where none is given.
        centimetres: lengths in centimetres, as most programs expect; else metres.

    Raises:
        InvalidInput: shapes that do not fit, NaN, no rate, or a file that cannot be written.
    """
    poses, trans = (motion.poses, motion.trans) if isinstance(motion, Clip) else motion
    poses, trans, offsets = _checked(poses, trans, offsets, joint_names, parents)
    rate = motion.fps if fps is None and isinstance(motion, Clip) else float(fps or 0)
    check_positive("The frame rate", rate, 1000)
    scale = 100.0 if centimetres else 1.0
    names = ["_".join(name.split()) for name in joint_names]
    lines, order = _hierarchy(offsets * scale, names, parents)
    angles = euler_zxy(matrix_from_axis_angle(poses))[:, order].reshape(len(poses), -1)
    table = np.concatenate([trans * scale, angles], axis=1) + 0.0
    lines += ["MOTION", f"Frames: {len(poses)}", f"Frame Time: {1 / rate:.8f}"]
    with atomic_path(path) as temporary, open(temporary, "w", encoding="utf-8", newline="\n") as stream:
        stream.write("\n".join(lines) + "\n")
        np.savetxt(stream, table, fmt="%.6f")


def write_amass(
    path: str | Path,
    poses: ArrayLike,
    trans: ArrayLike,
    betas: ArrayLike = (),
    gender: str = "neutral",
    fps: float = 30.0,
    pelvis: ArrayLike = (0.0, 0.0, 0.0),
) -> None:
    """Write an archive with AMASS's field names for SMPL-X and in AMASS's own axes, z up, atomically.

    Args:
        path: the .npz file.
        poses: (frames, 22 or 55, 3) axis-angle, y up; missing jaw, eyes and hands are 0.
        trans: (frames, 3) SMPL-X's `transl`, y up, metres. For the pelvis joint's position give `pelvis` = 0.
        betas: shape coefficients.
        gender: `neutral`, `male` or `female`.
        fps: frames a second.
        pelvis: (3,) the body's rest position of the pelvis joint. SMPL turns about this point, so a change of axes
            moves `transl` by what it does to it.

    Raises:
        InvalidInput: shapes that do not fit, NaN, or a file that cannot be written.
    """
    poses, trans = np.asarray(poses, np.float64), np.asarray(trans, np.float64)
    frames = len(poses)
    joints = poses.shape[1] if poses.ndim == 3 else 0
    if not frames or joints not in (len(JOINT_NAMES), SMPLX_JOINTS) or trans.shape != (frames, 3):
        raise InvalidInput(
            f"Poses {poses.shape} and trans {trans.shape} do not fit.",
            "They need (frames, 22 or 55, 3) and (frames, 3).",
        )
    if not (np.isfinite(poses).all() and np.isfinite(trans).all()):
        raise InvalidInput("The motion has values that are not numbers.", "Repair or cut those frames.")
    check_positive("The frame rate", fps, 1000)
    back = Z_UP.T
    full = np.zeros((frames, SMPLX_JOINTS, 3))
    full[:, :joints] = poses
    full[:, 0] = axis_angle_from_matrix(back @ matrix_from_axis_angle(poses[:, 0]))
    rest = np.asarray(pelvis, np.float64)
    flat = full.reshape(frames, -1)
    save_npz(
        path,
        compress=True,
        gender=np.array(gender),
        surface_model_type=np.array("smplx"),
        mocap_frame_rate=np.array(float(fps)),
        mocap_time_length=np.array(frames / fps),
        trans=(trans + rest) @ back.T - rest,
        betas=np.asarray(betas, np.float64).reshape(-1),
        num_betas=np.array(np.size(betas)),
        poses=flat,
        root_orient=flat[:, :3],
        pose_body=flat[:, 3:66],
        pose_jaw=flat[:, 66:69],
        pose_eye=flat[:, 69:75],
        pose_hand=flat[:, 75:],
    )
