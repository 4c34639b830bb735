"""How long a fresh process takes to its first embedding: run as a module, prints seconds as JSON."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

TEXTS = {"text": "a woman in a red shirt is waving", "new-word": "a woman in a red shirt waves"}
"""The second has a word that no caption of training had: the built-in encoder asks MiniLM about it."""
SIZE = 224
CLIP_MODEL = "ViT-B-32"


def picture() -> Any:
    """(SIZE, SIZE, 3) uint8, the same each time."""
    import numpy as np

    return np.random.default_rng(0).integers(0, 256, (SIZE, SIZE, 3), np.uint8)


def body(what: str) -> Callable[[], object]:
    """Imports the built-in encoder; what it returns makes the first embedding of one of `TEXTS` or of a `picture`."""
    import torch

    from ..encoders.factory import load_joint_encoder

    def first() -> object:
        encoder = load_joint_encoder("body")
        if what in TEXTS:
            return encoder.encode_texts([TEXTS[what]])
        with torch.inference_mode():
            return encoder.encode_images(torch.from_numpy(picture()).permute(2, 0, 1)[None] / 255)

    return first


def peer(what: str, checkpoint: str) -> Callable[[], object]:
    """The same of open_clip, its weights read from a checkpoint."""
    import torch

    from ..encoders.torchvision_ops import ensure_torchvision_imports

    ensure_torchvision_imports()
    import open_clip
    from PIL import Image

    def first() -> object:
        model, _, preprocess = open_clip.create_model_and_transforms(CLIP_MODEL, pretrained=checkpoint)
        model.eval()
        with torch.inference_mode():
            if what in TEXTS:
                return model.encode_text(open_clip.get_tokenizer(CLIP_MODEL)([TEXTS[what]]))  # type: ignore[operator]
            return model.encode_image(preprocess(Image.fromarray(picture()))[None])  # type: ignore[operator,index]

    return first


def main(what: str, checkpoint: str = "") -> dict[str, float]:
    """Seconds from the first line to the end of the imports, and to the embedding."""
    start = time.perf_counter()
    first = peer(what, checkpoint) if checkpoint else body(what)
    imported = time.perf_counter() - start
    first()
    return {"import": imported, "first": time.perf_counter() - start}


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
