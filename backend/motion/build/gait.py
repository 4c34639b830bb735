"""Walks made from a walk: the recording's feet are moved, its trunk and arms are bent, the legs are solved anew."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ..clip import Clip
from ..ground import envelope
from ..kinematics import (
    Array,
    axis_angle_from_matrix,
    forward_kinematics,
    global_to_local,
    matrix_from_axis_angle,
)
from ..resample import derive, gaussian
from ..skeleton import INDEX, OFFSETS
from . import limbs
from .limbs import apply, rx, ry, rz
from .solve import _mirror

HANGING = {"flex": 0.0, "abd": 0.0, "twist": 0.0, "elbow": 0.0}


@dataclass(frozen=True)
class Gait:
    """How a walk differs from the recorded one. Degrees and metres; 1 and 0 mean: as recorded."""

    stride: float = 1.0
    lift: float = 1.0
    """Of the swinging foot."""
    width: float = 1.0
    """Distance of the feet."""
    drop: float = 0.0
    """Bent knees: metres by which the hips are lower."""
    bounce: float = 1.0
    """Of the hips' rise and fall."""
    curve: float = 0.0
    """Degrees to the left per metre."""
    weave: float = 0.0
    """Metres by which the path snakes, once every two seconds."""
    bend: float = 0.0
    side: float = 0.0
    """The trunk sways by so much over every cycle."""
    nod: float = 0.0
    swing: float = 1.0
    """Of the arms."""
    arms: dict[str, float] = field(default_factory=dict)
    """Added to both arms: flex, abd, twist, elbow."""
    limp: float = 0.0
    """0..1: how much the left leg is spared."""
    tiptoe: float = 0.0
    """Degrees by which the heels stay up."""
    look: float = 0.0
    """Degrees that the head turns to both sides, slowly."""


def change_gait(clip: Clip, gait: Gait, how: str) -> Clip:
    """A walk or run along +z as somebody else would do it.

    Feet keep their places on the floor: strides are scaled and paths are bent as wholes, so that what stood still
    stands still, and legs are solved for the moved feet.

    Args:
        clip: a walk or run that begins at the origin and travels along z.
        gait: the differences.
        how: for `meta["derivation"]`.
    """
    local = matrix_from_axis_angle(clip.poses)
    rotations, positions = forward_kinematics(local, clip.trans)
    trans = clip.trans.astype(float)
    # A clean path first: what the recording veers by would become a bend of its own.
    slow = gaussian(trans[:, 1], 0.6 * clip.fps)
    trans[:, 1] = slow + (trans[:, 1] - slow) * gait.bounce - gait.drop
    trans[:, 2] *= gait.stride
    feet = [_moved_foot(rotations, positions, joint, gait) for joint in (7, 8)]
    if gait.limp:
        _limp(clip, gait, trans, feet, local)
    root = local[:, 0]
    trans, root = _bent(gait, clip.fps, trans, root)
    feet = [_bent(gait, clip.fps, ankle, turned) for ankle, turned in feet]
    trans[:, 1] -= _too_high(trans, root, feet)
    _change_trunk(clip, gait, local)
    for flip in (False, True):
        _change_arm(gait, local, flip)
    local[:, 0] = root
    for flip, (ankle, turned) in enumerate(feet):
        solve_leg(local, trans, ankle, turned, bool(flip))
    poses = axis_angle_from_matrix(local)
    return derive(clip, how, poses=poses, trans=trans, contacts=None)


def _moved_foot(rotations: Array, positions: Array, joint: int, gait: Gait) -> tuple[Array, Array]:
    """Ankle positions and rotations after scaling; the point that bears weight is what is scaled."""
    turned, ankle = rotations[:, joint].copy(), positions[:, joint]
    ball, heel = limbs.BALL - (0, limbs.BALL_HEIGHT, 0), np.array([0, -limbs.ANKLE_HEIGHT, -limbs.HEEL_BACK])
    at_ball, at_heel = ankle + apply(turned, ball), ankle + apply(turned, heel)
    on_heel = 1 / (1 + np.exp((at_heel[:, 1] - at_ball[:, 1]) / 0.01))
    offset = ball + on_heel[:, None] * (heel - ball)
    point = ankle + apply(turned, offset)
    floor = np.percentile(point[:, 1], 5)
    point = point * (gait.width, 1, gait.stride)
    point[:, 1] = floor + np.maximum(point[:, 1] - floor, 0) * gait.lift
    if gait.stride < 1:  # short steps roll less
        roll = _continuous(axis_angle_from_matrix(turned))
        turned = matrix_from_axis_angle(roll * (0.35 + 0.65 * gait.stride))
        low = np.minimum(apply(turned, ball)[:, 1], apply(turned, heel)[:, 1])
        point[:, 1] += apply(turned, offset)[:, 1] - low
    if gait.tiptoe:
        turned = turned @ rx(gait.tiptoe * np.ones(len(turned)))
        offset = np.broadcast_to(ball, offset.shape)
    return point - apply(turned, offset), turned


def _continuous(vectors: Array) -> Array:
    """(frames, 3) rotation vectors without the jump where an angle passes half a turn."""
    out = vectors.copy()
    for i in range(1, len(out)):
        angle = np.linalg.norm(out[i])
        other = out[i] * (1 - 2 * np.pi / max(angle, 1e-9))
        if np.linalg.norm(other - out[i - 1]) < np.linalg.norm(out[i] - out[i - 1]):
            out[i] = other
    return out


