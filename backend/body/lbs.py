"""Linear blend skinning, batched and differentiable, written for speed.

SMPL (Loper et al. 2015), Eq. 2-4, 8-10: M = W(T + B_S(betas) + B_P(theta), J(betas), theta, weights).
Two things differ from the textbook. Rest joints are linear in the shape coefficients, so the regressor is
applied to the template and to each axis once, at load time. And vertices are sorted into patches by the joints
that move them, so that blending and pose correctives touch only the few joints of each patch.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from .patches import Patch


def rotation_matrices(axis_angle: Tensor) -> Tensor:
    """Rodrigues' formula, exact and smooth through zero.

    Args:
        axis_angle: (..., 3) radians.

    Returns:
        (..., 3, 3).
    """
    squared = (axis_angle * axis_angle).sum(-1)
    small = squared < 1e-6
    angle = torch.where(small, 1.0, squared).sqrt()  # away from the root's infinite slope at 0
    half = torch.sin(0.5 * angle) / (0.5 * angle)
    a = torch.where(small, 1 - squared / 6, torch.sin(angle) / angle)
    b = torch.where(small, 0.5 - squared / 24, 0.5 * half * half)  # (1 - cos) / angle^2 without cancellation
    x, y, z = axis_angle.unbind(-1)
    ax, ay, az, bx, by, bz = a * x, a * y, a * z, b * x, b * y, b * z
    xy, xz, yz = bx * y, bx * z, by * z
    xx, yy, zz = bx * x, by * y, bz * z
    rows = (1 - yy - zz, xy - az, xz + ay, xy + az, 1 - xx - zz, yz - ax, xz - ay, yz + ax, 1 - xx - yy)
    return torch.stack(rows, -1).unflatten(-1, (3, 3))


class _Permute(torch.autograd.Function):
    """Columns in another order; the gradient is the opposite order, where torch would add it up one by one."""

    generate_vmap_rule = True

    @staticmethod
    def forward(x: Tensor, there: Tensor, back: Tensor) -> Tensor:
        return x.index_select(1, there)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Tensor, Tensor], output: Tensor) -> None:
        ctx.save_for_backward(*inputs[1:])

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None]:
        there, back = ctx.saved_tensors
        return _Permute.apply(grads[0], back, there), None, None


class Kinematics(nn.Module):
    """Forward kinematics of a joint tree, one step a level of the tree for the whole batch."""

    order: Tensor
    above: Tensor

    def __init__(self, parents: Sequence[int]) -> None:
        super().__init__()
        depth: list[int] = []
        for p in parents:
            depth.append(0 if p < 0 else depth[p] + 1)
        by_depth = sorted(range(len(parents)), key=lambda j: (depth[j], j))
        place = {j: i for i, j in enumerate(by_depth)}
        self.sizes = [depth.count(d) for d in range(max(depth) + 1)]
        self.register_buffer("sorted", torch.tensor(by_depth), persistent=False)
        self.register_buffer("order", torch.tensor([place[j] for j in range(len(parents))]), persistent=False)
        self.register_buffer("parents", torch.tensor([max(p, 0) for p in parents]), persistent=False)
        starts = [sum(self.sizes[:d]) for d in range(len(self.sizes))]
        for d in range(1, len(self.sizes)):
            level = by_depth[starts[d] : starts[d] + self.sizes[d]]
            rows = torch.tensor([place[parents[j]] - starts[d - 1] for j in level])
            self.register_buffer(f"above{d}", rows, persistent=False)

    def forward(self, rotations: Tensor, rest: Tensor) -> tuple[Tensor, Tensor]:
        """Global rotations and positions.

        Args:
            rotations: (B, J, 3, 3) of each joint relative to its parent.
            rest: (B or 1, J, 3) rest joints.

        Returns:
            (B, J, 3, 3) and (B, J, 3).
        """
        parents, by_depth = self.get_buffer("parents"), self.get_buffer("sorted")
        offsets = rest - torch.cat((torch.zeros_like(rest[:, :1]), rest[:, parents[1:]]), 1)
        local = rotations[:, by_depth].split(self.sizes, 1)
        steps = offsets[:, by_depth].unsqueeze(-1).expand(len(rotations), -1, -1, -1).split(self.sizes, 1)
        turned, placed = [local[0]], [steps[0]]
        for d in range(1, len(self.sizes)):
            rows = self.get_buffer(f"above{d}")
            parent = turned[-1][:, rows]
            step = parent @ torch.cat((local[d], steps[d]), -1)
            turned.append(step[..., :3])
            placed.append(step[..., 3:] + placed[-1][:, rows])
        order = self.order
        return torch.cat(turned, 1)[:, order], torch.cat(placed, 1)[:, order].squeeze(-1)


class Skinning(nn.Module):
    """Shape, pose correctives and skinning of one mesh, patch by patch.

    Args:
        patches: the mesh, cut by `patches.cut`.
        template: (V, 3); shapedirs: (V, 3, C) shape and expression axes together.
    """

    there: Tensor
    back: Tensor
    joints: Tensor
    features: Tensor

    def __init__(self, patches: Sequence[Patch], template: Tensor, shapedirs: Tensor) -> None:
        super().__init__()
        self.rows = [len(p.vertices) for p in patches]
        self.rigid = [len(p.joints) == 1 and bool((p.weights == 1).all()) for p in patches]
        order = torch.cat([torch.as_tensor(p.vertices) for p in patches])
        place = torch.argsort(order)
        planes = torch.arange(3) * len(order)
        # from all x, all y, all z in the patches' order to x, y, z of each vertex in the mesh's
        there = (place[:, None] + planes).reshape(-1)
        self.register_buffer("there", there, persistent=False)
        self.register_buffer("back", torch.argsort(there), persistent=False)
        # every patch's joints and pose features in a row: gathered at once, then split
        self.joint_counts = [len(p.joints) for p in patches]
        self.feature_counts = [len(p.features) for p in patches]
        joints, features = (np.concatenate([getattr(p, k) for p in patches]) for k in ("joints", "features"))
        self.register_buffer("joints", torch.from_numpy(joints), persistent=False)
        self.register_buffer("features", torch.from_numpy(features), persistent=False)
        for i, p in enumerate(patches):
            v = torch.as_tensor(p.vertices)
            # planar: all x of the patch, then all y, then all z
            self.register_buffer(f"template{i}", template[v].T.reshape(1, -1).contiguous(), persistent=False)
            self.register_buffer(f"shape{i}", shapedirs[v].permute(2, 1, 0).flatten(1).contiguous(), persistent=False)
            self.register_buffer(f"weights{i}", torch.as_tensor(p.weights), persistent=False)
            self.register_buffer(f"pose{i}", torch.as_tensor(p.posedirs), persistent=False)

    def shaped(self, i: int, coefficients: Tensor | None, columns: Tensor | slice) -> Tensor:
        """(B or 1, 3n) the patch's rest positions for these coefficients."""
        template = self.get_buffer(f"template{i}")
        if coefficients is None:
            return template
        return torch.addmm(template, coefficients, self.get_buffer(f"shape{i}")[columns])

    def rest(self, coefficients: Tensor | None, columns: Tensor | slice) -> Tensor:
        """(B or 1, V, 3) unposed vertices for these coefficients."""
        planes = [self.shaped(i, coefficients, columns).reshape(-1, 3, n) for i, n in enumerate(self.rows)]
        return self._interleave(planes)

    def _interleave(self, planes: list[Tensor]) -> Tensor:
        """(B, 3, n) of every patch -> (B, V, 3) in the mesh's order."""
        flat = torch.cat(planes, 2).flatten(1)
        return _Permute.apply(flat, self.there, self.back).unflatten(1, (-1, 3))

    def forward(
        self, coefficients: Tensor | None, columns: Tensor | slice, features: Tensor, transforms: Tensor
    ) -> Tensor:
        """Posed vertices.

        Args:
            coefficients: (B or 1, C) of the shape axes `columns`, or none.
            features: (B, (J - 1) * 9) flattened R - I.
            transforms: (B, 12, J): the columns of R, then t, of every joint's rest-to-posed transform.

        Returns:
            (B, V, 3).
        """
        batch = len(transforms)
        used = features[:, self.features].split(self.feature_counts, 1)
        blends = transforms[:, :, self.joints].split(self.joint_counts, 2)
        out = []
        for i, (n, blend) in enumerate(zip(self.rows, blends, strict=True)):
            rest = self.shaped(i, coefficients, columns)
            if self.feature_counts[i]:
                rest = torch.addmm(rest, used[i], self.get_buffer(f"pose{i}"))
            rest = rest.reshape(-1, 3, n)
            if self.rigid[i]:
                turn = blend[:, :9, 0].reshape(batch, 3, 3).transpose(1, 2)
                out.append(torch.baddbmm(blend[:, 9:], turn, rest.expand(batch, 3, n)))
                continue
            T = (blend.reshape(batch * 12, -1) @ self.get_buffer(f"weights{i}")).reshape(batch, 12, n)
            posed = torch.addcmul(T[:, 9:], T[:, :3], rest[:, :1])
            posed = torch.addcmul(posed, T[:, 3:6], rest[:, 1:2])
            out.append(torch.addcmul(posed, T[:, 6:9], rest[:, 2:]))
        return self._interleave(out)
