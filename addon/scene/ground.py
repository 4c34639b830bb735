"""Snap to ground: the soles on z = 0 of the world, for a whole action or in every frame of it."""

from __future__ import annotations

import bpy
import numpy as np

from ...backend.protocol import InvalidInput
from .actions import CONTACTS, LINEAR, Curves
from .handles import require_editable, skin_of
from .probes import probe_heights, probes_of
from .sampling import Channels, bone_path, channels_of, keys_in, sample_root, sample_rotations
from .shape import BETAS, own_action, shift_keys, stamp
from .shape_arrays import betas_of, shape_arrays
from .skeleton import Skeleton, global_rotations, skeleton_of

REFINED = 3
"""Lowest frames that are measured on the evaluated mesh: pose correctives and other modifiers count there."""

MODES = (
    ("ACTION", "Whole Action", "Move all frames by the same height: the lowest point of the frames in which a foot "
     "stands (of all frames, where that is not known) comes to the floor"),
    ("EACH", "Every Frame", "Bring the lowest point of each frame to the floor: for walks, not for jumps"),
    ("FRAME", "This Frame", "Move all frames so that the lowest point of the current frame is on the floor"),
)  # fmt: skip


def lowest_points(
    rig: bpy.types.Object, skin: bpy.types.Object, skeleton: Skeleton, channels: Channels, frames: np.ndarray
) -> np.ndarray:
    """(N,) height of the body's lowest point over z = 0 of the world, scene units, from the action's own curves."""
    betas = betas_of(skin)
    heads, root = skeleton.heads(betas), skeleton.root
    place = np.array(rig.matrix_world)
    rotations = global_rotations(skeleton, sample_rotations(rig, skeleton, channels, frames))
    at = heads[root] + sample_root(rig, skeleton, channels, frames) @ skeleton.axes[root].T
    probes, weights = probes_of(skin, skeleton)
    points = shape_arrays(skin).shaped(betas)[probes]
    return probe_heights(heads, skeleton, points, weights, rotations, at, place[2, :3]).min(1) + place[2, 3]


def evaluated_lowest(skin: bpy.types.Object) -> float:
    """The same of the mesh as Blender shows it now."""
    bpy.context.view_layer.update()
    seen = skin.evaluated_get(bpy.context.evaluated_depsgraph_get())
    points = np.empty(len(seen.data.vertices) * 3, np.float32)
    seen.data.vertices.foreach_get("co", points)
    place = np.array(seen.matrix_world)
    return float((points.reshape(-1, 3) @ place[2, :3]).min() + place[2, 3])


def snap_to_ground(rig: bpy.types.Object, mode: str = "ACTION") -> float:
    """Move the root's keys (or the posed root, where none is keyed) so that the body stands on the floor.

    Args:
        mode: one of `MODES`.

    Returns:
        by how many scene units the body was lifted: of the largest change for `EACH`.

    Raises:
        InvalidInput: linked from another file, without a mesh, or tilted by 90 degrees so that up is out of reach.
    """
    require_editable(rig)
    skin, skeleton = skin_of(rig), skeleton_of(rig)
    if skin is None:
        raise InvalidInput(f"{rig.name} has no mesh to stand on.", "Choose an actor made by Impromptu.")
    name = skeleton.names[skeleton.root]
    path = bone_path(name, "location")
    channels = channels_of(rig)
    keyed = [channels[path, c] for c in range(3) if (path, c) in channels]
    # A lift along the world's z, in the root bone's own axes.
    step = skeleton.axes[skeleton.root].T @ np.linalg.inv(np.array(rig.matrix_world)[:3, :3])[:, 2]
    if not keyed:
        lift = -evaluated_lowest(skin)
        rig.pose.bones[name].location = np.array(rig.pose.bones[name].location) + step * lift
        return lift
    frames = np.unique(np.concatenate([keys_in(c)[:, 0] for c in keyed]))
    low = lowest_points(rig, skin, skeleton, channels, frames)
    if mode == "EACH":
        lifts = -low
    elif mode == "FRAME":
        lifts = np.full(len(frames), -evaluated_lowest(skin))
    else:
        lifts = np.full(len(frames), -_lowest_standing(rig, skin, frames, low))
    _lift_keys(rig, skeleton, frames, lifts[:, None] * step)
    stamp(rig.animation_data.action, np.array(rig.data[BETAS]) if BETAS in rig.data else betas_of(skin))
    return float(lifts[np.abs(lifts).argmax()])


def _lowest_standing(rig: bpy.types.Object, skin: bpy.types.Object, frames: np.ndarray, low: np.ndarray) -> float:
    """Lowest point over the frames with contact, measured on the mesh itself where the probes are lowest."""
    scene = bpy.context.scene
    known = np.array(rig.animation_data.action.get(CONTACTS, ()), np.float64)
    standing = np.isin(np.round(frames, 3), np.round(known, 3))
    candidates = np.flatnonzero(standing) if standing.any() else np.arange(len(frames))
    before = scene.frame_current, scene.frame_subframe
    heights = []
    for i in candidates[np.argsort(low[candidates])[:REFINED]]:
        scene.frame_set(int(np.floor(frames[i])), subframe=float(frames[i] % 1))
        heights.append(evaluated_lowest(skin))
    scene.frame_set(before[0], subframe=before[1])
    return min(heights)


def _lift_keys(rig: bpy.types.Object, skeleton: Skeleton, frames: np.ndarray, moves: np.ndarray) -> None:
    """Add (N, 3) to the root's keys at (N,) frames; components that have no keys get them."""
    name = skeleton.names[skeleton.root]
    path = bone_path(name, "location")
    action = own_action(rig)
    channels = channels_of(rig)
    values = sample_root(rig, skeleton, channels, frames) + moves
    curves = Curves(rig, action)
    for c in range(3):
        curve = channels.get((path, c))
        if curve is None and np.abs(moves[:, c]).max() > 1e-9:
            curve = curves.new(path, c, name)
        if curve is not None and len(curve.keyframe_points) in (0, 1) and np.ptp(values[:, c]) > 1e-9:
            curve.keyframe_points.add(len(frames) - len(curve.keyframe_points))
            keys = np.c_[frames, values[:, c]].astype(np.float32)
            curve.keyframe_points.foreach_set("co", keys.ravel())
            curve.keyframe_points.foreach_set("interpolation", np.full(len(frames), LINEAR, np.int32))
            curve.update()
        elif curve is not None:
            if not len(curve.keyframe_points):
                curve.keyframe_points.insert(frames[0], 0.0)
            shift_keys(curve, frames, values[:, c])
