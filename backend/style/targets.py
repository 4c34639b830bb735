"""What an encoder is asked for: the prompt among other texts, each garment's phrase in its colour, a picture."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from ..encoders.base import JointEncoder
from ..people.colours import family_of
from ..people.grammar import articles
from .words import Look, Worn

BASIC = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "white", "grey", "black")
"""Colours that a phrase is told from."""
OTHERS = (
    "a person", "a grey figure", "a person in grey clothes", "a man in a dark suit", "a woman in a long dress",
    "a person wearing a t-shirt and shorts", "a person in a swimsuit", "a soldier's uniform", "a person in armour",
    "a person in a white chef's uniform", "a person in a winter coat", "a person in striped clothes",
    "a football kit", "a picture of a person", "a wizard robe", "a superhero costume",
)  # fmt: skip
"""What a look is told from, whatever it is."""
MOST_RECOLOURED = 40
CLOSE_UP = "a person wearing {}"


@dataclass(frozen=True)
class PartTarget:
    """One garment in its colour."""

    garment: int
    """Row of the costume's garments."""
    name: str
    """Its kind."""
    colour: str
    """What it is called."""
    own: int
    """Row of that colour in what follows."""
    close: Tensor
    """(C, dim) its close-up's text in every colour."""
    phrases: Tensor
    """(C, dim_g) its phrase in every colour; (C, 0) where the encoder does not ground."""


@dataclass(frozen=True)
class Target:
    """What is wanted, embedded by one encoder."""

    texts: tuple[str, ...]
    """What the whole is told from; the first is the prompt's."""
    whole: Tensor
    """(N, dim) of the texts, the first row what is wanted: with a picture, the mean of both."""
    shape: Tensor
    """(M, dim) the same without colours, for pictures of the shape alone."""
    parts: tuple[PartTarget, ...]
    negatives: tuple[int, ...]
    """Rows of `whole` that are unwanted by name."""
    pictured: bool
    """Whether a picture is wanted: beside one, texts are no alternatives that could lose."""
    scale: float
    """Of cosines with the whole."""
    cell_scale: float
    """Of cosines with regions; 0 where the encoder does not ground."""


def colour_names(own: str) -> list[str]:
    """The basic colours, the own one by its own name: `navy blue` in place of `blue`, `beige` beside them."""
    names = [own if family_of(own) == name or own == name else name for name in BASIC]
    return names if own in names else [*names, own]


def recoloured(look: Look) -> list[str]:
    """The look's text with other colours: one changed, two exchanged, and any."""
    told = [w for w in look.worn if w.colour and w.phrase in look.text and "{}" in w.template]
    if not told:
        return []
    own = [w.colour for w in told]
    changed = [(*own[:i], name, *own[i + 1 :]) for i in range(len(told)) for name in BASIC]
    swapped = list(itertools.permutations(own)) if 1 < len(told) < 5 else []
    rng = np.random.default_rng(0)
    free = [tuple(BASIC[i] for i in rng.integers(len(BASIC), size=len(told))) for _ in range(MOST_RECOLOURED)]
    texts = dict.fromkeys(_with_colours(look.text, told, names) for names in (*swapped, *changed, *free))
    texts.pop(_with_colours(look.text, told, own), None)
    return list(texts)[:MOST_RECOLOURED]


def _with_colours(text: str, worn: Sequence[Worn], names: Sequence[str]) -> str:
    for one, name in zip(worn, names, strict=True):
        text = text.replace(one.phrase, one.in_colour(name), 1)
    return articles(text)


def without_colours(text: str) -> str:
    """A text that says nothing of colours."""
    bare = _colour_words().sub("", text)
    return articles(re.sub(r"\b(?:and )?(?=striped|checked|dotted)", "", re.sub(r"\s+", " ", bare)).strip())


@lru_cache(maxsize=1)
def _colour_words() -> re.Pattern[str]:
    shades = "dark|light|bright|pale|navy|olive|sky"
    more = ("turquoise", "beige", "lavender", "magenta", "gray", "golden", "silver", "navy", "khaki")
    names = "|".join((*BASIC, *more))
    return re.compile(rf"\b(?:(?:{shades})[ -])?(?:{names})\b(?: and (?={names}))? ?", re.IGNORECASE)


def make_target(
    encoder: JointEncoder,
    look: Look,
    garments: Sequence[tuple[int, Worn]],
    negative: Sequence[str] = (),
    picture: Tensor | None = None,
    words: bool = True,
) -> Target:
    """A look as an encoder is asked for it.

    Args:
        garments: rows of the costume's garments that the look asks for, and what they are.
        negative: texts that are to lose against the prompt.
        picture: (1, 3, H, W) sRGB that the look is to be like.
        words: whether the prompt's words count; without, a picture alone is the target.

    Raises:
        InvalidInput: a text is longer than the encoder can read.
    """
    others = [text for text in (*recoloured(look), *OTHERS) if text != look.text]
    texts = tuple(dict.fromkeys((look.text, *negative, *others)))
    whole = encoder.encode_texts(texts).cpu().clone()
    plain = tuple(dict.fromkeys(without_colours(text) or "a person" for text in (look.text, *OTHERS)))
    if picture is not None:
        with torch.no_grad():
            seen = encoder.encode_images(picture)[0].cpu()
        # Pictures and texts lie apart in such spaces, so the picture stands in for the text rather than beside it.
        whole[0] = torch.nn.functional.normalize(seen + (whole[0] if words else 0), dim=-1)
    return Target(
        texts,
        whole,
        encoder.encode_texts(plain).cpu(),
        tuple(_part(encoder, row, worn) for row, worn in garments if worn.colour and "{}" in worn.template),
        tuple(texts.index(text) for text in negative),
        picture is not None,
        encoder.scale,
        encoder.cell_scale if encoder.grounds else 0.0,
    )


def _part(encoder: JointEncoder, row: int, worn: Worn) -> PartTarget:
    names = colour_names(worn.colour)
    said = [worn.in_colour(name) for name in names]
    phrases = encoder.encode_phrases(said).cpu() if encoder.grounds else torch.zeros(len(said), 0)
    own = names.index(worn.colour)
    close = encoder.encode_texts([articles(CLOSE_UP.format(text)) for text in said]).cpu()
    return PartTarget(row, worn.kind, worn.colour, own, close, phrases)
