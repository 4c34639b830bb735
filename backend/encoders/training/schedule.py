"""How the learning rate goes."""

from __future__ import annotations

import math


def warmed(step: int, steps: int, warm: float) -> float:
    """Share of the highest rate: a rise over a share `warm` of the steps, then half a cosine."""
    rise = max(1, int(warm * steps))
    if step < rise:
        return (step + 1) / rise
    return max(0.5 * (1 + math.cos(math.pi * min(1.0, (step - rise) / max(1, steps - rise)))), 1e-3)
