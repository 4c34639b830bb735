"""The interface that every body has, and the one implementation behind it."""

from __future__ import annotations

import math
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from ..protocol import InvalidInput
from . import names
from .layout import BodyArrays
from .lbs import Kinematics, Skinning, rotation_matrices
from .patches import cut

MOST_ELEMENTS = {"cpu": 1 << 24, "gpu": 1 << 28}
"""Floats of blended transforms at once (64 MB, 1 GB): larger batches run in pieces."""


class BodyOutput(NamedTuple):
    """B posed bodies."""

    vertices: Tensor
    """(B, V, 3) metres."""
    joints: Tensor
    """(B, J, 3) metres."""


class BodyModel(Protocol):
    """A morphable body: V vertices, J joints, S shape and E expression axes."""

    name: str
    kind: str
    gender: str
    """`neutral`, `male` or `female`."""
    sha256: str
    """Of the file."""
    licence: str
    arrays: BodyArrays
    joint_names: tuple[str, ...]
    beta_names: tuple[str, ...]
    expression_names: tuple[str, ...]
    parents: tuple[int, ...]

    @property
    def num_vertices(self) -> int: ...

    @property
    def num_joints(self) -> int: ...

    @property
    def num_betas(self) -> int: ...

    @property
    def num_expression(self) -> int: ...

    @property
    def faces(self) -> Tensor: ...

    @property
    def lbs_weights(self) -> Tensor: ...

    def forward(
        self,
        betas: Tensor | None = None,
        expression: Tensor | None = None,
        *,
        pose: Tensor | None = None,
        transl: Tensor | None = None,
        **parts: Tensor,
    ) -> BodyOutput: ...

    def __call__(self, *args: Any, **kwargs: Any) -> BodyOutput:
        """As `forward`."""
        ...

    def rest_joints(self, betas: Tensor | None = None, expression: Tensor | None = None) -> Tensor: ...

    def shaped(self, betas: Tensor | None = None, expression: Tensor | None = None) -> Tensor: ...

    def relaxed_pose(self) -> np.ndarray: ...


