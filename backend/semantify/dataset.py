"""Samples with what an encoder sees of them, kept in parts: a run that was stopped goes on (Semantify, section 3.1).

Embeddings are kept, not scores: words, templates and ways to score may then change without a picture being taken.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..encoders.base import JointEncoder
from ..files import load_npz, save_npz
from ..protocol import InvalidInput
from .sampling import stream
from .studio import BACKDROP, Studio

PART = 100
"""Samples of a file."""
CHUNK = 24
"""Pictures that are encoded together."""
VERSION = 1
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Dataset:
    """n samples of k coefficients, each seen from v cameras."""

    coefficients: np.ndarray
    """(n, k) float32."""
    embeddings: np.ndarray
    """(n, v, dim) float32 unit vectors."""
    facts: dict[str, Any]
    """All that decides the two: model, encoder, cameras, seed."""

    def __len__(self) -> int:
        return len(self.coefficients)

    def some(self, rows: slice | np.ndarray) -> Dataset:
        """Some of the samples."""
        return Dataset(self.coefficients[rows], self.embeddings[rows], self.facts)


def facts_of(studio: Studio, encoder: JointEncoder, seed: int) -> dict[str, Any]:
    """What decides a dataset, as JSON values, besides how many samples it has."""
    unusual = {"one_sided": True} if studio.one_sided else {}
    return unusual | {
        "version": VERSION,
        "family": studio.family.name,
        "coefficients": studio.family.coefficients,
        "count": studio.count,
        "limit": studio.limit,
        "model": studio.body.name,
        "template": studio.figures.person.template,
        "model_sha256": studio.body.sha256,
        "outfit": studio.outfit,
        "target": studio.family.target,
        "backdrop": BACKDROP,
        "views": [asdict(view) for view in studio.views],
        "encoder": encoder.name,
        "encoder_digest": encoder.digest,
        "picture_size": encoder.picture_size,
        "seed": seed,
    }


def make_dataset(
    studio: Studio, encoder: JointEncoder, count: int, seed: int, cache: Path, progress: Progress = lambda i, n: None
) -> Dataset:
    """Sample, picture and encode, or read what is there already.

    Args:
        studio: takes the pictures; encoder: sees them.
        count: samples; a set that was made with fewer is gone on with.
        seed: decides the coefficients.
        cache: folder of sets, made where it is missing.
        progress: is told how many samples of how many are done.

    Raises:
        InvalidInput: a part is damaged, or the folder cannot be written.
    """
    facts = facts_of(studio, encoder, seed)
    key = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]
    folder = cache / f"{facts['family']}-{facts['template']}-{key}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidInput(f"{cache} cannot be made.", "Name another folder with --cache.") from error
    parts = []
    for first in range(0, count, PART):
        path = folder / f"part-{first // PART:05d}.npz"
        if not path.is_file():
            made = _make_part(studio, encoder, first, seed)
            save_npz(path, compress=False, **made, facts=np.array(json.dumps(facts, sort_keys=True)))
        parts.append(_read_part(path, facts))
        progress(min(first + PART, count), count)
    coefficients, embeddings = (np.concatenate(rows)[:count] for rows in zip(*parts, strict=True))
    return Dataset(coefficients, embeddings, {**facts, "samples": count})


def _make_part(studio: Studio, encoder: JointEncoder, first: int, seed: int) -> dict[str, np.ndarray]:
    rows = np.stack(list(stream(first, first + PART, studio.count, studio.limit, seed, studio.one_sided)))
    rows = rows.astype(np.float32)
    size, views = encoder.picture_size + encoder.picture_size % 2, len(studio.views)
    at_once = max(CHUNK // views, 1)
    found = []
    for start in range(0, PART, at_once):
        pictures = np.concatenate([studio.pictures(row, size) for row in rows[start : start + at_once]])
        found.append(encode(encoder, pictures))
    return {"coefficients": rows, "embeddings": np.concatenate(found).reshape(PART, views, -1)}


def encode(encoder: JointEncoder, pictures: np.ndarray) -> np.ndarray:
    """(n, dim) float32 unit vectors of (n, H, W, 3) sRGB bytes."""
    images = torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 255
    with torch.inference_mode():
        return encoder.encode_images(images).float().cpu().numpy()


def _read_part(path: Path, facts: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    held = load_npz(path)
    expected = (PART, facts["count"]), (PART, len(facts["views"]))
    found = held.get("coefficients", np.empty(0)).shape, held.get("embeddings", np.empty(0)).shape[:2]
    if found != expected or str(held.get("facts")) != json.dumps(facts, sort_keys=True):
        raise InvalidInput(f"{path} is not a part of this set.", "Delete it; it is made again.")
    return held["coefficients"], held["embeddings"]
