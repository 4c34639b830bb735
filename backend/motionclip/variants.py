"""The motions that a request asks the motion model for: one a variant, each with how it was made."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..motion.library import Library
from ..motion.retrieval import Retrieval
from ..protocol import ActRequest
from ..threads import one_thread
from .bank import open_bank
from .editing import origin_of
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
    bank = open_bank(library, model) if request.neighbours else None
    made = []
    for i in range(count):
        seed = request.seed + i
        draw = Draw(seed, request.temperature, request.neighbours, request.refine)
        with one_thread():
            generated = _credited(generate(model, bank, retrieval.motion, draw), library)
        made.append((generated, {"seed": seed, "model": model.facts(), **generated.to_json()}))
    return made


def _credited(generated: Generated, library: Library) -> Generated:
    """With source and licence of the clips that are in it, beside the model's."""
    if not generated.anchor:
        return generated
    clip = generated.clip
    entries = [library.entry(name) for name in (generated.anchor, generated.drawn_to) if name]
    source, licence = origin_of([(clip.source, clip.licence), *((e.source, e.licence) for e in entries)])
    return replace(generated, clip=clip.with_(source=source, licence=licence))
