"""Motion files out of Blender: AMASS archives and BVH, without the backend."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .actor_data import MotionData
from .axes import quaternion_from_axis_angle
from .read_motion import axis_angle
from .skeleton import Skeleton, rotation_matrices

SMPLX_JOINTS = 55
BODY_JOINTS = 22
Y_TO_Z = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])
"""AMASS's z-up frame from SMPL's y-up one."""
END = 0.25
"""Length of a BVH end site, relative to its joint's own bone."""
CENTIMETRES = 100.0


def matrices(axis_angles: np.ndarray) -> np.ndarray:
    """(..., 3) axis-angle -> (..., 3, 3)."""
    return rotation_matrices(quaternion_from_axis_angle(axis_angles))


def write_amass(path: Path, motion: MotionData, betas: np.ndarray, gender: str, pelvis: np.ndarray) -> None:
    """Write an archive with AMASS's field names for SMPL-X, z up.

    Args:
        path: the .npz file.
        motion: of 55 joints, or of 22 first ones; missing ones are 0.
        betas: (S,)
        gender: `neutral`, `male` or `female`.
        pelvis: (3,) rest position of the root joint. SMPL turns about it, so a change of axes moves `trans`.
    """
    frames, joints = motion.poses.shape[:2]
    full = np.zeros((frames, SMPLX_JOINTS, 3))
    kept = joints if joints == SMPLX_JOINTS else min(joints, BODY_JOINTS)
    full[:, :kept] = motion.poses[:, :kept]
    full[:, 0] = axis_angle(Y_TO_Z @ matrices(motion.poses[:, 0]))
    flat = full.reshape(frames, -1)
    with open(path, "wb") as stream:
        np.savez_compressed(
            stream,
            gender=np.array(gender),
            surface_model_type=np.array("smplx"),
            mocap_frame_rate=np.array(float(motion.fps)),
            mocap_time_length=np.array(frames / motion.fps),
            trans=(motion.trans + pelvis) @ Y_TO_Z.T - pelvis,
            betas=np.asarray(betas, np.float64),
            num_betas=np.array(len(betas)),
            poses=flat,
            root_orient=flat[:, :3],
            pose_body=flat[:, 3:66],
            pose_jaw=flat[:, 66:69],
            pose_eye=flat[:, 69:75],
            pose_hand=flat[:, 75:],
        )


def euler_zxy(rotations: np.ndarray) -> np.ndarray:
    """(N, ..., 3, 3) -> (N, ..., 3) degrees about z, x, y of Rz . Rx . Ry, without jumps of a whole turn along N."""
    r = rotations
    x = np.arcsin(r[..., 2, 1].clip(-1, 1))
    # Looking along y (x = +-90 degrees) only z +- y is defined: all of it goes to z.
    locked = np.abs(r[..., 2, 1]) > 1 - 1e-9
    z = np.where(locked, np.arctan2(r[..., 1, 0], r[..., 0, 0]), np.arctan2(-r[..., 0, 1], r[..., 1, 1]))
    y = np.where(locked, 0.0, np.arctan2(-r[..., 2, 0], r[..., 2, 2]))
    return np.degrees(np.unwrap(np.stack([z, x, y], -1), axis=0))


def write_bvh(path: Path, motion: MotionData, skeleton: Skeleton, betas: np.ndarray) -> None:
    """Write BVH: y up, centimetres, Z-X-Y rotations, position channels on the root only."""
    joints = skeleton.joints(betas)
    lines, order = ["HIERARCHY"], []

    def describe(j: int, depth: int) -> None:
        order.append(j)
        pad, parent = "\t" * depth, int(skeleton.parents[j])
        offset = np.zeros(3) if parent < 0 else joints[j] - joints[parent]
        moves = "6 Xposition Yposition Zposition" if parent < 0 else "3"
        lines.extend([f"{pad}{'ROOT' if parent < 0 else 'JOINT'} {skeleton.names[j]}", pad + "{"])
        lines.append(f"{pad}\tOFFSET {_numbers(offset * CENTIMETRES)}")
        lines.append(f"{pad}\tCHANNELS {moves} Zrotation Xrotation Yrotation")
        children = np.flatnonzero(skeleton.parents == j)
        for child in children:
            describe(int(child), depth + 1)
        if not len(children):
            end = _numbers(offset * END * CENTIMETRES)
            lines.extend([pad + "\tEnd Site", pad + "\t{", f"{pad}\t\tOFFSET {end}", pad + "\t}"])
        lines.append(pad + "}")

    describe(skeleton.root, 0)
    angles = euler_zxy(matrices(motion.poses))[:, order].reshape(len(motion), -1)
    table = np.c_[(motion.trans + joints[skeleton.root]) * CENTIMETRES, angles] + 0.0
    lines += ["MOTION", f"Frames: {len(motion)}", f"Frame Time: {1 / motion.fps:.8f}"]
    with open(path, "w", encoding="utf-8", newline="\n") as stream:
        stream.write("\n".join(lines) + "\n")
        np.savetxt(stream, table, fmt="%.6f")
        stream.write("\n")


def _numbers(values: np.ndarray) -> str:
    return " ".join(f"{value:.6f}" for value in values + 0.0)
