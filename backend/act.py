"""The main job: a prompt becomes a keyframed character (retrieve, perform, build, publish)."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from .blender import run_blender_job
from .body import BodyModel, load_body, write_actor_body
from .body.axes import resolve_betas
from .body.outfit_words import read_outfit
from .body.words import BodyWords, read_body_words
from .files import save_npz, write_json
from .motion.clip import Clip
from .motion.export import write_amass, write_bvh
from .motion.library import Library
from .motion.perform import Performance, perform
from .motion.retrieval import Retrieval, retrieve
from .outputs import check_writable, publish
from .protocol import BLENDER_FORMATS, ActRequest, InvalidInput
from .provenance import describe

Progress = Callable[[str, int, int], None]
"""Called with a stage's name, the step and the number of steps."""


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


def choose_body(request: ActRequest) -> tuple[BodyModel, torch.Tensor, BodyWords]:
    """The body and betas that the request names, or that its prompt's words say."""
    words = read_body_words(request.prompt)
    body = load_body(words.template if request.body == "auto" else request.body)
    from_words = [(axis, value) for axis, value in words.betas if axis in body.beta_names]
    pairs = request.betas if request.betas else tuple(from_words if request.body == "auto" else ())
    return body, resolve_betas(body, pairs), words


def choose_clip(request: ActRequest, library: Library) -> tuple[Retrieval, Clip]:
    """The best label's clip, cut to the frames that carry the label."""
    retrieval = retrieve(request, library)
    chosen = retrieval.chosen
    if chosen is None or chosen.clip is None:
        raise InvalidInput("The library has no motion to play.", "Add clips with `impromptu library add`.")
    clip = library.load(chosen.clip)
    return retrieval, clip.cut(chosen.start, chosen.end) if chosen.end > chosen.start else clip


def write_job(folder: Path, body: BodyModel, betas: torch.Tensor, performance: Performance) -> None:
    """The arrays that Blender reads: `body.npz` and `motion.npz`."""
    write_actor_body(body, folder / "body.npz", betas)
    save_npz(
        folder / "motion.npz",
        poses=performance.poses,
        trans=performance.transl,
        betas=betas[0].numpy(),
        fps=np.float64(performance.fps),
        contacts=performance.contacts,
    )


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
    folder: Path, request: ActRequest, provenance: dict[str, Any], goals: list[Path], progress: Progress | None
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
    }
    write_json(folder / "job.json", job)
    run_blender_job(folder, on_progress=progress)
    return staged | previews


def act(request: ActRequest, progress: Progress | None = None) -> ActResult:
    """Do the main job.

    Raises:
        ImpromptuError: with what to do about it; no output is then written or changed.
    """
    check_writable([*request.outputs, *request.previews])
    library = Library.open(request.library or None)
    retrieval, clip = choose_clip(request, library)
    body, betas, words = choose_body(request)
    performance = perform(clip, body, betas, request.seconds, request.fps)
    provenance = describe(
        request,
        label=retrieval.chosen.text if retrieval.chosen else "",
        encoders=retrieval.encoders,
        clip={
            "name": clip.name,
            "kind": clip.kind,
            "source": clip.source,
            "licence": clip.licence,
            "sha256": clip.digest(),
        },
        body={"name": body.name, "sha256": body.sha256, "words": list(words.words)},
        outfit=read_outfit(request.prompt),
        betas=[round(float(b), 4) for b in betas[0]],
        slide_mm_per_frame={"before": round(performance.slide.before, 3), "after": round(performance.slide.after, 3)},
    )
    goals = [Path(p) for p in request.outputs]
    with tempfile.TemporaryDirectory(prefix="impromptu-") as name:
        folder = Path(name)
        write_job(folder, body, betas, performance)
        plain = [g for g in goals if g.suffix.lower() not in BLENDER_FORMATS]
        staged = stage_plain(folder, body, betas, performance, plain)
        in_blender = [g for g in goals if g.suffix.lower() in BLENDER_FORMATS]
        staged |= stage_blender(folder, request, provenance, in_blender, progress)
        publish(staged)
    return ActResult(retrieval, performance, provenance, (*request.outputs, *request.previews))
