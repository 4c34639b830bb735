"""The content that is styled: a body in the frames of a motion, and which of them to look at.

CLIP-Actor, section 5, multi-modal content mesh sampling: every frame is rendered, an encoder says how well each
shows the prompt, and the best k are kept, here with some distance between them in time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import torch
from torch import Tensor

from ..body.model import MorphableBody
from ..encoders.base import JointEncoder
from ..motion.ground import yaw_of
from ..motion.kinematics import matrix_from_axis_angle
from ..protocol import InvalidInput

Sampling = Literal["score", "spread", "centre"]
SAMPLINGS = get_args(Sampling)
MOST_SCORED = 48
"""Frames of a motion that are rendered to be scored."""


@dataclass(frozen=True)
class Content:
    """F frames of one body with V vertices, each with the middle of its box at the origin."""

    vertices: Tensor
    """(F, V, 3) metres."""
    directions: Tensor
    """(F, V, 3) where the body's outward directions point in each frame: unit vectors but where joints bend."""
    headings: Tensor
    """(F,) degrees that the body is turned by from looking along +z, to its left."""
    times: tuple[int, ...]
    """Frames of the motion that these are."""

    def __len__(self) -> int:
        return len(self.vertices)

    def some(self, rows: Sequence[int]) -> Content:
        """Some of the frames."""
        index = torch.tensor(rows, device=self.vertices.device)
        times = tuple(self.times[i] for i in rows)
        return Content(self.vertices[index], self.directions[index], self.headings[index], times)

    def displaced(self, displacement: Tensor, rows: Tensor) -> Tensor:
        """(B, V, 3) the frames `rows` (B,) with their surface moved out by (V,) metres."""
        return self.vertices[rows] + displacement[:, None] * self.directions[rows]


def pose_content(
    body: MorphableBody,
    poses: np.ndarray,
    betas: Tensor,
    direction: Tensor,
    times: Sequence[int],
    offsets: Tensor | None = None,
) -> Content:
    """Frames of a motion, facing as they do but without travel.

    A displacement along a turned direction is what linear blend skinning makes of a shape key: both see the mean of
    the joints' rotations by the vertex's weights.

    Args:
        poses: (N, J, 3) axis-angle of a motion; betas: (1, S).
        direction: (V, 3) outward at rest.
        times: which of the N frames.
        offsets: (V, 3) metres at rest that clothes stand off by.

    Raises:
        InvalidInput: no frame, or poses that are not this body's.
    """
    if not len(times):
        raise InvalidInput("The motion has no frame.", "Give one of a frame at least.")
    if poses.ndim != 3 or poses.shape[1:] != (body.num_joints, 3):
        raise InvalidInput(
            f"The motion's poses have shape {poses.shape}, and {body.name} has {body.num_joints} joints.",
            "Give the body that the motion was made for.",
        )
    pose = torch.from_numpy(np.ascontiguousarray(poses[list(times)], np.float32))
    with torch.no_grad():
        vertices = body(betas=betas, pose=pose).vertices
        rotations = body.full_pose(pose, {})
        turned, _ = body.kinematics(rotations, body.rest_joints(betas))
        blended = torch.einsum("vj,fjab->fvab", body.lbs_weights, turned)
        directions = torch.einsum("fvab,vb->fva", blended, direction)
        if offsets is not None:
            vertices = vertices + torch.einsum("fvab,vb->fva", blended, offsets)
        middle = (vertices.amax(1, keepdim=True) + vertices.amin(1, keepdim=True)) / 2
    headings = torch.from_numpy(np.degrees(yaw_of(matrix_from_axis_angle(poses[list(times), 0])))).float()
    return Content(vertices - middle, directions, headings, tuple(int(t) for t in times))


def candidates(frames: int, most: int = MOST_SCORED) -> list[int]:
    """Frames that are looked at, evenly spread."""
    return sorted({round(i) for i in np.linspace(0, frames - 1, min(frames, most))})


def best_frames(scores: np.ndarray, k: int, sampling: Sampling = "score") -> list[int]:
    """Rows of the k frames to look at.

    Args:
        scores: (T,) how well each shows the prompt, in the order of time.
        sampling: `score`: the best, of which no two are nearer than half the distance that evenly spread ones would
            have, as far as there are so many; `spread`: evenly spread; `centre`: the middle one alone, as the
            published base model has it.
    """
    count = len(scores)
    k = min(k, count)
    if sampling == "centre":
        return [count // 2]
    if sampling == "spread":
        return sorted({round(i) for i in np.linspace(0, count - 1, k + 2)[1:-1]}) if k < count else list(range(count))
    gap = count / (2 * k)
    chosen: list[int] = []
    while len(chosen) < k:
        left = [i for i in np.argsort(-scores, kind="stable").tolist() if i not in chosen]
        apart = [i for i in left if all(abs(i - j) >= gap for j in chosen)]
        chosen.append((apart or left)[0])
    return sorted(chosen)


@torch.inference_mode()
def frame_scores(encoder: JointEncoder, images: Tensor, text: Tensor, chunk: int = 16) -> np.ndarray:
    """(T,) mean cosine of each frame's pictures with a text.

    Args:
        images: (T, views, 3, H, W) sRGB.
        text: (dim,) unit vector.
    """
    flat = images.flatten(0, 1)
    cosines = torch.cat([encoder.encode_images(part).to(text.device) @ text for part in flat.split(chunk)])
    return cosines.unflatten(0, images.shape[:2]).mean(1).cpu().numpy()
