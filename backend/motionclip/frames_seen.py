"""Rendered frames of windows, and what the space's encoder sees in them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..protocol import InvalidInput
from .space import LatentSpace

BATCH = 32


class Pictures:
    """Frames that `impromptu render frames --each window` took, found by clip and time.

    Args:
        folders: of sets.
        space: that they are seen in.

    Raises:
        InvalidInput: no whole set of frames, or the space does not see.
    """

    def __init__(self, folders: Sequence[str], space: LatentSpace) -> None:
        self.files: list[Path] = []
        self._space = space
        self._by_clip: dict[str, list[tuple[float, int]]] = defaultdict(list)
        if folders and not any(part.sees for part in space.parts):
            raise InvalidInput("No encoder of this space sees pictures.", "Add body or clip to the space.")
        for folder in (Path(f) for f in folders):
            try:
                rows = [json.loads(line) for line in (folder / "manifest.jsonl").read_bytes().splitlines()]
                found = [(str(r["clip_sha256"]), float(r["frame"]), folder / str(r["file"])) for r in rows]
            except (OSError, ValueError, KeyError, TypeError) as error:
                raise InvalidInput(
                    f"{folder} is no whole set of frames ({error}).", "Finish it: `impromptu render frames`."
                ) from None
            for clip, frame, file in found:
                self._by_clip[clip].append((frame, len(self.files)))
                self.files.append(file)

    def near(self, digest: str, start: int, end: int, rate: float) -> int:
        """The picture whose frame is nearest to the middle of a window, if it is inside or at most as far again.

        Args:
            rate: frames of the clip's own, in which pictures are counted, to one of the window's.
        """
        middle = (start + end) / 2
        frames = [(abs(frame / rate - middle), place) for frame, place in self._by_clip.get(digest, ())]
        away, place = min(frames, default=(np.inf, -1))
        return place if away <= end - start else -1

    def vectors(self) -> NDArray[np.float16]:
        """(2 n, d) of all pictures, then of them in a mirror; (0, 0) without any."""
        if not self.files:
            return np.empty((0, 0), np.float16)
        plain, mirrored = [], []
        for i in range(0, len(self.files), BATCH):
            for batch in _same_size(self.files[i : i + BATCH]):
                plain.append(self._space.pictures(batch))
                mirrored.append(self._space.pictures(batch.flip(-1)))
        return np.concatenate([*plain, *mirrored]).astype(np.float16)


def _same_size(files: Sequence[Path]) -> list[Tensor]:
    """(n, 3, H, W) in [0, 1], in the order of the files: neighbours of one size together."""
    from PIL import Image

    runs: list[list[NDArray[np.uint8]]] = []
    for file in files:
        try:
            with Image.open(file) as picture:
                row = np.asarray(picture.convert("RGB"))
        except OSError as error:
            raise InvalidInput(f"{file.name} is no picture: {error}.", "Take the set again.") from None
        if runs and runs[-1][0].shape == row.shape:
            runs[-1].append(row)
        else:
            runs.append([row])
    return [torch.from_numpy(np.stack(run)).permute(0, 3, 1, 2).float() / 255 for run in runs]
