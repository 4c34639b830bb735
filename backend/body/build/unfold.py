"""Last step on the correctives: gradient descent on the faces that turn over in the poses that matter."""

from __future__ import annotations

import numpy as np
import torch

from .check import BuiltBody
from .correctives import features
from .poses import NAMED, local_rotations
from .simulate import face_normals

MARGIN = 0.22
"""Cosine to the surrounding skin that a face is pushed up to."""
ROUNDS, STEPS, RATE = 7, 45, 1.2e-4
STIFFNESS = 2e3
"""Penalty on the square of the vertices' moves, per square metre, against that on the faces."""


def strained_poses() -> list[np.ndarray]:
    """Elbows, knees and hips through their range, and the named poses."""
    out = [
        local_rotations({"both_elbow": (0, -a, 0), "both_knee": (a, 0, 0), "both_shoulder": arm, "both_hip": leg})
        for a in range(80, 146, 10)
        for arm, leg in (((0, 0, 0), (0, 0, 0)), ((0, -20, -50), (-a / 2, 0, 0)))
    ]
    out += [local_rotations({"both_hip": (-a, 0, 0), "both_shoulder": (0, 0, 20 - a)}) for a in (60, 80, 97, 110)]
    return out + list(NAMED.values())


def unfold_correctives(arrays: dict[str, np.ndarray], log=print) -> np.ndarray:
    """(V, 3, 486) correctives changed, only where needed, so that no face of the three means turns over.

    Args:
        arrays: the file's arrays.
        log: takes a line on each round.
    """
    bodies = [BuiltBody(arrays, variant) for variant in ("neutral", "male", "female")]
    posedirs = arrays["posedirs"].astype(np.float64)
    poses = strained_poses()
    flat = [body.fold_cosines(body.template) > 2 * MARGIN for body in bodies]
    watched: set[int] = set()
    for _ in range(ROUNDS):
        shapes = [(body, pose, body.posed(pose)) for body in bodies for pose in poses]
        clears = [clear for clear in flat for _ in poses]
        turned = [
            np.nonzero((body.fold_cosines(x) < 0.5 * MARGIN) & clear)[0]
            for (body, _, x), clear in zip(shapes, clears, strict=True)
        ]
        watched |= {n for n, t in enumerate(turned) if len(t)}
        shapes = [shapes[n] for n in sorted(watched)]
        faces = np.unique(np.concatenate(turned))
        log(f"{sum(len(t) for t in turned)} faces close to turning, {len(faces)} of them distinct")
        if not len(faces):
            break
        posedirs = _descend(posedirs, bodies[0], faces, shapes)
        for body in bodies:
            body.set_posedirs(posedirs)
    return posedirs


def _descend(posedirs: np.ndarray, body: BuiltBody, bad: np.ndarray, shapes: list) -> np.ndarray:
    """Move the correctives of the bad faces' vertices and of their neighbours."""
    moving = np.zeros(len(body.template), bool)
    moving[body.faces[bad]] = True
    for _ in range(2):
        moving[body.faces[moving[body.faces].any(1)]] = True
    free = np.nonzero(moving & posedirs.any((1, 2)))[0]
    patch = np.nonzero(np.isin(body.faces, free).any(1))[0]
    slot = np.full(len(body.template), len(free))
    slot[free] = np.arange(len(free))
    corners = torch.tensor(slot[body.faces[patch]])
    allowed = torch.tensor((posedirs[free] != 0).any(1)[:, None, :].astype(np.float32))
    fixed, linear, drive, around = _frozen(free, patch, shapes)
    change = torch.zeros(len(free), 3, posedirs.shape[2], requires_grad=True)
    optimiser = torch.optim.Adam([change], lr=RATE)
    for _ in range(STEPS):
        offset = torch.einsum("vcq,nq->nvc", change * allowed, drive)
        move = torch.einsum("nvab,nvb->nva", linear, offset)
        padded = torch.cat([move, move.new_zeros(len(move), 1, 3)], 1)
        x = fixed + padded[:, corners]
        normal = torch.linalg.cross(x[:, :, 1] - x[:, :, 0], x[:, :, 2] - x[:, :, 0])
        cosine = (torch.nn.functional.normalize(normal, dim=-1, eps=1e-12) * around).sum(-1)
        loss = ((MARGIN - cosine).clamp(min=0) ** 2).sum() + STIFFNESS * (move**2).sum()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    out = posedirs.copy()
    out[free] += (change * allowed).detach().numpy()
    return out


def _frozen(free: np.ndarray, patch: np.ndarray, shapes: list) -> tuple[torch.Tensor, ...]:
    """What does not change while the correctives move: corner positions, skinning, features, skin around."""
    fixed, linear, drive, around = [], [], [], []
    for body, pose, x in shapes:
        smooth = x
        for _ in range(6):
            smooth = body.even @ smooth
        fixed.append(x[body.faces[patch]])
        linear.append(body.skinning(pose, body.template)[0][free])
        drive.append(features(pose).ravel())
        around.append(face_normals(smooth, body.faces[patch]) * body.unfolded[patch, None])
    return tuple(torch.tensor(np.array(a), dtype=torch.float32) for a in (fixed, linear, drive, around))
