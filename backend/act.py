"""The main job: a prompt becomes a keyframed character (retrieve, perform, build, publish)."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .actor_files import LOOK, stage_all
from .motion.perform import Performance
from .motion.retrieval import Retrieval
from .outputs import check_writable, publish
from .protocol import BLENDER_FORMATS, ActRequest, JobCancelled, StylizeRequest
from .style.costume import is_dressable
from .style.making import Hooks, make_looks
from .style.words import says_looks
from .takes import Progress, Takes, make_takes, write_job
from .workplace import Workplace, workplace


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
            "remarks": list(self.retrieval.remarks),
            "ranking": self.retrieval.to_json()["ranked"],
            "files": list(self.files),
            "frames": len(clip),
            "frames_in_contact": int(np.any(self.performance.contacts, axis=1).sum()),
            "fps": self.performance.fps,
            "seconds": round(clip.seconds, 3),
        }


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
    request: ActRequest,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
    place: Workplace | None = None,
) -> ActResult:
    """Do the main job.

    Args:
        cancelled: asked often while Blender works; true ends the job.
        place: where to do it, with a Blender that may be waiting there.

    Raises:
        ImpromptuError: with what to do about it; no output is then written or changed.
    """
    files = (*request.outputs, *request.previews)
    check_writable(files)
    with contextlib.nullcontext(place) if place else workplace(files) as place:
        made = make_takes(request)
        body, betas, provenance, performance = made.body, made.betas, made.provenance, made.takes[0].performance
        write_job(place.folder, body, betas, performance)
        look = stage_look(place.folder, request, made, progress, cancelled)
        if look is not None:
            provenance["style"] = look
        goals, previews = [Path(p) for p in request.outputs], [Path(p) for p in request.previews]
        publish(stage_all(place, body, betas, performance, provenance, goals, previews, progress, cancelled))
    return ActResult(made.retrieval, performance, provenance, files)
