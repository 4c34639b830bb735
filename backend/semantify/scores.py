"""How well words fit samples (Semantify, section 3.2).

`cosine` is the published score: 100 times the cosine, mean of the views. The two others ask instead how much better
a word fits than its contrary, which takes away what pictures share: `odds` is the difference of the two, in nats at
the encoder's own temperature; `softmax` is the same as a probability.
"""

from __future__ import annotations

import numpy as np

from ..encoders.base import JointEncoder
from ..encoders.classifiers.classes import NoSuchClass
from ..protocol import InvalidInput
from .families import Descriptor, Family

WAYS = ("cosine", "odds", "softmax")
PERCENT = 100.0
EVEN = 1e-6


class Words:
    """The texts of a family's descriptors, encoded.

    Args:
        encoder: of the pictures.
        family: of the model.
        template: of the model: it decides the noun, and which words there are.
        one_text: ask each word in one text, `a WORD NOUN`, instead of in all wordings and templates.

    Raises:
        InvalidInput: a text is more than the encoder can read.
    """

    def __init__(self, encoder: JointEncoder, family: Family, template: str, one_text: bool = False) -> None:
        self.descriptors = family.words_for(template)
        self.words = tuple(d.word for d in self.descriptors)
        self.scale = encoder.scale
        blank = encoder.encode_texts([f"a {family.noun(template)}"]).float().cpu().numpy()[0]
        texts = [family.texts(d, template)[: 1 if one_text else None] for d in self.descriptors]
        vectors = _encoded(encoder, [text for row in texts for text in row])
        rows = [[vectors[t] for t in row if t in vectors] or [blank] for row in texts]
        # The mean of cosines is the cosine with the mean: it is not scaled to unit length again.
        self.vectors = np.stack([np.mean(row, axis=0) for row in rows])
        """(words, dim)."""
        self.read = np.abs(self.vectors - blank).max(1) > EVEN
        """(words,) whether the encoder has anything to say of each: a classifier knows its classes alone."""
        self.contraries = np.stack([self._contrary(d, blank) for d in self.descriptors])
        """(words, dim): what each is compared with; the bare noun where there is no contrary."""

    def _contrary(self, descriptor: Descriptor, blank: np.ndarray) -> np.ndarray:
        against = self.words.index(descriptor.against) if descriptor.against in self.words else -1
        return self.vectors[against] if against >= 0 and self.read[against] else blank


def _encoded(encoder: JointEncoder, texts: list[str]) -> dict[str, np.ndarray]:
    """(dim,) of each text; those that name no class of a classifier are left out."""
    asked = list(dict.fromkeys(texts))
    try:
        return dict(zip(asked, encoder.encode_texts(asked).float().cpu().numpy(), strict=True))
    except NoSuchClass:
        return {} if len(asked) == 1 else {k: v for text in asked for k, v in _encoded(encoder, [text]).items()}


def score(words: Words, embeddings: np.ndarray, way: str) -> np.ndarray:
    """(n, words) scores.

    Args:
        words: w of them.
        embeddings: (n, views, dim), as of `Dataset`.
        way: of `WAYS`.

    Raises:
        InvalidInput: no such way.
    """
    if way not in WAYS:
        raise InvalidInput(f"There is no way to score {way!r}.", f"Use one of {', '.join(WAYS)}.")
    seen = embeddings.mean(1, dtype=np.float64)
    if way == "cosine":
        return PERCENT * seen @ words.vectors.T.astype(np.float64)
    nats = words.scale * seen @ (words.vectors - words.contraries).T.astype(np.float64)
    return nats if way == "odds" else 1 / (1 + np.exp(-nats))
