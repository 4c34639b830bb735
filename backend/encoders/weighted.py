"""Several prompts in one direction, each with its weight."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..protocol import InvalidInput
from .base import JointEncoder

if TYPE_CHECKING:
    from torch import Tensor

Weighted = tuple[str, float]
_SHORTEST = 1e-3
"""Of a weighted sum: what is left below this is rounding, not a direction."""
_FORM = 'Write "a red shirt:1.2 | blurry:-0.3".'


def parse_weighted(line: str) -> tuple[Weighted, ...]:
    """ "a red shirt:1.2 | blurry:-0.3" -> (("a red shirt", 1.2), ("blurry", -0.3)).

    A weight is a number behind the last colon of a prompt; without one it is 1.

    Raises:
        InvalidInput: a prompt is empty, or a weight is not finite.
    """
    return tuple(_parse(part.strip()) for part in line.split("|"))


def _parse(part: str) -> Weighted:
    text, colon, behind = part.rpartition(":")
    try:
        weight = float(behind) if colon else 1.0
    except ValueError:
        text, weight = part, 1.0
    if not colon:
        text = part
    if not text.strip():
        raise InvalidInput(f"A prompt in {part!r} is empty." if part else "A prompt is empty.", _FORM)
    if not math.isfinite(weight):
        raise InvalidInput(f"The weight of {text.strip()!r} is not a finite number.", _FORM)
    return text.strip(), weight


def encode_weighted(encoder: JointEncoder, prompts: str | Sequence[Weighted]) -> Tensor:
    """The unit vector of the weighted sum of prompts; a negative weight leads away from its prompt.

    Args:
        prompts: texts with their weights, or a line for `parse_weighted`.

    Returns:
        (dim,) float32 on the encoder's device.

    Raises:
        InvalidInput: no prompt, a weight that is not finite, prompts that cancel out, or a text as in `encode_texts`.
    """
    pairs = parse_weighted(prompts) if isinstance(prompts, str) else tuple(prompts)
    if not all(math.isfinite(weight) for _, weight in pairs):
        raise InvalidInput("The weight of a prompt is not a finite number.", _FORM)
    vectors = encoder.encode_texts([text for text, _ in pairs])
    total = (vectors * vectors.new_tensor([weight for _, weight in pairs])[:, None]).sum(0)
    length = total.norm()
    if float(length) < _SHORTEST * max((abs(weight) for _, weight in pairs), default=0.0) or float(length) == 0:
        raise InvalidInput("The prompts cancel each other out.", "Change a weight, or leave one of them out.")
    return total / length
