"""Linear blend skinning of rest vertices that clothes have already moved."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from ..body.layout import BodyArrays
from ..body.lbs import Kinematics, rotation_matrices
from ..body.patches import cut


class Bones:
    """The joint tree: poses to transforms."""

    def __init__(self, parents: tuple[int, ...]) -> None:
        self.kinematics = Kinematics(parents)

    def __call__(self, poses: Tensor, rest: Tensor, transl: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Transforms of every joint.

        Args:
            poses: (n, J, 3) axis-angle, each joint relative to its parent.
            rest: (n, J, 3) rest joints.
            transl: (n, 3).

        Returns:
            (n, 12, J) the columns of every rotation, then the translation, rest to posed; (n, (J - 1) * 9) the
            flattened R - I of every joint but the root; (n, J, 3) posed joints.
        """
        rotations = rotation_matrices(poses)
        turned, joints = self.kinematics(rotations, rest)
        joints = joints + transl[:, None]
        shift = joints.unsqueeze(-1) - turned @ rest.unsqueeze(-1)
        transforms = torch.cat((turned.transpose(2, 3).flatten(2), shift.squeeze(-1)), 2).transpose(1, 2)
        features = (rotations[:, 1:] - torch.eye(3)).flatten(1)
        return transforms, features, joints


class Skin:
    """Pose correctives and skinning of the body's vertices, patch by patch.

    As `body.lbs.Skinning`, but each rest vertex is given: it may carry cloth, which the same blended transform turns.
    """

    def __init__(self, arrays: BodyArrays) -> None:
        self.patches = cut(arrays.weights, arrays.posedirs)
        order = np.concatenate([p.vertices for p in self.patches])
        self.there = torch.from_numpy(order)
        self.back = torch.from_numpy(np.argsort(order))
        self.weights = [torch.from_numpy(p.weights) for p in self.patches]
        self.posedirs = [torch.from_numpy(p.posedirs) for p in self.patches]
        self.joints = [torch.from_numpy(p.joints) for p in self.patches]
        self.features = [torch.from_numpy(p.features) for p in self.patches]

    def __call__(self, rest: Tensor, transforms: Tensor, features: Tensor) -> Tensor:
        """(n, V, 3) posed vertices.

        Args:
            rest: (n, V, 3); transforms: (n, 12, J); features: (n, (J - 1) * 9).
        """
        n = len(rest)
        planes = rest.transpose(1, 2)[:, :, self.there].split([len(p.vertices) for p in self.patches], 2)
        out = []
        for x, w, basis, joints, used in zip(
            planes, self.weights, self.posedirs, self.joints, self.features, strict=True
        ):
            if len(used):
                x = x + (features[:, used] @ basis).view(n, 3, -1)
            blend = transforms[:, :, joints]
            T = (blend.reshape(n * 12, -1) @ w).view(n, 12, -1)
            posed = torch.addcmul(T[:, 9:], T[:, :3], x[:, :1])
            posed = torch.addcmul(posed, T[:, 3:6], x[:, 1:2])
            out.append(torch.addcmul(posed, T[:, 6:9], x[:, 2:]))
        return torch.cat(out, 2)[:, :, self.back].transpose(1, 2)


def skin_sheet(rest: Tensor, outward: Tensor, weights: Tensor, transforms: Tensor, softness: float) -> Tensor:
    """(n, P, 3) posed vertices of a sheet that hangs around two limbs.

    Every vertex has two places: as part of cloth around the left half of the body, and around the right. What is seen
    is the hull of both: the place that lies farther out, where `outward` has been turned with the body, with a soft
    change from one to the other. A skirt so follows both legs of a walk, and closes between them.

    Args:
        rest: (n, 2, P, 3) both places in rest; (n, 1, P, 3) for a piece that has one.
        outward: (P, 3) unit vectors away from the middle, in rest.
        weights: (2 or 1, P, J).
        transforms: (n, 12, J).
        softness: metres over which one place turns into the other.
    """
    n, halves, points, _ = rest.shape
    blend = transforms.reshape(n * 12, -1) @ weights.flatten(0, 1).T
    T = blend.view(n, 12, halves, points)
    x = rest.permute(0, 3, 1, 2)
    posed = T[:, 9:] + T[:, :3] * x[:, :1] + T[:, 3:6] * x[:, 1:2] + T[:, 6:9] * x[:, 2:]
    if halves == 1:
        return posed[:, :, 0].transpose(1, 2)
    u = outward.T[:, None]
    turned = T[:, :3] * u[0] + T[:, 3:6] * u[1] + T[:, 6:9] * u[2]
    away = ((posed[:, :, 0] - posed[:, :, 1]) * turned.mean(2)).sum(1)
    left = torch.sigmoid(away / softness)[:, None]
    return (posed[:, :, 1] + left * (posed[:, :, 0] - posed[:, :, 1])).transpose(1, 2)
