"""The decoupled neural style field: from a place on the body at rest to a colour and a displacement.

CLIP-Actor, Eq. 3: G(M_c) -> (c, d). It is asked at the T-posed template alone, so one network serves every frame of
a motion, and nothing swims.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn

from ..protocol import check_positive

MOST_FEATURES = 4096


@dataclass(frozen=True)
class FieldOptions:
    """How large the network is, and how fine what it draws."""

    features: int = 64
    """Fourier features: as many sines and cosines of places."""
    sigma: float = 2.5
    """Standard deviation of their frequencies, per standard deviation of the places: how fine details are."""
    width: int = 96
    """Units of a layer."""
    depth: int = 1
    """Hidden layers of the trunk after its first."""
    branch: int = 1
    """Hidden layers of each of the two branches."""
    symmetric: bool = True
    """The same left and right."""

    def __post_init__(self) -> None:
        for name, most in (("features", MOST_FEATURES), ("width", 4096), ("sigma", 100.0)):
            check_positive(f"The field's {name}", getattr(self, name), most)
        for name in ("depth", "branch"):
            check_positive(f"The field's {name} and one", getattr(self, name) + 1, 33)


PUBLISHED = FieldOptions(features=256, sigma=8.0, width=256, depth=4, branch=2)
"""As the published code has it: some forty times the work of the default, which finds as good a look on this body."""


class StyleField(nn.Module):
    """Fourier features, a trunk, and a branch each for colour and for displacement.

    Args:
        places: (V, 3) metres, the vertices at rest: what is standardised, and what `forward` is asked at by default.
        generator: decides features and first weights.
    """

    frequencies: Tensor
    middle: Tensor
    spread: Tensor
    encoded: Tensor

    def __init__(self, places: Tensor, options: FieldOptions, generator: torch.Generator) -> None:
        super().__init__()
        self.options = options
        folded = self._folded(places)
        self.register_buffer("middle", folded.mean(0))
        self.register_buffer("spread", folded.std(0))
        drawn = torch.randn(3, options.features, generator=generator)
        self.register_buffer("frequencies", options.sigma * drawn)
        self.register_buffer("encoded", self.encode(places), persistent=False)
        sizes = (self.encoded.shape[1], *(options.width,) * (1 + options.depth))
        self.trunk = _layers(sizes, generator)
        branch = (options.width,) * (1 + options.branch)
        self.colour = nn.Sequential(*_layers(branch, generator), nn.Linear(options.width, 3))
        self.shape = nn.Sequential(*_layers(branch, generator), nn.Linear(options.width, 1))
        with torch.no_grad():
            for last in (self.colour[-1], self.shape[-1]):
                for parameter in last.parameters():
                    parameter.zero_()

    def encode(self, places: Tensor) -> Tensor:
        """(P, 2 * features + 3) sines and cosines of (P, 3) places, and the places themselves, standardised."""
        standard = (self._folded(places) - self.middle) / self.spread
        # Ordinary waves, not 2 pi times as fast: `sigma` is a standard deviation in radians.
        phases = standard @ self.frequencies
        return torch.cat((phases.sin(), phases.cos(), standard), 1)

    def forward(self, encoded: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Raw colour (P, 3) and raw displacement (P,), unbounded and zero at first; of all V places by default."""
        features = self.trunk(self.encoded if encoded is None else encoded)
        return self.colour(features), self.shape(features)[:, 0]

    def _folded(self, places: Tensor) -> Tensor:
        """Places, on a symmetric field with the right half laid on the left."""
        if not self.options.symmetric:
            return places
        return torch.cat((places[:, :1].abs(), places[:, 1:]), 1)


def _layers(sizes: tuple[int, ...], generator: torch.Generator) -> nn.Sequential:
    """Linear layers, each with a ReLU after it, from a seed."""
    out = nn.Sequential()
    for before, after in pairwise(sizes):
        layer = nn.Linear(before, after)
        with torch.no_grad():
            layer.weight.normal_(0, (2 / before) ** 0.5, generator=generator)
            layer.bias.zero_()
        out.extend((layer, nn.ReLU()))
    return out
