"""The space that the latent lies in: that of one encoder, or of several side by side.

MotionCLIP's is CLIP's. Without CLIP nothing that ships knows both free text and pictures well, so the shipped model's
space has two parts: a sentence encoder's, and the body encoder's, which also sees pictures. Each part is scaled so
that the whole is a unit vector; its cosine is the weighted mean of the parts' cosines.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..encoders.factory import load_encoder, load_joint_encoder
from ..protocol import Incompatible, InvalidInput

if TYPE_CHECKING:
    from torch import Tensor

    from ..encoders.base import TextEncoder

DEFAULT = "minilm:0.8,body:0.2"
"""What the shipped model was trained in. The body encoder is a poor judge of free text, hence its share."""
_SENTENCE = ("minilm", "mpnet")


@dataclass(frozen=True)
class Part:
    """One encoder's share of the space."""

    name: str
    """As `encoders.factory` takes it; one that sees pictures unless it is `minilm` or `mpnet`."""
    weight: float

    @property
    def sees(self) -> bool:
        """Whether pictures have a place in it."""
        return self.name not in _SENTENCE

    @cached_property
    def encoder(self) -> TextEncoder:
        """Loaded when it is first needed.

        Raises:
            AssetsMissing: its files are not here.
        """
        return load_joint_encoder(self.name) if self.sees else load_encoder(self.name)


class LatentSpace:
    """Texts and pictures as unit vectors of one space.

    Args:
        spec: encoders and their weights, `minilm:0.8,body:0.2`; a name alone is the whole space, `clip`.

    Raises:
        InvalidInput: a weight that is none; an unknown encoder is found out when it is first asked.
    """

    def __init__(self, spec: str = DEFAULT) -> None:
        self.parts = _parse(spec)
        self.spec = spec

    @cached_property
    def dim(self) -> int:
        """Length of a vector."""
        return sum(part.encoder.dim for part in self.parts)

    @cached_property
    def seen(self) -> slice:
        """Where pictures have their place; empty where no encoder sees."""
        start = 0
        for part in self.parts:
            if part.sees:
                return slice(start, start + part.encoder.dim)
            start += part.encoder.dim
        return slice(0, 0)

    def texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(n, dim) unit vectors."""
        if not texts:
            return np.empty((0, self.dim), np.float32)
        rows = [part.encoder.encode(texts) * np.float32(part.weight**0.5) for part in self.parts]
        return np.concatenate(rows, 1)

    def pictures(self, images: Tensor) -> NDArray[np.float32]:
        """(n, d) unit vectors of pictures (n, 3, H, W) in [0, 1], to be compared with `seen` of a latent.

        Raises:
            InvalidInput: no encoder of the space sees.
        """
        import torch

        part = next((p for p in self.parts if p.sees), None)
        if part is None:
            raise InvalidInput("No encoder of this space sees pictures.", "Add body or clip to the space.")
        with torch.inference_mode():
            return load_joint_encoder(part.name).encode_images(images).cpu().numpy()

    def digests(self) -> dict[str, str]:
        """The encoders' digests, by name."""
        return {part.name: part.encoder.digest for part in self.parts}

    def to_json(self) -> dict[str, Any]:
        """What a model keeps of its space."""
        seen = [self.seen.start, self.seen.stop]
        return {"spec": self.spec, "dim": self.dim, "digests": self.digests(), "seen": seen}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> LatentSpace:
        """The space of a model.

        Raises:
            Incompatible: an encoder is not the one that the model was trained with.
            InvalidInput: the file names an encoder that is no name of ours: a path or an address in a file that came
                from elsewhere is not followed.
        """
        space = cls(str(value["spec"]))
        foreign = [p.name for p in space.parts if not re.fullmatch(r"[A-Za-z0-9_-]+", p.name)]
        if foreign:
            raise InvalidInput(
                f"The motion model wants the encoder {foreign[0]!r}, which is no name of a known one.",
                "Train it with an encoder by its name: minilm, mpnet, body, clip, or one of `impromptu models list`.",
            )
        for name, digest in space.digests().items():
            if digest != value["digests"].get(name):
                raise Incompatible(
                    f"The motion model was trained with another {name} than the one that is here.",
                    "Train the model again, or install the encoder that it names.",
                )
        return space


def _parse(spec: str) -> tuple[Part, ...]:
    parts = []
    for item in (s.strip() for s in spec.split(",") if s.strip()):
        name, colon, weight = item.rpartition(":")
        try:
            share = float(weight) if colon else 1.0
        except ValueError:
            name, share = item, 1.0
        if not share > 0:
            raise InvalidInput(f"The weight of {name or item} is {weight}.", "Give a number above 0.")
        parts.append((name if colon and name else item, share))
    if not parts:
        raise InvalidInput("The latent space names no encoder.", f"Give one, as {DEFAULT}.")
    total = sum(share for _, share in parts)
    return tuple(Part(name, share / total) for name, share in parts)
