"""What generation is asked for when it is measured: labels that were trained on, and paraphrases that were not."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path

_FILE = Path(__file__).parent / "prompts.json"
Prompt = tuple[str, str]
"""A prompt and its action."""


@lru_cache(maxsize=1)
def labels() -> tuple[Prompt, ...]:
    """Labels of the shipped library's training clips."""
    read = json.loads(_FILE.read_text(encoding="utf-8"))
    return tuple((text, action) for action, texts in read["labels"].items() for text in texts)


@lru_cache(maxsize=1)
def paraphrases() -> tuple[Prompt, ...]:
    """Other sentences for the same actions."""
    read = json.loads(_FILE.read_text(encoding="utf-8"))
    return tuple((row["prompt"], row["action"]) for row in read["paraphrases"])


def plain(text: str) -> str:
    """Letters, digits and single spaces alone, for comparison."""
    return " ".join("".join(c if c.isalnum() else " " for c in text.lower()).split())


def seen_among(prompts: Sequence[Prompt], texts: Iterable[str]) -> list[str]:
    """Prompts that are one of the texts, whatever their capitals and points."""
    known = {plain(text) for text in texts}
    return [text for text, _ in prompts if plain(text) in known]
