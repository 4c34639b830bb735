"""Which clips train, which decide when to stop, which measure: by subject or clip, never by window."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path

from ..motion.clip import Clip
from ..protocol import InvalidInput

SPLITS = ("train", "valid", "test")
_FILE = Path(__file__).parent / "splits.json"


@lru_cache(maxsize=8)
def read_patterns(path: Path = _FILE) -> Mapping[str, tuple[str, ...]]:
    """Patterns of clip names that are held out, by split.

    Raises:
        InvalidInput: not such a file.
    """
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
        return {split: tuple(str(p) for p in read.get(split, ())) for split in ("test", "valid", "left_out")}
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise InvalidInput(
            f"{path} does not say what is held out: {error}.", 'Write {"test": [], "valid": []}.'
        ) from None


def origins(clip: Clip) -> tuple[str, ...]:
    """The clips that this one was made from; itself where it was made from none."""
    made_of = clip.meta.get("take_of")
    if isinstance(made_of, str):
        # Of two: the upper body of one over the legs of another.
        return (made_of, *made_of.split("_with_")) if "_with_" in made_of else (made_of,)
    return tuple(str(name) for name in made_of) if isinstance(made_of, (list, tuple)) and made_of else (clip.name,)


def split_of(names: Sequence[str], patterns: Mapping[str, Sequence[str]] | None = None, share: float = 0.0) -> str:
    """Where a clip of these origins goes: where the most withheld of them goes; `left_out` into none.

    Args:
        patterns: as `read_patterns`; none: those that ship.
        share: of the clips that no pattern names, which a hash of the name sends to `test`, and as many to `valid`.
    """
    patterns = read_patterns() if patterns is None else patterns
    for split in ("left_out", "test", "valid"):
        if any(fnmatchcase(name, pattern) for name in names for pattern in patterns.get(split, ())):
            return split
    lot = min(int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big") / 2**32 for name in names)
    return "test" if lot < share else "valid" if lot < 2 * share else "train"
