"""Sliders for the small body of these tests, and what its equations say of their values."""

import numpy as np
from impromptu.backend.protocol.slider_map import SliderMap, to_arrays

WORDS, OPPOSITES = ("tall", "long legs"), ("short", "")
MOVE = np.array([[0.8, 0.3], [-0.2, 0.6]])


def slider_map(limit=3.0, coefficients="betas", move=MOVE, words=WORDS, opposites=OPPOSITES, **about):
    """Two sliders over two coefficients; others by `move` (k, d)."""
    k, d = move.shape
    f = d + d * (d + 1) // 2
    return SliderMap(
        words=tuple(words),
        opposites=tuple(opposites),
        mean=np.zeros(k),
        read=np.linalg.pinv(move),
        move=move,
        low=np.full(d, -2.2),
        high=np.full(d, 2.4),
        knots=np.tile([-1.0, 1.0], (d, 1)),
        scores=np.tile([-1.0, 1.0], (d, 1)),
        gain=np.zeros((k, f)),
        usual=np.zeros(f),
        score_mean=np.zeros(d),
        score_scale=np.ones(d),
        limit=limit,
        about={"coefficients": coefficients, "template": "neutral", "family": "test", **about},
    )


def write_map(path, **options):
    """A file of sliders; returns its path."""
    np.savez(path, **to_arrays(slider_map(**options)))
    return path
