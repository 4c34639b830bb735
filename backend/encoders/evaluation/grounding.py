"""Whether an encoder finds in a picture what a phrase names, held against the map of parts; and what cells answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from ...people.bodies import SKIN
from ..base import JointEncoder
from .fitting import MOST, Cells
from .heldout import Item, Pixels
from .intervals import Figure, mean_of, share_of
from .questions import Question
from .retrieval import TIE

BARE = ("face", "neck", "torso", "arms", "hands", "legs", "feet")
"""Parts that a phrase for skin is true of."""
INSIDE = 0.5
"""Share, of what the fullest cell holds of a part, from which a cell lies inside it: small parts fill no cell."""


@dataclass(frozen=True)
class Found:
    """One phrase, looked for in its picture."""

    picture: int
    slot: str
    area: float
    """Share of the cells that lie inside the part."""
    hit: bool
    """Whether the best cell does (the pointing game)."""
    precision: float
    """Average precision of the cells, ranked by their cosine."""
    overlap: float
    """Intersection over union of the part's cells and as many of the best."""
    preferred: bool | None
    """Whether the region is nearer to the phrase than to its false twin, where there is one."""


@dataclass(frozen=True)
class Chosen:
    """One question, answered by the cell that is nearest to any of its choices."""

    question: Question
    right: bool


class Finder:
    """Collects what an encoder that grounds finds; shown batches by `embedding.see_all`.

    Args:
        asked: those about parts, in plain words, are put to the cells too; nothing tells where the part is.
    """

    def __init__(
        self, encoder: JointEncoder, items: Sequence[Item], part_names: Sequence[str], asked: Sequence[Question]
    ) -> None:
        self._encoder, self._items, self._names = encoder, items, tuple(part_names)
        self._asked: dict[int, list[Question]] = {}
        for question in asked:
            if question.slot and not question.kept:
                self._asked.setdefault(question.picture, []).append(question)
        self.found: list[Found] = []
        self.chosen: list[Chosen] = []
        self.cells = Cells() if len(items) <= MOST else None
        """Of all pictures, where they are not too many."""

    def __call__(self, numbers: NDArray[np.integer], images: Tensor, parts: Pixels) -> None:
        """Look for all phrases of a batch."""
        grid = self._encoder.ground(images).cpu()
        if self.cells is not None:
            self.cells.keep(grid)
        for number, cells, seen in zip(numbers.tolist(), grid, parts, strict=True):
            for phrase in self._items[number].row["phrases"]:
                shares = self._shares(phrase, seen, (cells.shape[1], cells.shape[2]))
                if shares.max() > 0:
                    self.found.append(self._look(number, phrase, cells.flatten(1).T.numpy(), shares))
            for question in self._asked.get(number, ()):
                best = (self._encoder.encode_phrases(question.said).cpu() @ cells.flatten(1)).amax(1)
                self.chosen.append(Chosen(question, bool(best[0] > best[1:].max() + TIE)))

    def _shares(self, phrase: Mapping[str, Any], seen: Pixels, size: tuple[int, int]) -> NDArray[np.floating]:
        """(cells,) how much of each is of the part that a phrase names."""
        skin = phrase["attribute"] in SKIN and phrase["slot"] in BARE
        parts = [self._names.index(name) for name in (BARE if skin else (phrase["slot"],))]
        mask = torch.from_numpy(np.isin(seen, parts)).float()[None]
        return adaptive_avg_pool2d(mask, size)[0].flatten().numpy()

    def _look(
        self, number: int, phrase: Mapping[str, Any], cells: NDArray[np.floating], shares: NDArray[np.floating]
    ) -> Found:
        twins = [phrase["text"], *([phrase["false"]] if "false" in phrase else [])]
        named = self._encoder.encode_phrases(twins).cpu().numpy()
        inside, cosine = shares >= INSIDE * shares.max(), cells @ named[0]
        region = named @ (shares @ cells)
        # Ties count against: of cells that score the same, those outside come first.
        order = np.lexsort((inside, -cosine))
        ranked = inside[order]
        count = int(inside.sum())
        precision = (np.cumsum(ranked) / np.arange(1, len(ranked) + 1))[ranked].mean()
        hits = int(ranked[:count].sum())
        return Found(
            number, phrase["slot"], count / len(inside), bool(ranked[0]), float(precision),
            hits / (2 * count - hits), bool(region[0] > region[1]) if len(twins) > 1 else None,
        )  # fmt: skip


def answers(chosen: Sequence[Chosen]) -> dict[str, Figure]:
    """What cells answered, by row; rows of single parts are pooled in those of all."""
    rows: dict[str, list[Chosen]] = {}
    for one in chosen:
        for row in one.question.also or (one.question.family,):
            rows.setdefault(f"{row}, by its best cell", []).append(one)
    return {
        row: share_of(
            [one.right for one in some],
            [one.question.picture for one in some],
            float(np.mean([one.question.chance for one in some])),
        )
        for row, some in sorted(rows.items())
    }


def figures(found: Sequence[Found]) -> dict[str, Figure]:
    """All that was found, as rows; the pointing game also by part."""
    if not found:
        return {}
    numbers, area = [f.picture for f in found], float(np.mean([f.area for f in found]))
    guessed = float(np.mean([f.area / (2 - f.area) for f in found]))
    twins = [f for f in found if f.preferred is not None]
    rows = {
        "best cell in the named part": share_of([f.hit for f in found], numbers, area),
        "average precision of cells": mean_of([f.precision for f in found], numbers, area),
        "overlap (IoU) of as many cells": mean_of([f.overlap for f in found], numbers, guessed),
        "phrase before its false twin": share_of([bool(f.preferred) for f in twins], [f.picture for f in twins], 0.5),
    }
    slots = sorted({f.slot for f in found}, key=lambda slot: -sum(f.slot == slot for f in found))
    for slot in slots:
        own = [f for f in found if f.slot == slot]
        chance = float(np.mean([f.area for f in own]))
        rows[f"best cell: {slot}"] = share_of([f.hit for f in own], [f.picture for f in own], chance)
    return rows
