"""What a set of pictures is made of, and the two plug points: what is pictured, and what takes it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from .scenes import Scenes

Row = dict[str, Any]
"""One line of a manifest: JSON values only."""


class Plan(Protocol):
    """A set of pictures, decided by its request alone: the same row for the same index, on any machine."""

    def __len__(self) -> int: ...

    def rows(self, indices: Sequence[int]) -> list[Row]:
        """Everything that decides those pictures: cheap, without a model's forward pass where it can be."""
        ...

    def scenes(self, rows: Sequence[Row]) -> Scenes:
        """The arrays of those pictures."""
        ...

    def describe(self, row: Row, parts: NDArray[np.uint8]) -> Row:
        """What is said of a picture once it is known what it shows, as captions.

        Args:
            parts: (height, width) index of the part seen at each pixel, 255 where there is none.
        """
        ...


@dataclass(frozen=True)
class Shot:
    """What an engine makes of one scene."""

    picture: NDArray[np.uint8]
    """(height, width, 3) sRGB, top row first."""
    parts: NDArray[np.uint8]
    """(height, width) index into `Scenes.part_names`, 255 where there is none."""


class Engine(Protocol):
    """Takes pictures. Holds what is worth keeping between batches: a process, compiled code."""

    name: str

    def shoot(self, scenes: Scenes, check: Callable[[], None]) -> Iterator[Shot]:
        """One shot a scene, in order.

        Args:
            check: called at least once a second; raises where the work is cancelled.
        """
        ...

    def close(self) -> None:
        """Give everything back."""
        ...
