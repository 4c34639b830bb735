"""`stylize`: looks for an actor that the caller has, live and resumable."""

from __future__ import annotations

from typing import Any

from ..context import JobContext
from ..protocol import StylizeRequest
from ..style.making import Hooks, make_looks


def run(request: StylizeRequest, context: JobContext) -> tuple[dict[str, str], dict[str, Any]]:
    """Write `style.npz` (`style_1.npz` ...), `albedo.png`, `normal.png` and `result.json`.

    While it runs `preview.npz` and `preview.png` are there every few seconds; a job that was stopped goes on from
    `checkpoint.npz` in its folder.

    Raises:
        ImpromptuError: with what to do about it. JobCancelled: asked to stop.
    """
    made = make_looks(request, context.folder, Hooks(context.progress, context.preview))
    scores = made.facts["scores"]
    return dict(made.files), {
        "text": made.plan.look.text,
        "score_before": scores["before"]["choice"],
        "score": scores["after"]["choice"],
        "variants": request.variants,
    }
