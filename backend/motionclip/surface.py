"""Points of the body's surface, moved by its joints: what the vertex loss compares."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from ..body.model import BodyModel
from ..motion.perform import body_offsets
from ..motion.skeleton import JOINT_NAMES
from .features import joint_frames

POINTS = 144
SOLES = 16
"""Of the points, how many are on each sole, where sliding shows."""


class Surface(nn.Module):
    """A fixed subset of a body's vertices, posed by linear blend skinning.

    The joints beyond the 22 (hands, face) move with the ones above them; pose correctives, a few millimetres, are
    left out. Loper et al. 2015, Eq. 2 to 4, of the mean shape.

    Args:
        body: with the 22 joints among its own.
        points: how many vertices, chosen far from one another.
    """

    blend: Tensor
    offsets: Tensor

    def __init__(self, body: BodyModel, points: int = POINTS) -> None:
        super().__init__()
        names = body.joint_names
        joints = body.rest_joints()[0].detach().cpu().numpy().astype(np.float64)
        place = [names.index(name) for name in JOINT_NAMES]
        template = body.arrays.v_template.astype(np.float64)
        weights = np.zeros((len(template), len(JOINT_NAMES)))
        for j in range(len(names)):
            above = j
            while above not in place:
                above = body.parents[above]
            weights[:, place.index(above)] += body.arrays.weights[:, j]
        chosen = choose_points(template, weights, points)
        apart = (template[chosen] - joints[place][:, None]).transpose(0, 2, 1)
        blend = np.concatenate([apart, np.ones((len(place), 1, len(chosen)))], 1) * weights[chosen].T[:, None]
        self.register_buffer("blend", torch.from_numpy(blend.reshape(-1, len(chosen))).float(), persistent=False)
        self.register_buffer("offsets", torch.from_numpy(body_offsets(joints, names)).float(), persistent=False)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Points and joints in space, the root's path integrated.

        Args:
            features: (B, T, 136).

        Returns:
            (B, T, points, 3) and (B, T, 22, 3), metres.
        """
        turn, place = joint_frames(features, self.offsets)
        # x_v = sum_j w_vj (R_j (rest_v - J_j) + p_j): one product with what does not depend on the pose.
        rows = torch.cat((turn, place[..., None]), -1).transpose(-3, -2).flatten(-2)
        return (rows @ self.blend).transpose(-1, -2), place


def choose_points(template: np.ndarray, weights: np.ndarray, count: int) -> np.ndarray:
    """Indices of vertices far from one another, `SOLES` of them on each sole."""
    feet = [
        weights[:, [JOINT_NAMES.index(f"{side}_{n}") for n in ("ankle", "foot")]].sum(1) > 0.5
        for side in ("left", "right")
    ]
    soles = [np.flatnonzero(f & (template[:, 1] < template[f, 1].min() + 0.03)) for f in feet]
    picked = [p for sole in soles for p in sole[_farthest(template[sole], min(SOLES, len(sole), count // 4))]]
    return np.array([*picked, *_farthest(template, count, picked)])[:count]


def _farthest(points: np.ndarray, count: int, chosen: list[int] | None = None) -> np.ndarray:
    """Farthest point sampling, from the topmost; of what is chosen already only the others are returned."""
    picked = list(chosen or [int(points[:, 1].argmax())])
    apart = np.min([((points - points[p]) ** 2).sum(1) for p in picked], 0)
    first = len(picked) if chosen else 0
    while len(picked) < count:
        picked.append(int(apart.argmax()))
        apart = np.minimum(apart, ((points - points[picked[-1]]) ** 2).sum(1))
    return np.array(picked[first:count], int)
