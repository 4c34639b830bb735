"""`classify`: words for a motion, and the library's clips that are most like it."""

from __future__ import annotations

from typing import Any

from ..body.axes import resolve_betas
from ..body.kept import kept_body
from ..context import JobContext
from ..files import write_json
from ..motion.library import Library
from ..motionclip.bank import open_bank
from ..motionclip.reading import read_clip
from ..motionclip.recognition import Recognised, encode_clip, recognise
from ..motionclip.weights import MotionModel, load_model
from ..protocol import ClassifyRequest
from ..provenance import versions
from ..takes import Progress, no_progress
from ..threads import one_thread


def run(request: ClassifyRequest, context: JobContext) -> tuple[dict[str, str], dict[str, Any]]:
    """Write `result.json`; the metrics say the same.

    Raises:
        ImpromptuError: the motion or the library cannot be read. JobCancelled: asked to stop.
    """
    recognised, model = classify(request, context.progress)
    found = recognised.to_json()
    write_json(context.folder / "result.json", {**found, "model": model.facts(), "versions": versions()})
    context.check()
    return {"result": "result.json"}, found


def classify(request: ClassifyRequest, progress: Progress = no_progress) -> tuple[Recognised, MotionModel]:
    """What a motion is called, and by which model; the same for the job and the command line.

    Raises:
        ImpromptuError: the motion or the library cannot be read.
    """
    progress("Reading the motion", 0, 3)
    body = kept_body(request.body)
    clip = read_clip(request.motion, body, resolve_betas(body, request.betas))
    progress("Loading the motion model", 1, 3)
    model = load_model()
    bank = open_bank(Library.open(request.library or None), model)
    progress("Comparing", 2, 3)
    with one_thread():
        return recognise(model, bank, encode_clip(model, clip), request.labels, request.top), model
