"""The main job: a prompt becomes a keyframed character (retrieve, perform, build, publish)."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from .blender import run_blender_job, staged_textures
from .body import BodyModel
from .files import write_json
from .motion.export import write_amass, write_bvh
from .motion.perform import Performance
from .motion.retrieval import Retrieval
from .outputs import check_writable, publish
from .protocol import BLENDER_FORMATS, ActRequest, JobCancelled, StylizeRequest
from .style.costume import is_dressable
from .style.making import Hooks, make_looks
from .style.words import says_looks
from .takes import Progress, Takes, make_takes, write_job

LOOK = "look"
"""Folder of the look within a job's."""


@dataclass(frozen=True)
class ActResult:
    """What was made, from what, and how well the feet stand."""

    retrieval: Retrieval
    performance: Performance
    provenance: dict[str, Any]
    files: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """The result as the command line prints it."""
        clip = self.performance.clip
        return {
            **self.provenance,
            "ranking": self.retrieval.to_json()["ranked"],
            "files": list(self.files),
            "frames": len(clip),
            "fps": self.performance.fps,
            "seconds": round(clip.seconds, 3),
        }


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
    folder: Path,
    request: ActRequest,
    provenance: dict[str, Any],
    goals: list[Path],
    progress: Progress | None,
    cancelled: Callable[[], bool] | None = None,
) -> dict[Path, Path]:
    """Build the rig in a Blender of its own and let it write its formats and previews."""
    staged = {folder / f"out{i}{goal.suffix.lower()}": goal for i, goal in enumerate(goals)}
    previews = {folder / f"preview{i}{Path(p).suffix.lower()}": Path(p) for i, p in enumerate(request.previews)}
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
    run_blender_job(folder, progress, cancelled)
    return staged | previews


def stage_look(
    folder: Path, request: ActRequest, made: Takes, progress: Progress | None, cancelled: Callable[[], bool] | None
) -> dict[str, Any] | None:
    """Optimise the look that the prompt asks for into `LOOK` of the folder.

    Returns:
        its provenance; None where the prompt says nothing of looks, or none are wanted.
    """
    text = "" if request.style == "auto" else request.style
    wanted = request.style != "none" and (text or says_looks(request.prompt))
    seen = request.previews or any(Path(p).suffix.lower() in BLENDER_FORMATS for p in request.outputs)
    # On a body without named joints no garment can be cut, and the plain outfit is better than a grey one.
    dressable = is_dressable(made.body.arrays) or bool(text)
    if not wanted or not seen or not dressable:
        return None

    def report(stage: str, step: int, total: int) -> None:
        if cancelled is not None and cancelled():
            raise JobCancelled("Cancelled; nothing was written.")
        if progress is not None:
            progress(stage, step, total)

    asked = StylizeRequest(
        prompt=request.prompt,
        style_text=text,
        body=made.provenance["body"]["spec"],
        betas=tuple((str(i), round(float(b), 5)) for i, b in enumerate(made.betas[0]) if abs(float(b)) > 1e-5),
        motion=str(folder / "motion.npz"),
        steps=request.style_steps,
        seed=request.seed,
    )
    look = folder / LOOK
    look.mkdir()
    return make_looks(asked, look, Hooks(progress=report)).facts


def act(
    request: ActRequest, progress: Progress | None = None, cancelled: Callable[[], bool] | None = None
) -> ActResult:
    """Do the main job.

    Args:
        cancelled: asked often while Blender works; true ends the job.

    Raises:
        ImpromptuError: with what to do about it; no output is then written or changed.
    """
    check_writable([*request.outputs, *request.previews])
    made = make_takes(request)
    body, betas, provenance, performance = made.body, made.betas, made.provenance, made.takes[0].performance
    goals = [Path(p) for p in request.outputs]
    with tempfile.TemporaryDirectory(prefix="impromptu-") as name:
        folder = Path(name)
        write_job(folder, body, betas, performance)
        look = stage_look(folder, request, made, progress, cancelled)
        if look is not None:
            provenance["style"] = look
        plain = [g for g in goals if g.suffix.lower() not in BLENDER_FORMATS]
        staged = stage_plain(folder, body, betas, performance, plain)
        in_blender = [g for g in goals if g.suffix.lower() in BLENDER_FORMATS]
        staged |= stage_blender(folder, request, provenance, in_blender, progress, cancelled)
        publish(staged | staged_textures(staged))
    return ActResult(made.retrieval, performance, provenance, (*request.outputs, *request.previews))
