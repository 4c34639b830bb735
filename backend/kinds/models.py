"""`models`: which model files are here; one fetched or removed at the user's demand."""

from __future__ import annotations

from typing import Any

from ..context import JobContext
from ..fetched import fetch, remove
from ..models_list import MODELS, model_named
from ..protocol import ModelsRequest


def run(request: ModelsRequest, context: JobContext) -> tuple[dict[str, str], dict[str, Any]]:
    """No files; the metrics' `models` has an entry a model, see `model.Model.state`; after a removal `freed` bytes.

    Raises:
        AssetsMissing: it cannot be downloaded now.
        InvalidInput: it is not known, cannot be fetched, or was not.
    """
    metrics: dict[str, Any] = {}
    if request.action == "fetch":
        fetch(model_named(request.name), lambda done, total: _told(context, done, total), context.check)
    elif request.action == "remove":
        metrics["freed"] = remove(model_named(request.name), context.check)
    found = []
    for i, model in enumerate(MODELS):
        context.check()
        context.progress("Reading the models" if request.verify else "Looking for models", i, len(MODELS))
        found.append(model.state(request.verify))
    return {}, {"models": found, **metrics}


def _told(context: JobContext, done: int, total: int) -> None:
    """Progress in megabytes: a message has room for those of any model."""
    context.progress("Downloading the model", done >> 20, max(total >> 20, 1))
