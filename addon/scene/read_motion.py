"""A rig's motion as SMPL parameters: what `actions.write_motion` wrote, or whatever else moves the bones.

Blender itself says where the bones are in each frame, so curves of any kind, rotation modes, constraints, NLA strips
and drivers are all in it.
"""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np

from ...backend.protocol import InvalidInput
from .actor_data import MotionData
from .axes import TO_BLENDER
from .handles import skin_of
from .shape_arrays import betas_of
from .skeleton import Skeleton, skeleton_of


def axis_angle(matrices: np.ndarray) -> np.ndarray:
    """(..., 3, 3) rotations -> (..., 3) axis-angle, radians up to pi, by the quaternion of largest component."""
    m = matrices.reshape(-1, 3, 3)
    xx, yy, zz = m[:, 0, 0], m[:, 1, 1], m[:, 2, 2]
    yz, zx, xy = m[:, 2, 1] - m[:, 1, 2], m[:, 0, 2] - m[:, 2, 0], m[:, 1, 0] - m[:, 0, 1]
    sxy, szx, syz = m[:, 0, 1] + m[:, 1, 0], m[:, 0, 2] + m[:, 2, 0], m[:, 1, 2] + m[:, 2, 1]
    # Four times the outer product q q': any of its rows is q, scaled; the longest is the most exact.
    table = np.stack(
        [1 + xx + yy + zz, yz, zx, xy, yz, 1 + xx - yy - zz, sxy, szx,
         zx, sxy, 1 - xx + yy - zz, syz, xy, szx, syz, 1 - xx - yy + zz], -1
    ).reshape(-1, 4, 4)  # fmt: skip
    q = table[np.arange(len(m)), np.abs(table).sum(2).argmax(1)]
    q = q / np.linalg.norm(q, axis=1, keepdims=True)
    q *= np.where(q[:, :1] < 0, -1.0, 1.0)
    sine = np.linalg.norm(q[:, 1:], axis=1, keepdims=True)
    angle = 2 * np.arctan2(sine, q[:, :1])
    return (q[:, 1:] * np.where(sine > 1e-12, angle / sine.clip(1e-12), 2.0)).reshape(*matrices.shape[:-1])


def action_frames(rig: bpy.types.Object, scene: bpy.types.Scene) -> np.ndarray:
    """(N,) whole frames that the rig's motion spans: its action's, else its strips', else the scene's."""
    animation = rig.animation_data
    first, last = scene.frame_start, scene.frame_end
    if animation and animation.action:
        first, last = (round(f) for f in animation.action.frame_range)
    elif animation:
        strips = [s for t in animation.nla_tracks if not t.mute for s in t.strips if not s.mute]
        if strips:
            first, last = round(min(s.frame_start for s in strips)), round(max(s.frame_end for s in strips))
    return np.arange(first, max(first, last) + 1)


def _watch(
    rig: bpy.types.Object, skin: bpy.types.Object | None, names: tuple[str, ...], frames: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(N, J, 4, 4) posed bones in the armature's frame, and (N, 4, 4) the object's place in the world."""
    scene = bpy.context.scene
    before, shown = (scene.frame_current, scene.frame_subframe), skin.hide_viewport if skin else True
    hide = skin is not None and skin.library is None and not shown
    order = [rig.pose.bones.find(n) for n in names]
    pose, world = np.empty((len(frames), len(names), 4, 4)), np.empty((len(frames), 4, 4))
    flat = np.empty(len(rig.pose.bones) * 16, np.float32)
    if hide:
        # Its bones do not need the skin, and evaluating that is the slow part.
        skin.hide_viewport = True
    try:
        for i, frame in enumerate(frames):
            scene.frame_set(int(np.floor(frame)), subframe=float(frame % 1))
            seen = rig.evaluated_get(bpy.context.evaluated_depsgraph_get())
            seen.pose.bones.foreach_get("matrix", flat)
            # Blender's matrices lie column by column.
            pose[i] = np.swapaxes(flat.reshape(-1, 4, 4)[order], 1, 2)
            world[i] = np.array(seen.matrix_world)
    finally:
        if hide:
            skin.hide_viewport = shown
        scene.frame_set(before[0], subframe=before[1])
    return pose, world


def _rotation(matrices: np.ndarray) -> np.ndarray:
    """The nearest rotations of (..., 3, 3) matrices that may scale or shear."""
    u, _, vt = np.linalg.svd(matrices)
    u[..., :, 2] *= np.sign(np.linalg.det(u @ vt))[..., None]
    return u @ vt


def read_motion(
    rig: bpy.types.Object,
    frames: np.ndarray | None = None,
    world: bool = False,
    skin: bpy.types.Object | None = None,
) -> tuple[MotionData, np.ndarray]:
    """Bake the rig's motion to SMPL's parameters.

    Args:
        frames: (N,) scene frames; none: those of the rig's action.
        world: with the object's own place and rotation in the scene, in metres, as a file for other programs wants
            it; without, relative to the rig, as `write_motion` takes it back.
        skin: whose shape the rig has; none: that of its own mesh.

    Returns:
        poses, trans and rate in SMPL's frame, and the (S,) betas that the rig's joints stand at.

    Raises:
        InvalidInput: the rig is no actor.
    """
    skeleton = skeleton_of(rig)
    skin = skin or skin_of(rig)
    betas = betas_of(skin) if skin else np.zeros(skeleton.dirs.shape[2])
    scene = bpy.context.scene
    if not any(o == rig for o in scene.objects):
        raise InvalidInput(f"{rig.name} is not in this scene.", "Open the scene that it is in.")
    frames = action_frames(rig, scene) if frames is None else np.asarray(frames)
    pose, place = _watch(rig, skin, skeleton.names, frames)
    rotations = _rotation(pose[..., :3, :3]) @ np.swapaxes(skeleton.axes, 1, 2)
    root = pose[:, skeleton.root, :3, 3]
    if world:
        unit = scene.unit_settings.scale_length
        turn = _rotation(place[:, :3, :3])
        rotations = turn[:, None] @ rotations
        root = (np.einsum("nab,nb->na", place[:, :3, :3], root) + place[:, :3, 3]) * unit
    poses, trans = to_smpl(skeleton, rotations, root, betas)
    rate = scene.render.fps / scene.render.fps_base
    step = float(np.median(np.diff(frames))) if len(frames) > 1 else 1.0
    return MotionData(poses=poses, trans=trans, fps=rate / step), betas


def save_motion(path: Path, motion: MotionData, betas: np.ndarray) -> None:
    """Write a motion as a job's own motion.npz, for a request that names it."""
    np.savez(path, poses=motion.poses, trans=motion.trans, betas=betas, fps=np.float64(motion.fps))


def to_smpl(
    skeleton: Skeleton, rotations: np.ndarray, root: np.ndarray, betas: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Poses (N, J, 3) and trans (N, 3) of joints turned by (N, J, 3, 3) from rest, with the root at (N, 3)."""
    local = rotations.copy()
    for j, p in enumerate(skeleton.parents):
        if p >= 0:
            local[:, j] = np.swapaxes(rotations[:, p], 1, 2) @ rotations[:, j]
    poses = axis_angle(TO_BLENDER.T @ local @ TO_BLENDER)
    return poses, root @ TO_BLENDER - skeleton.joints(betas)[skeleton.root]
