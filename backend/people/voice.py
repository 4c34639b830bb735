"""One way of putting things: which of several wordings is used, the same for the same thing all through a caption."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..files import read_json
from .bodies import Split

FILE = Path(__file__).with_name("wordings.json")
RESERVED, RARE = "*", "~"
"""Begin a wording that only tests use, and one of those that together are said a third of the time."""
AMERICAN = 0.35
_MASK = (1 << 64) - 1


class Voice:
    """Chooses wordings by a seed and what they are for, so that a caption in which one thing is changed keeps the
    words of all the others.

    Args:
        seed: 64 bits.
        split: tests also use the wordings that are kept for them.
    """

    def __init__(self, seed: int, split: Split) -> None:
        self._seed, self.split = seed, split
        self.tables = wordings(split)
        self._kept: dict[str, float] = {}

    def chance(self, key: str) -> float:
        """A number from 0 to 1 that belongs to that key (SplitMix64 of seed and key)."""
        kept = self._kept.get(key)
        if kept is None:
            z = (self._seed + _number(key)) & _MASK
            z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
            z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
            kept = self._kept[key] = (z ^ (z >> 31)) / 2**64
        return kept

    def pick(self, key: str, options: Sequence[str]) -> str:
        """One of the options."""
        return options[int(self.chance(key) * len(options))]

    def spelled(self, text: str) -> str:
        """The text as this voice spells: some say gray."""
        return text.replace("grey", "gray") if self.chance("spelling") < AMERICAN else text

    def word(self, table: str, name: str, key: str = "") -> str:
        """One of the wordings for a name; the name itself where a table has none."""
        options = self.tables[table].get(name)
        return self.pick(key or table, options) if options else name


@lru_cache(maxsize=4096)
def _number(key: str) -> int:
    return zlib.crc32(key.encode()) * 0x9E3779B97F4A7C15 + 0x632BE59BD9B4E019


@lru_cache(maxsize=2)
def wordings(split: Split) -> dict[str, dict[str, tuple[str, ...]]]:
    """Tables of wordings, each as often as it is said; in tests half of all choices fall on those that are kept for
    them, where there are some."""
    tables: dict[str, Any] = read_json(FILE)
    return {name: {key: _options(v, split) for key, v in table.items()} for name, table in tables.items()}


def _options(listed: list[str], split: Split) -> tuple[str, ...]:
    common = [w for w in listed if w[0] not in RESERVED + RARE]
    rare, kept = ([w[1:] for w in listed if w[0] == mark] for mark in (RARE, RESERVED))
    if rare:
        common = common * (2 * len(rare)) + rare * len(common)
    if split == "train" or not kept:
        return tuple(common)
    return tuple(common * len(kept) + kept * len(common))


@lru_cache(maxsize=1)
def reserved() -> frozenset[str]:
    """The wordings that only tests use."""
    tables: dict[str, dict[str, list[str]]] = read_json(FILE)
    return frozenset(
        w.removeprefix(RESERVED) for t in tables.values() for listed in t.values() for w in listed if w[0] == RESERVED
    )
