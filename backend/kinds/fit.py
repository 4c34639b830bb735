"""`fit`: the shape of a person in a photo."""

from __future__ import annotations

from typing import Any

from ..body import write_actor_body
from ..context import JobContext
from ..files import write_json
from ..protocol import FitRequest
from ..semantify.photo.fit import facts_of, fit_photo
from ..semantify.photo.preview import preview_of, save_picture


def run(request: FitRequest, context: JobContext) -> tuple[dict[str, str], dict[str, Any]]:
    """Write `body.npz`, `crop.png`, `preview.png` and `result.json`.

    Raises:
        ImpromptuError: nobody is there, or the picture cannot be read. JobCancelled: asked to stop.
    """
    fitted = fit_photo(request, context.progress)
    facts = facts_of(fitted)
    save_picture(context.folder / "crop.png", fitted.crop)
    context.check()
    save_picture(context.folder / "preview.png", preview_of(fitted))
    context.preview("preview.png")
    write_actor_body(fitted.body, context.folder / "body.npz", fitted.betas)
    write_json(context.folder / "result.json", facts)
    context.check()
    files = {"body": "body.npz", "crop": "crop.png", "preview": "preview.png", "result": "result.json"}
    return files, {name: facts[name] for name in ("betas", "sliders", "found", "measurements")}
