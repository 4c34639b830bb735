"""The built-in encoder beside open_clip's ViT-B/32: pictures, with and without gradient, and a fresh process."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..encoders.factory import load_joint_encoder
from ..encoders.torchvision_ops import ensure_torchvision_imports
from ..protocol import RuntimeMissing
from . import first_embedding
from .first_embedding import CLIP_MODEL, SIZE
from .table import Row, seconds_of

REPEATS = {1: 7, 16: 3, 64: 1}
"""By pictures of a batch; ViT-B/32 takes many seconds for the largest, which those before it have warmed up for."""
PROCESSES = 2
"""Fresh ones of each kind, of which the median counts."""


def open_clip_model() -> Any:
    """ViT-B/32 with random weights, which take as long as trained ones, for use alone."""
    ensure_torchvision_imports()
    import open_clip

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return open_clip.create_model(CLIP_MODEL, pretrained=None).eval().requires_grad_(False)


def tower_of(model: Any) -> Callable[[Tensor], Tensor]:
    """Embeddings of (n, 3, SIZE, SIZE) pictures in [0, 1]: of its preprocessing such pictures need the last step."""
    mean, std = (torch.tensor(model.visual.preprocess_cfg[key]).view(3, 1, 1) for key in ("mean", "std"))
    return lambda images: model.encode_image((images - mean) / std, normalize=True)


def step(encode: Callable[[Tensor], Tensor], images: Tensor, backward: bool) -> None:
    """Embed pictures; `backward`: and take a gradient of the embeddings to the pixels."""
    if not backward:
        with torch.inference_mode():
            encode(images)
        return
    pixels = images.clone().requires_grad_()
    vectors = encode(pixels)
    vectors.mul(torch.linspace(-1, 1, vectors.shape[1])).sum().backward()


def picture_rows(model: Any, repeats: dict[int, int] = REPEATS) -> list[Row]:
    """Two rows a size of batch."""
    ours, theirs = load_joint_encoder("body").encode_images, tower_of(model)
    rows = []
    for count, times in repeats.items():
        images = torch.rand(count, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(0))
        for backward, name in ((False, "forward"), (True, "forward + backward")):
            fast, slow = seconds_of(
                lambda images=images, b=backward: step(ours, images, b),
                lambda images=images, b=backward: step(theirs, images, b),
                repeats=times,
                warm_up=int(times > 1),
            )
            rows.append(Row.of_seconds(f"encode {count} pictures, {name}", fast, slow, f"open_clip {CLIP_MODEL}"))
    return rows


def fresh(what: str, checkpoint: str = "") -> dict[str, float]:
    """What `first_embedding` prints in a process of its own.

    Raises:
        RuntimeMissing: it does not come to its end.
    """
    command = [sys.executable, "-m", first_embedding.__name__, what, *([checkpoint] if checkpoint else [])]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    lines = [line for line in done.stdout.splitlines() if line.startswith('{"')]
    if done.returncode or not lines:
        raise RuntimeMissing("The first embedding could not be timed.", done.stderr.strip()[-300:])
    return json.loads(lines[-1])


def process_rows(model: Any) -> list[Row]:
    """Import, first text and first picture, each from the start of a process, the two kinds taking turns."""
    found: dict[str, list[tuple[float, float]]] = {"import": [], "text": [], "new-word": [], "picture": []}
    with tempfile.TemporaryDirectory(prefix="impromptu-") as name:
        checkpoint = str(Path(name) / "clip.pt")
        torch.save(model.state_dict(), checkpoint)
        for _ in range(PROCESSES):
            for what in ("text", "new-word", "picture"):
                ours, theirs = fresh(what), fresh(what, checkpoint)
                found["import"].append((ours["import"], theirs["import"]))
                found[what].append((ours["first"], theirs["first"]))
    names = {
        "import": "import of the encoder",
        "text": "first text embedded",
        "new-word": "the same, with a word that no caption had",
        "picture": "first picture embedded",
    }
    return [
        Row.of_seconds(
            f"{names[what]}, fresh process",
            *(statistics.median(side) for side in zip(*pairs, strict=True)),
            peer_name=f"open_clip {CLIP_MODEL}",
        )
        for what, pairs in found.items()
    ]


def run() -> list[Row]:
    """Six rows of pictures, then four of fresh processes."""
    model = open_clip_model()
    return [*picture_rows(model), *process_rows(model)]
