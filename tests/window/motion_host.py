"""The backend's host with a stand-in for the motion model, for a checkout whose backend has none.

`python motion_host.py PATH/TO/backend/__main__.py serve ...`: an edit gives the motion back that it is given, by the
body that it names, and Recognise answers with two labels. All else is the host's own work.
"""

from __future__ import annotations

import importlib
import importlib.util
import shutil
import sys
import time
from typing import Any

LABELS = [{"label": "walk", "cosine": 0.61, "share": 0.72}, {"label": "march in place", "cosine": 0.44, "share": 0.2}]
CLIPS = [
    {"clip": "cmu_02_01", "label": "walk", "cosine": 0.93},
    {"clip": "cmu_16_31", "label": "walk with very long steps", "cosine": 0.88},
]


def edit(request: Any, context: Any) -> tuple[dict[str, str], dict[str, Any]]:
    """Writes what an edit writes."""
    package = sys.modules["impromptu"].__name__ + ".backend"
    named, axes = (importlib.import_module(f"{package}.body.{name}") for name in ("kept", "axes"))
    body = named.kept_body(request.body)
    betas = axes.resolve_betas(body, request.betas)
    for step in range(5):
        context.progress("Changing the motion", step, 5)
        context.check()
        time.sleep(0.2)
    shutil.copy(request.other or request.motion, context.folder / "motion.npz")
    importlib.import_module(f"{package}.body").write_actor_body(body, context.folder / "body.npz", betas)
    model = {"name": "stand-in", "sha256": "0" * 64}
    told = {
        "prompt": "",
        "label": request.words,
        "body": {"name": body.name, "sha256": body.sha256, "words": [], "spec": request.body},
        "betas": [round(float(b), 4) for b in betas[0]],
        "edit": {"model": model},
    }
    importlib.import_module(f"{package}.files").write_json(context.folder / "result.json", told)
    return {"motion": "motion.npz", "body": "body.npz", "result": "result.json"}, {}


def classify(request: Any, context: Any) -> tuple[dict[str, str], dict[str, Any]]:
    """Answers what `classify` answers."""
    metrics = {"labels": LABELS, "clips": CLIPS}
    importlib.import_module("impromptu.backend.files").write_json(context.folder / "result.json", metrics)
    return {"result": "result.json"}, metrics


def main() -> None:
    """Serve."""
    spec = importlib.util.spec_from_file_location("impromptu_main", sys.argv[1])
    start = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(start)
    package = start.bootstrap()
    importlib.import_module(f"{package}.pipes").claim()
    jobs, protocol = (importlib.import_module(f"{package}.{name}") for name in ("jobs", "protocol"))
    jobs.register("edit", protocol.EditRequest, edit)
    jobs.register("classify", protocol.ClassifyRequest, classify)
    sys.argv[:2] = [sys.argv[1]]
    sys.exit(importlib.import_module(f"{package}.cli").main())


if __name__ == "__main__":
    main()
