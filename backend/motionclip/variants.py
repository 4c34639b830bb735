"""The motions that a request asks the motion model for: one a variant, each with how it was made."""

from __future__ import annotations

from typing import Any

from ..motion.library import Library
from ..motion.retrieval import Retrieval
from ..protocol import ActRequest
from .bank import open_bank
from .generation import Draw, Generated, generate
from .weights import load_model


def generate_variants(
    request: ActRequest, retrieval: Retrieval, library: Library, count: int
) -> list[tuple[Generated, dict[str, Any]]]:
    """Generate `count` motions for the motion part of a prompt, each from a seed of its own.

    Raises:
        AssetsMissing: the model's file is not here. Incompatible: its encoders are not those of its training.
    """
    model = load_model()
    bank = open_bank(library, model)
    made = []
    for i in range(count):
        seed = request.seed + i
        draw = Draw(seed, request.temperature, request.neighbours, request.refine)
        generated = generate(model, bank, retrieval.motion, draw)
        made.append((generated, {"seed": seed, "model": model.facts(), **generated.to_json()}))
    return made
