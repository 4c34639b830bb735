"""What the optimisation shows the guide on its way, kept as pictures that a training can learn to see through."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from ...files import atomic_paths, explain_os_error
from ...people.grammar import joined
from ..base import JointEncoder
from .body import GuidanceBody
from .prompts import Brief
from .scores import score_colours
from .views import draw, random_shots

SIDE = 144
"""Pixels."""
EACH = 4
"""Pictures a moment."""
EVEN, CLEAR = 0.12, 0.03
"""A region shows a colour if it is this even and its nearest name this much nearer than the next; OKLab."""


class Failures:
    """Collects pictures of one guide's optimisations.

    Args:
        moments: steps, from 1, at which pictures are taken.
    """

    def __init__(self, guide: JointEncoder, body: GuidanceBody, moments: frozenset[int], seed: int = 0) -> None:
        self.guide, self.body, self.moments = guide, body, moments
        self._generator = torch.Generator().manual_seed(seed)
        self._pictures: list[np.ndarray] = []
        self._lines: list[str] = []

    def watch(self, brief: Brief, step: int, srgb: Tensor) -> None:
        """Take pictures if it is time; as `colour_body`'s `watch` of one prompt.

        Args:
            srgb: (V, 3).
        """
        if step not in self.moments:
            return
        shots = random_shots(self.body, EACH, (), 2 * SIDE, self._generator)
        images = F.avg_pool2d(draw(self.body, srgb, shots).images, 2)
        with torch.inference_mode():
            scores = self.guide.encode_images(images) @ self.guide.encode_texts([brief.text])[0]
        shown = shown_by(srgb, self.body, brief)
        self._pictures.append((images * 255).round().byte().permute(0, 2, 3, 1).numpy())
        for score in scores.tolist():
            self._lines.append(json.dumps({"prompt": brief.text, "shown": shown, "score": round(score, 4)}))

    def write(self, folder: Path) -> int:
        """Write `pictures.npy`, (n, 144, 144, 3) uint8, and `failures.jsonl`, a line for each: `prompt`; `shown`, a
        caption of what the colours truly show, or nothing; `score`, the guide's cosine of picture and prompt.

        Returns:
            how many.

        Raises:
            InvalidInput: the folder cannot be written to.
        """
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise explain_os_error(error, folder) from error
        with atomic_paths([folder / "pictures.npy", folder / "failures.jsonl"]) as (pictures, lines):
            with open(pictures, "wb") as stream:
                np.save(stream, np.concatenate(self._pictures), allow_pickle=False)
            lines.write_text("\n".join(self._lines) + "\n", encoding="utf-8")
        return len(self._lines)


def shown_by(srgb: Tensor, body: GuidanceBody, brief: Brief) -> str:
    """A caption of the prompt's garments in the colours that their regions have; nothing where that is not plain.

    Args:
        srgb: (V, 3).
    """
    regions = score_colours(srgb, body, brief).regions
    plain = all(r.uneven < EVEN and r.margin > CLEAR and r.name != "grey" for r in regions)
    if not plain:
        return ""
    worn = [part.phrased(region.name) for part, region in zip(brief.parts, regions, strict=True)]
    return f"a person wearing {joined(worn)}"


def moments_of(steps: int) -> frozenset[int]:
    """Early, halfway, late and at the end."""
    return frozenset(max(1, round(share * steps)) for share in (0.2, 0.5, 0.75, 1.0))
