"""What the image tower finds in a set's pictures, kept on disk: words can then be learned without looking again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ...files import atomic_path, explain_os_error
from ..builtin.image_tower import normalised
from ..builtin.model import BodyEncoder
from . import losses
from .augment import augment, resized
from .shards import Pictures

BLOCK = 1000
"""Pictures of a file."""
BATCH = 50
Halves = NDArray[np.float16]


class Memory:
    """Found once, read many times; a run that was ended goes on behind the last whole file.

    Args:
        folder: of the files, for these weights and this set alone.
        model: whose image tower looks.
        shards: the pictures.
        tell: is told how many are done.
    """

    def __init__(self, folder: Path, model: BodyEncoder, shards: Pictures, tell: Callable[[int], None]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        found, regions = [], []
        for first in range(0, len(shards), BLOCK):
            path = folder / f"found-{first // BLOCK:05d}.npz"
            if not path.is_file():
                block = _look(model, shards, range(first, min(first + BLOCK, len(shards))))
                try:
                    with atomic_path(path) as temporary, open(temporary, "wb") as stream:
                        np.savez(stream, found=block[0], regions=block[1])
                except OSError as error:
                    raise explain_os_error(error, path) from error
                tell(first + len(block[0]))
            with np.load(path, allow_pickle=False) as block:
                found.append(block["found"])
                regions.append(block["regions"])
        self._found: Halves = np.concatenate(found)
        self._regions: Halves = np.concatenate(regions)

    def __len__(self) -> int:
        return len(self._found)

    def found(self, indices: list[int]) -> Tensor:
        """(n, f) what `ImageTower.found` gives first."""
        return torch.from_numpy(self._found[indices].astype(np.float32))

    def regions(self, indices: list[int], slots: Tensor) -> tuple[Tensor, Tensor]:
        """(n, K, d) unit vectors of parts (n, K), and (n, K) whether they are seen."""
        region = torch.from_numpy(self._regions[np.array(indices)[:, None], slots.numpy()].astype(np.float32))
        return region, region.abs().sum(-1) > 0


@torch.inference_mode()
def _look(model: BodyEncoder, shards: Pictures, rows: range) -> tuple[Halves, Halves]:
    """(n, f), and (n, parts, d) of which those that are not seen are zeros."""
    found, regions = [], []
    for first in range(rows.start, rows.stop, BATCH):
        x, parts = _shown(shards, list(range(first, min(first + BATCH, rows.stop))), model.config.size)
        each, cells = model.image.found(normalised(x))
        slots = torch.arange(len(shards.part_names)).expand(len(x), -1)
        weights = losses.region_weights(parts, slots, cells.shape[-1])
        seen = weights.flatten(2).sum(-1) > losses.LEAST_CELLS
        found.append(each.half().numpy())
        regions.append((losses.regions(cells, weights) * seen[..., None]).half().numpy())
    return np.concatenate(found), np.concatenate(regions)


def _shown(shards: Pictures, rows: list[int], size: int) -> tuple[Tensor, Tensor]:
    """(n, 3, S, S) in [0, 1] and maps of parts: every second batch cut, tilted and lit as in training."""
    pictures = torch.from_numpy(np.stack([shards.pictures(i) for i in rows]))
    parts = torch.from_numpy(np.stack([shards.parts(i) for i in rows]))
    if rows[0] // BATCH % 2:
        never = torch.zeros(len(rows), dtype=torch.bool)
        return augment(pictures, parts, never, never, size, torch.Generator().manual_seed(rows[0]))
    return resized(pictures, size), parts