class MorphableBody(nn.Module):
    """`BodyModel` over plain arrays; buffers move and cast with `.to()`."""

    faces: Tensor
    lbs_weights: Tensor
    joint_template: Tensor
    joint_shapedirs: Tensor

    def __init__(self, arrays: BodyArrays) -> None:
        super().__init__()
        self.arrays = arrays
        self.name, self.kind, self.gender = arrays.name, arrays.kind, arrays.gender
        self.sha256, self.licence = arrays.sha256, arrays.licence
        self.joint_names = arrays.joint_names
        self.beta_names, self.expression_names = arrays.beta_names, arrays.expression_names
        self.parents = tuple(arrays.parents.tolist())
        self.parts = names.parts(arrays.kind, len(self.parents))
        dirs = np.concatenate((arrays.shapedirs, arrays.exprdirs), 2)
        regressor = arrays.J_regressor.astype(np.float64)
        joint_template = regressor @ arrays.v_template
        joint_dirs = (regressor @ dirs.reshape(len(dirs), -1)).reshape(len(regressor), 3, -1)
        self.register_buffer("faces", torch.from_numpy(arrays.faces.astype(np.int64)), persistent=False)
        self.register_buffer("lbs_weights", torch.from_numpy(arrays.weights), persistent=False)
        self.register_buffer("joint_template", torch.from_numpy(joint_template).float(), persistent=False)
        self.register_buffer(
            "joint_shapedirs", torch.from_numpy(joint_dirs).float().permute(2, 0, 1).contiguous(), persistent=False
        )
        self.kinematics = Kinematics(self.parents)
        patches = cut(arrays.weights, arrays.posedirs)
        self.skinning = Skinning(patches, torch.from_numpy(arrays.v_template), torch.from_numpy(dirs))

    @property
    def num_vertices(self) -> int:
        return len(self.arrays.v_template)

    @property
    def num_joints(self) -> int:
        return len(self.parents)

    @property
    def num_betas(self) -> int:
        return len(self.beta_names)

    @property
    def num_expression(self) -> int:
        return len(self.expression_names)

    @property
    def device(self) -> torch.device:
        return self.joint_template.device

    @property
    def dtype(self) -> torch.dtype:
        return self.joint_template.dtype

    def _cast(self, value: Tensor, tail: tuple[int, ...], name: str) -> Tensor:
        """(B, *tail) of an input that ends in `tail`, whole or flattened."""
        value = torch.as_tensor(value).to(self.device, self.dtype)
        flat = math.prod(tail)
        if value.ndim and value.shape[0] and (value.shape[-len(tail) :] == tail or value.shape[-1] == flat):
            return value.reshape(-1, *tail)
        if tail[0] == 1 and value.shape[-len(tail) + 1 :] == tail[1:]:  # one joint, without its axis
            return value.reshape(-1, *tail)
        raise InvalidInput(f"{name} has shape {tuple(value.shape)}.", f"Give (B, {', '.join(map(str, tail))}).")

    def coefficients(self, betas: Tensor | None, expression: Tensor | None) -> tuple[Tensor | None, Tensor | slice]:
        """Shape and expression coefficients as one matrix (B or 1, C), and the axes that its columns are.

        Fewer coefficients than axes are allowed: the rest are 0 and cost nothing.

        Raises:
            InvalidInput: more coefficients than the body has axes.
        """
        given = []
        columns: list[int] = []
        for value, first, most, name in (
            (betas, 0, self.num_betas, "betas"),
            (expression, self.num_betas, self.num_expression, "expression"),
        ):
            if value is None:
                continue
            value = torch.as_tensor(value).to(self.device, self.dtype)
            value = value.reshape(1, -1) if value.ndim == 1 else value
            if value.shape[1] > most:
                raise InvalidInput(
                    f"{value.shape[1]} {name} were given, and {self.name} has {most}.", f"Give {most} at most."
                )
            given.append(value)
            columns += range(first, first + value.shape[1])
        if not columns:
            return None, slice(0, 0)
        most = max(len(g) for g in given)
        both = torch.cat([g.expand(most, -1) for g in given], 1)
        whole = columns == list(range(len(columns)))
        return both, slice(0, len(columns)) if whole else torch.tensor(columns, device=self.device)

    def full_pose(self, pose: Tensor | None, parts: dict[str, Tensor]) -> Tensor:
        """(B, J, 3, 3) rotations of all joints; what is not given is at rest.

        Args:
            pose: (B, J, 3) or (B, J * 3) axis-angle, or (B, J, 3, 3); or none.
            parts: by the layout's names (`global_orient`, `body_pose`, ...), in either form; they replace that part.

        Raises:
            InvalidInput: an unknown part, or a shape that does not fit.
        """
        J = self.num_joints
        unknown = [k for k in parts if k not in self.parts]
        if unknown:
            raise InvalidInput(f"{self.name} has no {unknown[0]}.", f"It has {', '.join(self.parts)}.")
        if pose is not None:
            rotations = self._rotations(pose, J, "pose")
            if not parts:
                return rotations
        else:
            rotations = torch.eye(3, device=self.device, dtype=self.dtype).expand(1, J, 3, 3)
        pieces = {k: self._rotations(v, self.parts[k][1], k) for k, v in parts.items() if v is not None}
        batch = max([len(rotations), *(len(p) for p in pieces.values())])
        out = list(rotations.expand(batch, -1, -1, -1).unbind(1))
        for key, piece in pieces.items():
            first, count = self.parts[key]
            out[first : first + count] = piece.expand(batch, -1, -1, -1).unbind(1)
        return torch.stack(out, 1)

    def _rotations(self, value: Tensor, joints: int, name: str) -> Tensor:
        if value.ndim >= 3 and value.shape[-2:] == (3, 3) and (value.ndim == 4 or joints == 1):
            return self._cast(value, (joints, 3, 3), name)
        return rotation_matrices(self._cast(value, (joints, 3), name))

    def relaxed_pose(self) -> np.ndarray:
        """(J, 3) axis-angle: the body at rest with the file's mean hand pose, where it has one."""
        pose = np.zeros((self.num_joints, 3), np.float32)
        for part, key in (("left_hand_pose", "hands_meanl"), ("right_hand_pose", "hands_meanr")):
            mean = self.arrays.extras.get(key)
            if part in self.parts and mean is not None and np.size(mean) == self.parts[part][1] * 3:
                first, count = self.parts[part]
                pose[first : first + count] = np.asarray(mean, np.float32).reshape(count, 3)
        return pose

    def rest_joints(self, betas: Tensor | None = None, expression: Tensor | None = None) -> Tensor:
        """(B or 1, J, 3) joints of the unposed body, metres."""
        with torch.autocast(self.device.type, enabled=False):
            return self._rest_joints(*self.coefficients(betas, expression))

    def _rest_joints(self, coefficients: Tensor | None, columns: Tensor | slice) -> Tensor:
        if coefficients is None:
            return self.joint_template[None]
        return self.joint_template + torch.einsum("bc,cjk->bjk", coefficients, self.joint_shapedirs[columns])

    def shaped(self, betas: Tensor | None = None, expression: Tensor | None = None) -> Tensor:
        """(B or 1, V, 3) vertices of the unposed body, metres."""
        with torch.autocast(self.device.type, enabled=False):
            coefficients, columns = self.coefficients(betas, expression)
            return self.skinning.rest(coefficients, columns)

    def forward(
        self,
        betas: Tensor | None = None,
        expression: Tensor | None = None,
        *,
        pose: Tensor | None = None,
        transl: Tensor | None = None,
        **parts: Tensor,
    ) -> BodyOutput:
        """Posed bodies.

        Args:
            betas: (B, up to S) or (1, .) or (S,) shape coefficients; none is the mean.
            expression: likewise, up to E.
            pose: (B, J, 3) axis-angle or (B, J, 3, 3) rotations of every joint relative to its parent.
            transl: (B, 3) metres.
            parts: `global_orient`, `body_pose`, `left_hand_pose` ... by the layout's names; each replaces its part of
                `pose`. Hands are flat where nothing is given: no mean hand pose is added.

        Raises:
            InvalidInput: shapes that do not fit each other or the body.
        """
        # Metres of a body need more than bfloat16's three digits.
        with torch.autocast(self.device.type, enabled=False):
            rotations = self.full_pose(pose, parts)
            coefficients, columns = self.coefficients(betas, expression)
            move = None if transl is None else self._cast(transl, (3,), "transl")
            sizes = {len(t) for t in (rotations, coefficients, move) if t is not None} - {1}
            if len(sizes) > 1:
                raise InvalidInput(f"The batch sizes {sorted(sizes)} differ.", "Give equal ones, or 1.")
            batch = max(sizes, default=1)
            rotations = rotations.expand(batch, -1, -1, -1)
            most = MOST_ELEMENTS["cpu" if self.device.type == "cpu" else "gpu"]
            step = max(1, most // (12 * self.num_vertices))
            pieces = []
            for i in range(0, batch, step):
                part, shape, shift = (
                    t if t is None or len(t) == 1 else t[i : i + step] for t in (rotations, coefficients, move)
                )
                assert part is not None
                pieces.append(self._pose(part, shape, shift, columns))
            return pieces[0] if len(pieces) == 1 else BodyOutput(*(torch.cat(p) for p in zip(*pieces, strict=True)))

    def _pose(
        self, rotations: Tensor, coefficients: Tensor | None, move: Tensor | None, columns: Tensor | slice
    ) -> BodyOutput:
        rest = self._rest_joints(coefficients, columns)
        turned, joints = self.kinematics(rotations, rest)
        if move is not None:
            joints = joints + move[:, None]
        shift = joints.unsqueeze(-1) - turned @ rest.unsqueeze(-1)
        # (B, 12, J): the three columns of each rotation, then the translation
        transforms = torch.cat((turned.transpose(2, 3).flatten(2), shift.squeeze(-1)), 2).transpose(1, 2)
        features = (rotations[:, 1:] - torch.eye(3, device=self.device, dtype=self.dtype)).flatten(1)
        return BodyOutput(self.skinning(coefficients, columns, features, transforms), joints)
