"""`body`: a body without a motion."""

from __future__ import annotations

from typing import Any

from ..body import write_actor_body
from ..body.axes import resolve_betas
from ..body.kept import kept_body
from ..body.measure import measure
from ..context import JobContext
from ..protocol import BodyRequest


def run(request: BodyRequest, context: JobContext) -> tuple[dict[str, str], dict[str, Any]]:
    """Write `body.npz`.

    Raises:
        ImpromptuError: no such body, or no such axis. JobCancelled: asked to stop.
    """
    context.progress("Loading the body", 0, 2)
    body = kept_body(request.body)
    context.check()
    betas = resolve_betas(body, request.betas)
    context.progress("Writing", 1, 2)
    write_actor_body(body, context.folder / "body.npz", betas)
    context.check()
    metrics = {
        "name": body.name,
        "kind": body.kind,
        "gender": body.gender,
        "licence": body.licence,
        "vertices": body.num_vertices,
        "joints": body.num_joints,
        "measurements": measure(body, betas).to_json(),
    }
    return {"body": "body.npz"}, metrics
