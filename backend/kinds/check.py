"""`check`: does this runtime work, and on which device?"""

from __future__ import annotations

import time
from typing import Any

from ..context import JobContext
from ..protocol import CheckRequest


def run(request: CheckRequest, context: JobContext) -> tuple[dict[str, str], dict[str, Any]]:
    """No files; metrics: `device`, `device_name`, `versions`, `encoders`, `height_m`, `seconds` by step.

    Raises:
        AssetsMissing: there is no text encoder, or no default body.
        JobCancelled: asked to stop.
    """
    seconds: dict[str, float] = {}
    since = time.perf_counter()

    def done(step: str) -> None:
        nonlocal since
        seconds[step] = round(time.perf_counter() - since, 3)
        since = time.perf_counter()
        context.check()

    context.progress("Loading the libraries", 0, 3)
    import torch

    from ..body.load import load_body
    from ..encoders import load_encoder, present_encoders
    from ..motion.library import Library
    from ..motion.orders import AUTO, resolve_order
    from ..provenance import versions

    done("libraries")
    context.progress("Posing the body", 1, 3)
    device = torch.device(context.device)
    body = load_body("neutral", device)
    with torch.inference_mode():
        vertices = body(pose=torch.zeros(1, body.num_joints, 3, device=device)).vertices[0]
    height = float(vertices[:, 1].max() - vertices[:, 1].min())
    done("body")
    context.progress("Reading a sentence", 2, 3)
    order = resolve_order(AUTO, present_encoders())
    widths = {name: load_encoder(name).encode(["a person walks"]).shape[1] for name in order.encoders}
    done("sentence")
    clips = len(Library.open().entries)
    done("library")
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
    return {}, {
        "device": str(device),
        "device_name": name,
        "versions": {**versions(), "torch": torch.__version__},
        "encoders": widths,
        "height_m": round(height, 3),
        "clips": clips,
        "seconds": seconds,
    }
