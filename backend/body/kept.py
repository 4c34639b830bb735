"""Bodies that stay in memory between jobs."""

from __future__ import annotations

from pathlib import Path

from ..memory import on_release
from .load import DEFAULTS, load_body
from .model import MorphableBody

_MOST = 3
_kept: dict[tuple[str, int, int], MorphableBody] = {}


def kept_body(spec: str | Path = "neutral") -> MorphableBody:
    """As `load_body` on the CPU; the last few bodies stay, and a file that has changed is read again.

    Raises:
        InvalidInput, AssetsMissing: as `load_body`.
    """
    path = DEFAULTS[str(spec)] if str(spec) in DEFAULTS else Path(spec).expanduser()
    if not path.is_file():
        return load_body(spec)  # which says what is missing
    facts = path.stat()
    key = (str(spec), facts.st_mtime_ns, facts.st_size)
    if key not in _kept:
        while len(_kept) >= _MOST:
            _kept.pop(next(iter(_kept)))
        _kept[key] = load_body(spec)
    return _kept[key]


on_release(_kept.clear)
