"""Limbs: two-bone inverse kinematics, arms from anatomical angles, feet that stand on the floor."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ..kinematics import Array, matrix_from_axis_angle, rotation_about, rotation_between, unit
from ..skeleton import INDEX, LEG_LENGTH, OFFSETS
from ..soles import BALL_HEIGHT, HEEL_BACK

THIGH, SHIN = OFFSETS[INDEX["left_knee"]], OFFSETS[INDEX["left_ankle"]]
UPPER_ARM, FOREARM = OFFSETS[INDEX["left_elbow"]], OFFSETS[INDEX["left_wrist"]]
BALL = OFFSETS[INDEX["left_foot"]]
ANKLE_HEIGHT = float(BALL_HEIGHT - BALL[1])
PALM = np.array([0.085, -0.030, 0.005])
"""The middle of the palm's surface in the left hand's rest frame, from the wrist, metres."""
FLIP = np.array([[1, -1, -1], [-1, 1, 1], [-1, 1, 1]])
"""A rotation matrix times this is the one a mirror at x = 0 shows."""


def rx(degrees: ArrayLike) -> Array:
    """Rotations about x, (...,) degrees -> (..., 3, 3)."""
    return rotation_about(0, np.radians(degrees))


def ry(degrees: ArrayLike) -> Array:
    """Rotations about y, (...,) degrees -> (..., 3, 3)."""
    return rotation_about(1, np.radians(degrees))


def rz(degrees: ArrayLike) -> Array:
    """Rotations about z, (...,) degrees -> (..., 3, 3)."""
    return rotation_about(2, np.radians(degrees))


def apply(matrix: Array, vector: ArrayLike) -> Array:
    """(..., 3, 3) times (..., 3)."""
    return np.einsum("...ij,...j->...i", matrix, np.asarray(vector, float))


def frame(first: Array, second: Array) -> Array:
    """Right-handed frames (..., 3, 3) whose first column is `first` and whose second leans to `second`."""
    a = unit(first)
    b = unit(second - (second * a).sum(-1, keepdims=True) * a)
    return np.stack([a, b, np.cross(a, b)], -1)


def two_bone(upper: Array, lower: Array, hinge: int, bend: float, local_pole: Array,
             reach: Array, pole: Array) -> tuple[Array, Array]:  # fmt: skip
    """The rotation of a limb's first joint and the bend of its second that put its end where it should be.

    Args:
        upper, lower: (3,) rest offsets of the second joint and of the end.
        hinge: axis (0..2) of the second joint; bend: +1 or -1, the sense in which it bends.
        local_pole: (3,) where the second joint stands out to, in the rest frame.
        reach: (frames, 3) from the first joint to the wanted end; shortened where out of reach.
        pole: (frames, 3) where the second joint should stand out to.

    Returns:
        rotations (frames, 3, 3) of the first joint, in the frame of reach and pole; bend angles (frames,), degrees.
    """
    others = [i for i in range(3) if i != hinge]
    if hinge == 1:
        others = [2, 0]
    a, b = upper[others], lower[others]
    size, phase = np.hypot(*a) * np.hypot(*b), np.arctan2(a[0] * b[1] - a[1] * b[0], a @ b)
    rest = upper @ upper + lower @ lower + 2 * upper[hinge] * lower[hinge]
    distance = np.linalg.norm(reach, axis=-1)
    longest = np.sqrt(rest + 2 * size)
    wanted = np.minimum(distance, 0.9995 * longest)
    cosine = np.clip((wanted**2 - rest) / (2 * size), -1, 1)
    # |upper + R(angle) lower| = wanted, where R turns about the hinge: cos(angle + phase) is known.
    angle = np.degrees(bend * np.arccos(cosine) - phase)
    end = upper + apply(rotation_about(hinge, np.radians(angle)), lower)
    local = frame(end, np.broadcast_to(local_pole, end.shape))
    return frame(reach, pole) @ np.swapaxes(local, -1, -2), angle


def arm_rotation(flex: Array, abduct: Array, twist: Array) -> Array:
    """The left upper arm in the chest's frame, (frames, 3, 3), from degrees of a hanging arm.

    Flexion and abduction together are one swing (an exponential map), so that poses between two keys stay on the
    arc between them; `twist` turns the arm about itself, positive inwards.
    """
    swing = np.stack([-flex, np.zeros_like(flex), abduct], -1)
    return matrix_from_axis_angle(np.radians(swing)) @ rz(-90.0) @ rx(twist)


def leg(hip: Array, pelvis: Array, ankle: Array, knee_out: Array, foot_yaw: Array) -> tuple[Array, Array]:
    """The left leg from hip to ankle.

    Args:
        hip, ankle: (frames, 3) positions; pelvis: (frames, 3, 3) its rotation.
        knee_out: (frames,) degrees by which the knee points to its side of where it would.
        foot_yaw: (frames,) the foot's heading relative to the pelvis, degrees.

    Returns:
        global rotations of thigh and shin, (frames, 3, 3).
    """
    ahead = apply(pelvis @ ry(0.6 * foot_yaw + knee_out), (0.0, 0.0, 1.0))
    thigh, bend = two_bone(THIGH, SHIN, 0, 1.0, np.array([0, 0, 1.0]), ankle - hip, ahead)
    return thigh, thigh @ rx(bend)


def foot(
    x: Array, y: Array, z: Array, yaw: Array, heel: Array, toe: Array, pitch: Array
) -> tuple[Array, Array, Array]:
    """A foot's placement.

    Args:
        x, y, z: where the floor under the ankle is when the foot is flat; y: metres that the foot is lifted.
        yaw: heading, degrees. heel: degrees that the heel is raised about the ball, toes flat on the floor.
        toe: degrees that the toes are raised about the heel. pitch: degrees toes-down of the whole foot.

    Returns:
        (frames, 3) ankle, (frames, 3, 3) global rotations of the ankle and of the toes.
    """
    place = np.stack([x, y, z], -1)
    level = ry(yaw)
    ball = np.array([BALL[0], BALL_HEIGHT, BALL[2]])
    back = np.array([0.0, 0.0, -HEEL_BACK])
    turned = level @ rx(heel - toe)
    ankle = place + apply(level, ball) - apply(turned, BALL)
    on_heel = place + apply(level, back) + apply(turned, (0.0, ANKLE_HEIGHT, HEEL_BACK))
    ankle = np.where((toe > heel)[:, None], on_heel, ankle)
    return ankle, turned @ rx(pitch), level @ rx(np.minimum(heel, 0) - toe + pitch)


def hand_frame(palm: Array, fingers: Array) -> Array:
    """The left hand's global rotation from where its palm and its fingers point, (frames, 3) each."""
    f = unit(fingers)
    back = -unit(palm - (palm * f).sum(-1, keepdims=True) * f)
    return np.stack([f, back, np.cross(f, back)], -1)


def twist_about_x(rotation: Array) -> Array:
    """The part of rotations (..., 3, 3) that turns about x, radians: swing-twist decomposition."""
    swing = rotation_between(np.broadcast_to([1.0, 0, 0], rotation.shape[:-1]), rotation[..., :, 0])
    rest = np.swapaxes(swing, -1, -2) @ rotation
    return np.arctan2(rest[..., 2, 1], rest[..., 1, 1])


def leg_limit(ankle: Array, hip: Array) -> Array:
    """(frames,) height up to which a hip above the ankle may rise, the leg all but straight."""
    across = ((ankle - hip)[:, [0, 2]] ** 2).sum(-1)
    return ankle[:, 1] + np.sqrt(np.maximum((0.9965 * LEG_LENGTH) ** 2 - across, 0.01))
