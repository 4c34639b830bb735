"""`models`: which model files are here."""

from __future__ import annotations

from typing import Any

from ..context import JobContext
from ..models_list import MODELS
from ..protocol import ModelsRequest


def run(request: ModelsRequest, context: JobContext) -> tuple[dict[str, str], dict[str, Any]]:
    """No files; the metrics' `models` has an entry a model, see `models_list.Model.state`."""
    found = []
    for i, model in enumerate(MODELS):
        context.check()
        context.progress("Reading the models" if request.verify else "Looking for models", i, len(MODELS))
        found.append(model.state(request.verify))
    return {}, {"models": found}
