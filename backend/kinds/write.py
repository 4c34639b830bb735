"""`write`: a prompt's files, wherever the request names them, as `impromptu act` writes them."""

from __future__ import annotations

from typing import Any

from ..act import act
from ..context import JobContext
from ..protocol import ActRequest, InvalidInput


def run(request: ActRequest, context: JobContext) -> tuple[dict[str, str], dict[str, Any]]:
    """Write the request's outputs and previews: all of them, or none.

    Returns:
        no file of the job's folder; the facts that `impromptu act --json` prints as metrics.

    Raises:
        ImpromptuError: with what to do about it. JobCancelled: asked to stop.
    """
    if not request.outputs and not request.previews:
        raise InvalidInput("There is nothing to write.", "Name a file in outputs or previews.")
    result = act(request, context.progress, context.cancelled)
    return {}, result.to_json()
