"""`import`: a motion file of the user's, performed by a body."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..body.axes import resolve_betas
from ..body.kept import kept_body
from ..context import JobContext
from ..files import write_json
from ..motion.importers import import_file
from ..motion.perform import perform
from ..protocol import ImportRequest
from ..provenance import describe
from ..takes import clip_facts, slide_facts, write_job


def run(request: ImportRequest, context: JobContext) -> tuple[dict[str, str], dict[str, Any]]:
    """Write `motion.npz`, `body.npz` and `result.json` for the first person in the file.

    Raises:
        ImpromptuError: the file, the body or an axis cannot be used. JobCancelled: asked to stop.
    """
    path = Path(request.path).expanduser()
    context.progress("Reading the motion", 0, 4)
    imported = import_file(path, fps=request.fps)
    context.check()
    context.progress("Loading the body", 1, 4)
    body = kept_body(request.body)
    betas = resolve_betas(body, request.betas)
    context.check()
    context.progress("Performing the motion", 2, 4)
    clip = imported[0].clip
    performance = perform(clip, body, betas, 0, request.fps, context.check)
    context.check()
    context.progress("Writing", 3, 4)
    write_job(context.folder, body, betas, performance)
    facts = {
        "label": clip.labels[0].text if clip.labels else path.stem,
        "clip": clip_facts(clip),
        "body": {"name": body.name, "sha256": body.sha256, "words": [], "spec": request.body},
        "betas": [round(float(b), 4) for b in betas[0]],
        "frames": len(performance.poses),
        "fps": performance.fps,
        "seconds": round(len(performance.poses) / performance.fps, 3),
        "slide_mm_per_frame": slide_facts(performance),
        "import": imported[0].report,
        "people": len(imported),
    }
    context.check()
    write_json(context.folder / "result.json", describe(request, **facts))
    metrics = {key: facts[key] for key in ("label", "frames", "fps", "people", "slide_mm_per_frame")}
    return {"motion": "motion.npz", "body": "body.npz", "result": "result.json"}, metrics
