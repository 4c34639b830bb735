"""A quick look at a model under training, on pictures of a split that it does not learn from."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from ..builtin.image_tower import normalised
from ..builtin.model import BodyEncoder
from ..builtin.vocabulary import Vocabulary
from . import losses
from .augment import resized
from .shards import GROUP, Shards
from .steps import read

BATCH = 50


@torch.inference_mode()
def look(model: BodyEncoder, words: Vocabulary, shards: Shards, count: int = 1000) -> dict[str, float]:
    """Shares of right answers, each between 0 and 1, of pictures of different people.

    Args:
        words: rows of features; new ones are looked up.

    Returns:
        `recall_1`: text to picture among `count`, by the caption that says most; `hard`: a caption before its false
        twin; `phrase`: of a region's true phrase and its twin, the true one; `found`: the best cell of a phrase lies
        in its part; `loss`: InfoNCE among `count`.
    """
    rows = list(range(0, min(len(shards), count * GROUP), GROUP))
    lots = torch.Generator().manual_seed(0)
    told = [shards.words(i) for i in rows]
    image, cells = _see(model, shards, rows)
    captions = [max(row["captions"], key=lambda c: len(c["says"]))["text"] for row in told]
    text = _say(model, words, captions, lots)[0]
    scores = text @ image.T
    own = scores.diagonal()
    pairs = [
        (i, row["captions"][n["caption"]]["text"], n["text"]) for i, row in enumerate(told) for n in row["negatives"]
    ]
    at = torch.tensor([i for i, _, _ in pairs])
    true = _say(model, words, [t for _, t, _ in pairs], lots)[0]
    false = _say(model, words, [f for _, _, f in pairs], lots)[0]
    return {
        "recall_1": ((scores >= own[:, None]).sum(1) == 1).float().mean().item(),
        "hard": ((image[at] * (true - false)).sum(1) > 0).float().mean().item(),
        **_ground(model, words, shards, told, rows, cells, lots),
        "loss": F.cross_entropy(model.scale.exp() * scores, torch.arange(len(rows))).item(),
    }


def _see(model: BodyEncoder, shards: Shards, rows: list[int]) -> tuple[Tensor, Tensor]:
    size = model.config.size
    found = []
    for i in range(0, len(rows), BATCH):
        x = resized(torch.from_numpy(shards.pictures(rows[i : i + BATCH])), size)
        found.append(model.image(normalised(x))[:2])
    whole, cells = zip(*found, strict=True)
    return torch.cat(whole), torch.cat(cells)


def _say(model: BodyEncoder, words: Vocabulary, texts: list[str], lots: torch.Generator) -> tuple[Tensor, Tensor]:
    parts = [read(model, words, texts[i : i + 500], 0.0, lots) for i in range(0, len(texts), 500)]
    captions, phrases = zip(*parts, strict=True)
    return torch.cat(captions), torch.cat(phrases)


def _ground(
    model: BodyEncoder, words: Vocabulary, shards: Shards, told: list[dict[str, Any]], rows: list[int], cells: Tensor,
    lots: torch.Generator,
) -> dict[str, float]:  # fmt: skip
    asked = [(i, p) for i, row in enumerate(told) for p in row["phrases"] if "false" in p]
    at = torch.tensor([i for i, _ in asked])
    slots = torch.tensor([shards.part_names.index(p["slot"]) for _, p in asked])
    parts = torch.from_numpy(shards.parts(rows))
    weights = losses.region_weights(parts[at], slots[:, None], cells.shape[-1])
    true, false = (_say(model, words, [p[k] for _, p in asked], lots)[1] for k in ("text", "false"))
    right, inside = [], []
    for i in range(len(asked)):
        grid, weight = cells[at[i]].flatten(1), weights[i, 0].flatten()
        region = grid @ weight
        right.append(float(region @ true[i] > region @ false[i]))
        inside.append(float(weight[(true[i] @ grid).argmax()] > 0))
    return {"phrase": sum(right) / len(right), "found": sum(inside) / len(inside)}
