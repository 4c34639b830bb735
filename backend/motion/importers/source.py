"""What every importer of skeletal animation reads a file into, before it is retargeted."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ..kinematics import Array


@dataclass(frozen=True)
class Source:
    """A moving skeleton in its file's own units and axes; joints ordered so that parents come first."""

    names: tuple[str, ...]
    parents: tuple[int, ...]
    offsets: Array
    """(joints, 3) rest position relative to the parent."""
    rotations: Array
    """(frames, joints, 3, 3) local rotations."""
    positions: dict[int, Array]
    """Joint -> (frames, 3) local positions, where they differ from the offset: the root's at least."""
    fps: float
    ends: dict[int, Array] = field(default_factory=dict)
    """Joint -> (3,) end of its bone, for leaves that have one."""

    def __len__(self) -> int:
        return len(self.rotations)

    def cut(self, frames: slice) -> Source:
        """Some of the frames."""
        positions = {joint: values[frames] for joint, values in self.positions.items()}
        return Source(self.names, self.parents, self.offsets, self.rotations[frames], positions, self.fps, self.ends)

    def pose(self) -> tuple[Array, Array]:
        """Global rotations (frames, joints, 3, 3) and positions (frames, joints, 3)."""
        rotations = np.empty_like(self.rotations)
        places = np.empty((*self.rotations.shape[:2], 3))
        for j, p in enumerate(self.parents):
            local = self.positions[j] if j in self.positions else self.offsets[j]
            if p < 0:
                rotations[:, j], places[:, j] = self.rotations[:, j], local
            else:
                rotations[:, j] = rotations[:, p] @ self.rotations[:, j]
                step = np.broadcast_to(local, (len(self), 3))[..., None]
                places[:, j] = places[:, p] + (rotations[:, p] @ step)[..., 0]
        return rotations, places

    def rest(self) -> Array:
        """(joints, 3) positions where all rotations are zero."""
        places = np.zeros((len(self.names), 3))
        for j, p in enumerate(self.parents):
            local = self.offsets[j]
            moving = self.positions.get(j)
            # Some exporters leave the offsets at zero and move every joint by its position channels.
            if p >= 0 and moving is not None and not np.any(local):
                local = np.median(moving, axis=0)
            places[j] = local if p < 0 else places[p] + local
        return places

    def children(self) -> list[list[int]]:
        """The children of each joint."""
        out: list[list[int]] = [[] for _ in self.names]
        for j, p in enumerate(self.parents):
            if p >= 0:
                out[p].append(j)
        return out

    def ancestors(self, joint: int) -> list[int]:
        """The joint itself, its parent, and so on to the root."""
        out = []
        while joint >= 0:
            out.append(joint)
            joint = self.parents[joint]
        return out
