"""From the decoder's numbers to a motion that stands on the floor: tremor, joints, contacts, feet, with figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..motion.clip import Clip
from ..motion.contacts import detect_contacts, mean_slide, runs_of
from ..motion.footlock import lock_feet
from ..motion.ground import ground, point_speed
from ..motion.kinematics import forward_kinematics
from ..motion.resample import gaussian
from ..motion.soles import leg_kinematics, sole_points
from .features import FPS, clip_of
from .weights import MotionModel

TREMOR = 0.9
"""Frames: standard deviation of the low-pass that takes tremor out."""

NEAR, SLOW = 0.04, 0.7
"""Metres, and metres a second, up to which a foot that the decoder says to stand is believed to."""

GLIDE = 0.25
"""Metres that a sole may travel in one contact."""


@dataclass(frozen=True)
class Figures:
    """How clean a motion is."""

    slide: float
    """Millimetres a frame that soles move while they bear weight."""
    jerk: float
    """Mean length of the joints' third derivative, m/s^3."""
    sunk: float
    """Millimetres that the lowest sole is below the floor, the mean over all frames."""
    beyond: float
    """Share of the joints' angles outside of what recordings show."""

    def to_json(self) -> dict[str, float]:
        """Rounded."""
        return {
            "slide_mm_per_frame": round(self.slide, 3),
            "jerk_m_s3": round(self.jerk, 1),
            "below_floor_mm": round(self.sunk, 2),
            "beyond_limits": round(self.beyond, 5),
        }


@dataclass(frozen=True)
class Finished:
    """A clean motion, and what the cleaning changed."""

    clip: Clip
    before: Figures
    after: Figures

    def to_json(self) -> dict[str, Any]:
        """Both sets of figures."""
        return {"before": self.before.to_json(), "after": self.after.to_json()}


def finish(
    model: MotionModel, features: NDArray[np.floating], contacts: NDArray[np.bool_] | None, name: str
) -> Finished:
    """Clean a motion.

    Args:
        features: (frames, 136) as the decoder gives them; contacts: (frames, 4) as it tells them, or none.
    """
    limits = model.about.get("limits")
    raw = clip_of(features, "generated")
    calm = gaussian(features, TREMOR) if len(features) > 4 else features
    clip = clip_of(calm, "generated")
    if limits is not None:
        clip = clip.with_(poses=within_limits(clip.poses, limits))
    clip = ground(clip)
    seen = detect_contacts(clip)
    # What the decoder tells and what the feet do agree where somebody stands; the feet alone know the floor.
    stands = seen if contacts is None else seen | (contacts & _at_rest(clip))
    stands = without_glides(clip, stands)
    clip, _ = lock_feet(clip, contacts=stands)
    clip = clip.with_(contacts=stands)
    # Both by the contacts that the clean feet have: what trembles is never at rest, and would not count.
    return Finished(clip, measure(raw, stands, limits), measure(clip, stands, limits))


def _at_rest(clip: Clip) -> NDArray[np.bool_]:
    """(frames, 4) whether points of the soles are near the floor and slow."""
    points = sole_points(*leg_kinematics(clip.poses, clip.trans))
    return (points[..., 1] < NEAR) & (point_speed(points, clip.fps) < SLOW)


def without_glides(clip: Clip, contacts: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Contacts but for those during which the sole travels: pinned, a foot that glides would drag the body askew."""
    points = sole_points(*leg_kinematics(clip.poses, clip.trans))[..., [0, 2]]
    out = contacts.copy()
    for k in range(contacts.shape[1]):
        for start, end in runs_of(contacts[:, k]):
            if np.linalg.norm(points[start:end, k] - points[start, k], axis=-1).max() > GLIDE:
                out[start:end, k] = False
    return out


def within_limits(poses: NDArray[np.floating], limits: ArrayLike) -> NDArray[np.float32]:
    """Joints' angles drawn back into what recordings show.

    Args:
        poses: (frames, 22, 3) axis-angle.
        limits: (22, 3, 2) lowest and highest; the pelvis's are not looked at.
    """
    bounds = np.asarray(limits, np.float32)
    out = np.asarray(poses, np.float32).copy()
    out[:, 1:] = np.clip(out[:, 1:], bounds[1:, :, 0], bounds[1:, :, 1])
    return out


def measure(clip: Clip, contacts: NDArray[np.bool_] | None, limits: ArrayLike | None) -> Figures:
    """The figures of a clip.

    Args:
        contacts: (frames, 4); none: they are detected.
        limits: as of `within_limits`; none: not looked at.
    """
    contacts = detect_contacts(clip) if contacts is None else contacts
    _, places = forward_kinematics(clip.poses, clip.trans)
    jerk = np.linalg.norm(np.diff(places, n=3, axis=0), axis=-1) * FPS**3 if len(clip) > 3 else np.zeros(1)
    low = sole_points(*leg_kinematics(clip.poses, clip.trans))[..., 1].min(1)
    beyond = 0.0
    if limits is not None:
        beyond = float((np.abs(within_limits(clip.poses, limits) - clip.poses)[:, 1:] > 1e-4).mean())
    return Figures(mean_slide(clip, contacts), float(jerk.mean()), float(np.maximum(-low, 0).mean() * 1000), beyond)
