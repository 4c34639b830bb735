"""A performed motion and its body as files: what needs no Blender, and what a Blender of its own writes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from .blender import run_blender_job, staged_textures
from .body import BodyModel
from .files import write_json
from .motion.export import write_amass, write_bvh
from .motion.perform import Performance
from .protocol import BLENDER_FORMATS
from .takes import Progress, write_job
from .workplace import Workplace

LOOK = "look"
"""Folder of the look within a job's."""


def stage_actor(
    place: Workplace, body: BodyModel, betas: torch.Tensor, performance: Performance, provenance: dict[str, Any],
    outputs: Sequence[str], previews: Sequence[str] = (),
) -> dict[Path, Path]:  # fmt: skip
    """Write a character in every format that is named into a place: staged file -> its goal, for `publish`.

    Raises:
        RuntimeMissing: a format needs Blender, and there is none.
    """
    write_job(place.folder, body, betas, performance)
    goals, seen = [Path(p) for p in outputs], [Path(p) for p in previews]
    staged = stage_all(place, body, betas, performance, provenance, goals, seen)
    # There may be many places before anything is published.
    (place.folder / "body.npz").unlink()
    return staged


def stage_all(
    place: Workplace, body: BodyModel, betas: torch.Tensor, performance: Performance, provenance: dict[str, Any],
    goals: list[Path], previews: list[Path], progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> dict[Path, Path]:  # fmt: skip
    """Write every format into a job's folder, which holds `body.npz` and `motion.npz`: staged file -> its goal."""
    plain = [g for g in goals if g.suffix.lower() not in BLENDER_FORMATS]
    staged = stage_plain(place.folder, body, betas, performance, plain)
    in_blender = [g for g in goals if g.suffix.lower() in BLENDER_FORMATS]
    staged |= stage_blender(place, provenance, in_blender, previews, progress, cancelled)
    return staged | staged_textures(staged)


def stage_plain(
    folder: Path, body: BodyModel, betas: torch.Tensor, performance: Performance, goals: list[Path]
) -> dict[Path, Path]:
    """Write the formats that need no Blender."""
    staged = {}
    joints = body.rest_joints(betas)[0].detach().numpy()
    for i, goal in enumerate(goals):
        file = folder / f"plain{i}{goal.suffix.lower()}"
        if file.suffix == ".bvh":
            parents = np.asarray(body.parents)
            offsets = joints - np.where(parents[:, None] >= 0, joints[np.maximum(parents, 0)], 0)
            motion = (performance.poses, performance.transl + joints[0])
            write_bvh(file, motion, offsets, body.joint_names, body.parents, performance.fps)
        else:
            write_amass(
                file, performance.poses, performance.transl, betas[0].numpy(), body.gender, performance.fps, joints[0]
            )
        staged[file] = goal
    return staged


def stage_blender(
    place: Workplace,
    provenance: dict[str, Any],
    goals: list[Path],
    previews_to: list[Path],
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> dict[Path, Path]:
    """Build the rig in a Blender of its own and let it write its formats and previews."""
    folder = place.folder
    staged = {folder / f"out{i}{goal.suffix.lower()}": goal for i, goal in enumerate(goals)}
    previews = {folder / f"preview{i}{p.suffix.lower()}": p for i, p in enumerate(previews_to)}
    if not staged and not previews:
        return {}
    job = {
        "outputs": [str(p) for p in staged],
        "previews": [str(p) for p in previews],
        "provenance": provenance,
        "name": "Impromptu",
        "colours": provenance.get("outfit", {}),
        **({"style": f"{LOOK}/style.npz"} if "style" in provenance else {}),
    }
    write_json(folder / "job.json", job)
    run_blender_job(folder, progress, cancelled, waiting=place.waiting)
    return staged | previews
