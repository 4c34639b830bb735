"""How well words fit samples (Semantify, section 3.2).

`cosine` is the published score: 100 times the cosine, mean of the views. The two others ask instead how much better
a word fits than its contrary, which takes away what pictures share: `odds` is the difference of the two, in nats at
the encoder's own temperature; `softmax` is the same as a probability.
"""

from __future__ import annotations

import numpy as np

from ..encoders.base import JointEncoder
from ..protocol import InvalidInput
from .families import Descriptor, Family

WAYS = ("cosine", "odds", "softmax")
PERCENT = 100.0


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
        texts = [family.texts(d, template)[: 1 if one_text else None] for d in self.descriptors]
        flat = list(dict.fromkeys(text for row in texts for text in row))
        vectors = dict(zip(flat, encoder.encode_texts(flat).float().cpu().numpy(), strict=True))
        # The mean of cosines is the cosine with the mean: it is not scaled to unit length again.
        self.vectors = np.stack([np.mean([vectors[t] for t in row], axis=0) for row in texts])
        """(words, dim)."""
        blank = encoder.encode_texts([f"a {family.noun(template)}"]).float().cpu().numpy()[0]
        self.contraries = np.stack([self._contrary(d, blank) for d in self.descriptors])
        """(words, dim): what each is compared with; the bare noun where there is no contrary."""

    def _contrary(self, descriptor: Descriptor, blank: np.ndarray) -> np.ndarray:
        return self.vectors[self.words.index(descriptor.against)] if descriptor.against in self.words else blank


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
