"""What a prompt says of clothes, by simple rules: which garments, in which colours, on which regions of the body."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from ...people.grammar import articles
from ...protocol import InvalidInput

MOST_TEXTS = 64
"""Texts that a prompt is told from, itself among them."""


@lru_cache(maxsize=1)
def rules() -> dict[str, Any]:
    """Regions of the body, what is worn where, the words for it, and the prompts of the trial: `prompts.json`."""
    return json.loads(Path(__file__).with_name("prompts.json").read_text(encoding="utf-8"))


@lru_cache(maxsize=1)
def colours() -> tuple[str, ...]:
    """The basic colours, in one order."""
    return tuple(rules()["colours"])


@dataclass(frozen=True)
class Part:
    """One garment of a prompt."""

    phrase: str
    """As the prompt has it, with a place for the colour: `a {} shirt`."""
    garment: str
    """The word for it: `shirt`."""
    colour: str
    """One of `colours`."""
    regions: tuple[str, ...]
    """Names of `rules()["regions"]` that are surely under it."""

    def phrased(self, colour: str) -> str:
        """The phrase in one colour."""
        return articles(self.phrase.format(colour))


@dataclass(frozen=True)
class Brief:
    """A prompt, and what it says."""

    text: str
    template: str
    """The text with a place for each colour."""
    parts: tuple[Part, ...]

    @property
    def own(self) -> tuple[str, ...]:
        """The colours of its garments, in order."""
        return tuple(part.colour for part in self.parts)

    def recoloured(self, names: Sequence[str]) -> str:
        """The same text with other colours, one for each garment."""
        return articles(self.template.format(*names))

    @cached_property
    def swapped(self) -> list[str]:
        """The prompt, then every other order of its own colours; of one garment: every other colour."""
        if len(self.parts) == 1:
            return self._texts((name,) for name in colours())
        return self._texts(itertools.permutations(self.own))

    @cached_property
    def alternatives(self) -> list[str]:
        """The prompt, then others of its garments: all that differ in one colour, its colours in another order,
        and any others up to `MOST_TEXTS`."""
        changed = [
            (*self.own[:i], name, *self.own[i + 1 :]) for i in range(len(self.parts)) for name in colours()
        ]  # fmt: skip
        texts = self._texts((*changed, *itertools.permutations(self.own)))
        rng = np.random.default_rng(0)
        most = min(MOST_TEXTS, len(colours()) ** len(self.parts))
        while len(texts) < most:
            drawn = self.recoloured([colours()[i] for i in rng.integers(len(colours()), size=len(self.parts))])
            texts += [drawn] * (drawn not in texts)
        return texts[:MOST_TEXTS]

    def _texts(self, choices: Any) -> list[str]:
        """The prompt first, no text twice."""
        return list(dict.fromkeys((self.recoloured(self.own), *map(self.recoloured, choices))))


@lru_cache(maxsize=1)
def _pattern() -> re.Pattern[str]:
    """An article or none, a colour, up to two other words, a garment."""
    names = "|".join(colours())
    garments = "|".join(sorted(map(re.escape, rules()["garments"]), key=len, reverse=True))
    between = r"(?:(?!and\b|with\b|or\b)[\w-]+\s+){0,2}?"
    return re.compile(rf"\b(?P<article>an?\s+)?(?P<colour>{names})\s+(?P<what>{between}(?P<word>{garments}))\b", re.I)


def read_brief(text: str) -> Brief:
    """What a prompt says.

    Raises:
        InvalidInput: it names no garment with a basic colour, or holds braces.
    """
    parts, template, done = [], "", 0
    for found in _pattern().finditer(text):
        article = "a " if found["article"] else ""
        worn = rules()["garments"][found["word"].lower()]
        phrase = f"{article}{{}} {found['what']}"
        parts.append(Part(phrase, found["word"].lower(), found["colour"].lower(), tuple(rules()["wear"][worn])))
        template += text[done : found.start("colour")] + "{}"
        done = found.end("colour")
    if not parts or set("{}") & set(text):
        raise InvalidInput(
            f"The prompt {text!r} names no garment and its colour.",
            f"Write it as in {rules()['prompts'][0]!r}, with the colours {', '.join(colours())}.",
        )
    return Brief(text, template + text[done:], tuple(parts))


def read_briefs(path: str | Path | None = None) -> list[Brief]:
    """The prompts of a text file, one a line; without a file, those of the trial.

    Raises:
        InvalidInput: the file cannot be read, or a line names no garment and its colour.
    """
    if path is None:
        return [read_brief(text) for text in rules()["prompts"]]
    from ...files import explain_os_error

    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise explain_os_error(error, Path(path)) from error
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{Path(path).name} is not text in UTF-8.", "Save it as UTF-8.") from error
    briefs = [read_brief(line.strip()) for line in lines if line.strip()]
    if not briefs:
        raise InvalidInput(f"{Path(path).name} holds no prompt.", "Write one a line.")
    return briefs
