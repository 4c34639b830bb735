"""Shape coefficients by the name or the number of their axis."""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
from torch import Tensor

from ..protocol import InvalidInput
from .model import BodyModel

MOST = 10.0
"""Standard deviations: beyond it no body is meant."""


def resolve_betas(body: BodyModel, pairs: Iterable[tuple[str, float]]) -> Tensor:
    """(1, S) betas from pairs of axis (name or index) and value; the rest are 0.

    Raises:
        InvalidInput: no such axis, or a value that is not a number within +-`MOST`.
    """
    betas = torch.zeros(1, body.num_betas)
    for axis, value in pairs:
        index = body.beta_names.index(axis) if axis in body.beta_names else int(axis) if axis.isdecimal() else -1
        if not 0 <= index < body.num_betas:
            few = body.num_betas <= 20
            known = ", ".join(body.beta_names) if few else f"0 to {body.num_betas - 1}"
            raise InvalidInput(f"{body.name} has no shape axis {axis!r}.", f"It has {known}.")
        if not (math.isfinite(value) and abs(value) <= MOST):
            raise InvalidInput(
                f"The beta {axis} is {value:g}.", "Betas are in standard deviations: try -3 to 3, 10 at most."
            )
        betas[0, index] = value
    return betas
