"""A step of styling: ours against the straightforward pipeline, PyTorch3D and all 264 pictures of the published one.

The peer's step is the sum of what it consists of: 24 views in colour and as many of the shape, drawn by PyTorch3D
forward and backward (a few are timed in its own environment, and count in proportion), and 264 pictures through the
same encoder. Its field, its warps and its optimiser are left out, which is in its favour.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import Any

from ..protocol import RuntimeMissing, StylizeRequest
from .render_bodies import PATIENCE_S, PYTHON
from .table import Row

PROMPT = "a man walking, wearing a red shirt and blue jeans"
STEPS, WARM_UP = 20, 3
VIEWS, PICTURES, SIZE = 48, 264, 224
"""Of the published schedule: 3 frames of 8 views, in colour and as shape; what the encoder sees; pixels."""
TIMED_VIEWS = 2
ABSENT = "The styling rows are left out: they need PyTorch3D, which `make pytorch3d` installs (5.2 GB)."


def run() -> list[Row]:
    """Rows: seconds a step, and peak memory."""
    if not PYTHON.exists():
        print(ABSENT, file=sys.stderr)
        return []
    ours = _measured(sys.executable, "ours")
    encode = _measured(sys.executable, "encode")
    drawn = _measured(str(PYTHON), "draw")
    peer = encode["seconds"] + VIEWS * drawn["seconds"]
    name = f"PyTorch3D {drawn['version']}, {PICTURES} pictures"
    step = Row.of_seconds("style, a step", ours["seconds"], peer, name)
    memory = max(encode["peak"], drawn["peak"])
    return [
        step,
        Row("style, peak memory", "MB", ours["peak"], memory, name, round(memory / ours["peak"], 3)),
    ]


def _measured(python: str, what: str) -> dict[str, Any]:
    command = [python, "-m", __name__, what]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    lines = [line for line in done.stdout.splitlines() if line.startswith('{"')]
    if done.returncode or not lines:
        raise RuntimeMissing(f"Styling could not be timed ({what}).", done.stderr.strip()[-300:])
    return json.loads(lines[-1])


def measure_ours() -> dict[str, Any]:
    """Seconds of a step of the default schedule."""
    from ..style.options import StyleOptions
    from ..style.plan import make_plan

    options = StyleOptions(steps=STEPS + WARM_UP)
    stylist = make_plan(StylizeRequest(prompt=PROMPT), options).stylist(options)
    for _ in range(WARM_UP):
        stylist.advance()
    began = time.perf_counter()
    for _ in range(STEPS):
        stylist.advance()
    return {"seconds": (time.perf_counter() - began) / STEPS, "peak": _peak()}


def measure_encoder() -> dict[str, Any]:
    """Seconds of all pictures of one published step through the encoder, and back to their pixels."""
    import torch

    from ..encoders.factory import load_joint_encoder

    encoder = load_joint_encoder("body")
    text = encoder.encode_texts([PROMPT])[0]
    images = torch.rand(PICTURES, 3, SIZE, SIZE, requires_grad=True)
    (encoder.encode_images(images[:8]) @ text).sum().backward()
    began = time.perf_counter()
    (encoder.encode_images(images) @ text).sum().backward()
    return {"seconds": time.perf_counter() - began, "peak": _peak()}


def measure_drawing() -> dict[str, Any]:
    """Seconds of a view of the once subdivided body by PyTorch3D, forward and backward."""
    import pytorch3d  # pyright: ignore[reportMissingImports]

    from ..render.renderer import RenderOptions, open_renderer
    from .render_work import body_work, seconds, step

    work = body_work(1, TIMED_VIEWS, SIZE)
    taken = seconds(lambda: step(open_renderer("pytorch3d"), work, RenderOptions(antialias=False)), "cpu")
    return {"seconds": taken / TIMED_VIEWS, "peak": _peak(), "version": pytorch3d.__version__}


def _peak() -> float:
    """Megabytes that this process held at most."""
    if sys.platform == "win32":
        from ..memory import process_bytes

        return process_bytes() / 1e6
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6, 1)


MEASURES = {"ours": measure_ours, "encode": measure_encoder, "draw": measure_drawing}

if __name__ == "__main__":
    print(json.dumps(MEASURES[sys.argv[1]]()))
