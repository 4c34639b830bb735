"""The body that is coloured: posed in a few frames, with named regions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from ...body.kept import kept_body
from ...motion.clip import Clip
from ...motion.library import Library
from ...motion.ops import face_forward
from ...motion.perform import full_pose
from ...people.atlas import Atlas
from ...render.normals import vertex_normals
from ...render.topology import Topology, build_topology
from .prompts import rules


@dataclass(frozen=True)
class Posed:
    """F frames of one body with V vertices."""

    vertices: Tensor
    """(F, V, 3) metres, the middle of each frame's box at the origin."""
    normals: Tensor
    """(F, V, 3)."""

    def __len__(self) -> int:
        return len(self.vertices)


@dataclass(frozen=True)
class GuidanceBody:
    """A bare body: what is optimised is a colour for each of its V vertices."""

    rest: Tensor
    """(V, 3) metres, in T-pose."""
    topology: Topology
    seen: Posed
    """Frames that the optimisation draws."""
    unseen: Posed
    """Frames that only the scores draw."""
    regions: dict[str, Tensor]
    """(V,) bool, by the names of `rules()["regions"]`."""

    @cached_property
    def areas(self) -> Tensor:
        """(V,) square metres: a third of the faces around each vertex."""
        a, b, c = self.rest[self.topology.faces].unbind(1)
        area = torch.linalg.cross(b - a, c - a).norm(dim=-1) / 6
        return torch.zeros(len(self.rest)).index_add(0, self.topology.faces.reshape(-1), area.repeat_interleave(3))

    def region(self, names: Sequence[str]) -> Tensor:
        """(V,) bool: in one of these regions."""
        return torch.stack([self.regions[name] for name in names]).any(0)


def guidance_body() -> GuidanceBody:
    """The default body in the frames of `prompts.json`.

    Raises:
        AssetsMissing: the default body is not installed.
    """
    body = kept_body("neutral")
    atlas = Atlas(body.arrays)
    topology = build_topology(body.faces, body.num_vertices)
    library = Library.open()

    def posed(frames: list[tuple[str, float]]) -> Posed:
        poses = np.stack([_pose(face_forward(library.load(name)), at) for name, at in frames])
        with torch.no_grad():
            vertices = body(pose=torch.from_numpy(full_pose(poses, body))).vertices
        vertices = vertices - (vertices.amax(1, keepdim=True) + vertices.amin(1, keepdim=True)) / 2
        return Posed(vertices, vertex_normals(vertices, body.faces))

    return GuidanceBody(
        rest=torch.from_numpy(body.arrays.v_template),
        topology=topology,
        seen=posed(rules()["frames"]["seen"]),
        unseen=posed(rules()["frames"]["unseen"]),
        regions={name: torch.from_numpy(atlas.region(*of)) for name, of in rules()["regions"].items()},
    )


def _pose(clip: Clip, at: float) -> np.ndarray:
    """(22, 3) the frame at a share of the clip."""
    return clip.poses[round(at * (len(clip) - 1))]
