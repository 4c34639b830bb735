"""Actions that the many labels of motions are sorted into: what recognition and its measurements count by."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

_FILE = Path(__file__).parent / "actions.json"


@lru_cache(maxsize=1)
def _patterns() -> tuple[tuple[re.Pattern[str], ...], tuple[tuple[str, re.Pattern[str]], ...]]:
    """What belongs to no action, and each action with its pattern, in order."""
    read = json.loads(_FILE.read_text(encoding="utf-8"))

    def compiled(pattern: str) -> re.Pattern[str]:
        return re.compile(pattern if pattern.startswith("^") else rf"(?<!\w){pattern}")

    actions = ((name, compiled(p)) for name, patterns in read["actions"] for p in patterns)
    return tuple(compiled(p) for p in read["none"]), tuple(actions)


def action_names() -> tuple[str, ...]:
    """All actions, in the file's order."""
    return tuple(dict.fromkeys(name for name, _ in _patterns()[1]))


def action_of(text: str) -> str:
    """The action that a label names; empty where it names none."""
    said = " ".join(text.lower().split())
    said = (said, said.replace("-", " "))
    none, actions = _patterns()
    if any(p.search(s) for p in none for s in said):
        return ""
    return next((name for name, p in actions if any(p.search(s) for s in said)), "")


def action_of_labels(texts: Iterable[str]) -> str:
    """The action of the first label that names one."""
    return next((action for text in texts if (action := action_of(text))), "")