def _limp(clip: Clip, gait: Gait, trans: Array, feet: list[tuple[Array, Array]], local: Array) -> None:
    """The trunk goes down and over to the right while the left foot stands."""
    height = feet[0][0][:, 1]
    stands = gaussian((height < np.percentile(height, 45)).astype(float), 0.1 * clip.fps) * gait.limp
    trans[:, 1] -= 0.045 * stands
    trans[:, 0] -= 0.03 * stands
    for name in ("spine1", "spine2"):
        local[:, INDEX[name]] = rx(7 * stands) @ rz(6 * stands) @ local[:, INDEX[name]]


def _bent(gait: Gait, fps: float, points: Array, rotations: Array) -> tuple[Array, Array]:
    """Places and rotations along a curved path instead of the z axis."""
    points = points.copy()
    z = points[:, 2].copy()
    yaw = np.zeros(len(z))
    if gait.weave:
        wave = 2 * np.pi / 1.7
        points[:, 0] += gait.weave * (1 - np.cos(wave * z))
        yaw += np.arctan(gait.weave * wave * np.sin(wave * z)) * 0.7
    if gait.curve:
        angle = np.radians(gait.curve) * z
        radius = 1 / np.radians(gait.curve)
        x = points[:, 0].copy()
        points[:, 0] = radius - (radius - x) * np.cos(angle)
        points[:, 2] = (radius - x) * np.sin(angle)
        yaw += angle
    return points, ry(np.degrees(yaw)) @ rotations


def _too_high(trans: Array, root: Array, feet: list[tuple[Array, Array]]) -> Array:
    """(frames,) metres to lower the pelvis by so that both feet are reached."""
    over = np.zeros(len(trans))
    for joint, (ankle, _) in zip((1, 2), feet, strict=True):
        offset = apply(root, OFFSETS[joint])
        over = np.maximum(over, trans[:, 1] + offset[:, 1] - limbs.leg_limit(ankle, trans + offset))
    return envelope(np.clip(over, 0, 0.12), 3.0)


def _change_trunk(clip: Clip, gait: Gait, local: Array) -> None:
    t = np.arange(len(clip)) / clip.fps
    sway = gait.side * np.sin(2 * np.pi * t / 1.9)
    for name in ("spine1", "spine2", "spine3"):
        local[:, INDEX[name]] = rx(gait.bend / 3) @ rz(sway / 3) @ local[:, INDEX[name]]
    look = gait.look * np.sin(2 * np.pi * t / 3.2)
    for name in ("neck", "head"):
        local[:, INDEX[name]] = ry(look / 2) @ rx(gait.nod / 2 * np.ones(len(t))) @ local[:, INDEX[name]]


def _change_arm(gait: Gait, local: Array, flip: bool) -> None:
    """Scale the arm's swing about its mean, in the angles of `limbs.arm_rotation`, and add to it."""
    if gait.swing == 1 and not gait.arms:
        return
    add = {**HANGING, **gait.arms}
    shoulder, elbow = (INDEX[f"{'right' if flip else 'left'}_{j}"] for j in ("shoulder", "elbow"))
    swing = axis_angle_from_matrix(_mirror(local[:, shoulder], flip) @ rz(90.0))
    bend = axis_angle_from_matrix(_mirror(local[:, elbow], flip))
    swing, bend = gaussian(swing, 1.5), gaussian(bend, 1.5)  # what is scaled would scale the noise too
    swing = swing.mean(0) + gait.swing * (swing - swing.mean(0))
    bend = bend.mean(0) + gait.swing * (bend - bend.mean(0))
    swing += np.radians([-add["flex"], 0, add["abd"]])
    bend += np.radians([0, -add["elbow"], 0])
    bend[:, 1] = np.minimum(bend[:, 1], -0.02)
    turned = matrix_from_axis_angle(swing) @ rz(-90.0) @ rx(add["twist"])
    local[:, shoulder] = _mirror(turned, flip)
    local[:, elbow] = _mirror(matrix_from_axis_angle(bend), flip)


def solve_leg(
    local: Array, trans: Array, ankle: Array, turned: Array, flip: bool, front: Array | None = None
) -> None:
    """Write hip, knee and ankle rotations that put the ankle there.

    Args:
        local: (frames, 22, 3, 3), changed in place. trans: (frames, 3) of the pelvis.
        ankle, turned: (frames, 3) and (frames, 3, 3), where the ankle goes and how it is turned.
        flip: the right leg. front: (frames, 3) where the knee points; by pelvis and foot if not given.
    """
    hip, knee, heel = (j + flip for j in (1, 4, 7))
    root = local[:, 0]
    start = trans + apply(root, OFFSETS[hip])
    front = _knee_front(root, turned) if front is None else front
    thigh, bend = limbs.two_bone(limbs.THIGH, limbs.SHIN, 0, 1.0, np.array([0, 0, 1.0]),
                                 _mirror(ankle - start, flip), _mirror(front, flip))  # fmt: skip
    g = np.tile(np.eye(3), (len(trans), 22, 1, 1))
    g[:, 0] = root
    g[:, hip], g[:, knee] = _mirror(thigh, flip), _mirror(thigh @ rx(bend), flip)
    g[:, heel] = turned
    solved = global_to_local(g)
    for joint in (hip, knee, heel):
        local[:, joint] = solved[:, joint]


def _knee_front(root: Array, turned: Array) -> Array:
    """(frames, 3) where a knee points: as the pelvis does, turned by most of the foot's turn from it."""
    ahead, level = apply(turned, (0.0, 0, 1.0)), apply(root, (0.0, 0, 1.0))
    yaw = np.degrees(
        np.arctan2(ahead[:, 0], np.hypot(ahead[:, 1], ahead[:, 2])) - np.arctan2(level[:, 0], level[:, 2])
    )
    forward = np.abs(level[:, 2]).min() > 0.5
    yaw = np.clip((yaw + 180) % 360 - 180, -25, 25) if forward else np.zeros(len(root))
    return apply(root @ ry(0.6 * yaw), (0.0, 0, 1.0))
