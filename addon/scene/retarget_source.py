"""The motion to be carried over: how far each joint has turned from rest, and where it is, frame by frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ...backend.protocol import InvalidInput
from .retarget_map import BoneMap
from .retarget_math import Array, along_chain, orthonormal, transposed
from .retarget_stage import Stage, rest


@dataclass(frozen=True)
class Motion:
    """A performance, in the world. N frames."""

    frames: Array
    """(N,) scene frames."""
    turned: dict[str, Array]
    """Joint -> (N, 3, 3) rotation since the rest pose."""
    spine: tuple[Array, ...]
    """(N, 3, 3) of each spine bone, upwards."""
    neck: tuple[Array, ...]
    places: dict[str, Array]
    """Joint -> (N, 3)."""
    rest: dict[str, Array]
    """Joint -> (3,) in the rest pose."""
    origin: Array
    """(3,) where the rig stands: its floor."""

    @property
    def chest(self) -> Array:
        """(N, 3, 3) turn of what carries the arms."""
        return self.spine[-1] if self.spine else self.turned["pelvis"]

    def spine_at(self, share: float) -> Array:
        """(N, 3, 3) turn at a share of the way from pelvis (0) to chest (1)."""
        steps = [i / max(len(self.spine), 1) for i in range(len(self.spine) + 1)]
        return along_chain(steps, [self.turned["pelvis"], *self.spine], share)

    def neck_at(self, share: float) -> Array:
        """(N, 3, 3) turn at a share of the way from chest (0) to head (1)."""
        links = [self.chest, *self.neck, self.turned.get("head", self.neck[-1] if self.neck else self.chest)]
        return along_chain([i / (len(links) - 1) for i in range(len(links))], links, share)


def action_of(rig: Any) -> Any:
    """The action that a rig plays.

    Raises:
        InvalidInput: there is none.
    """
    data = rig.animation_data
    if data is None or data.action is None:
        raise InvalidInput(f"{rig.name} has no action.", "Give it a motion first, or choose another actor.")
    return data.action


def sample(stage: Stage, rig: Any, bones: BoneMap) -> Motion:
    """Evaluate a rig over the range of its action, one frame at a time.

    Raises:
        InvalidInput: it has no action.
    """
    start, end = action_of(rig).frame_range
    frames = np.arange(np.floor(start), np.floor(end) + 1)
    names = sorted(bones.used())
    index = {name: i for i, name in enumerate(names)}
    turned, places = np.empty((len(frames), len(names), 3, 3)), np.empty((len(frames), len(names), 3))
    still = np.array(rig.matrix_world)
    resting = rest(rig, names, still)
    back = transposed(np.stack([resting[name][0] for name in names]))
    for n, frame in enumerate(frames):
        stage.at(frame)
        matrices = stage.world(rig) @ stage.bones(rig, names)
        places[n] = matrices[:, :3, 3]
        turned[n] = matrices[:, :3, :3]
    turned = orthonormal(turned) @ back
    return Motion(
        frames=frames,
        turned={j: turned[:, index[b]] for j, b in bones.joints.items()},
        spine=tuple(turned[:, index[b]] for b in bones.spine),
        neck=tuple(turned[:, index[b]] for b in bones.neck),
        places={j: places[:, index[b]] for j, b in bones.joints.items()},
        rest={j: resting[b][1] for j, b in bones.joints.items()},
        origin=still[:3, 3],
    )
