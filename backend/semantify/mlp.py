"""The published mapper from scores to coefficients (Semantify, section 3.4), to be measured beside ours."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn

HIDDEN = (500, 800)
RATE = 1e-4
EPOCHS = 50
BATCH = 32
"""Not told in the paper."""


@dataclass(frozen=True)
class MlpMapper:
    """d scores to k coefficients."""

    net: nn.Sequential
    mean: np.ndarray
    """(d,) of the scores it was trained on."""
    deviation: np.ndarray
    """(d,)."""

    def prepared(self, scores: np.ndarray) -> Tensor:
        """(n, d) scores as the network takes them: in standard deviations."""
        return torch.from_numpy(((scores - self.mean) / self.deviation).astype(np.float32))

    @torch.no_grad()
    def coefficients(self, scores: np.ndarray) -> np.ndarray:
        """(n, k) of (n, d) scores."""
        return self.net(self.prepared(scores)).numpy().astype(np.float64)

    def reconstruct(self, wanted: np.ndarray, steps: int = 300, rate: float = 0.05) -> np.ndarray:
        """(n, k) the nearest coefficients that sliders can be set to (section 5.2), by gradient descent on them.

        Args:
            wanted: (n, k) coefficients to come near to.
        """
        inputs = torch.zeros(len(wanted), len(self.mean), requires_grad=True)
        optimiser, target = torch.optim.Adam([inputs], rate), torch.from_numpy(wanted.astype(np.float32))
        for _ in range(steps):
            optimiser.zero_grad()
            (self.net(inputs) - target).square().sum().backward()
            optimiser.step()
            with torch.no_grad():
                inputs.clamp_(-3, 3)
        with torch.no_grad():
            return self.net(inputs).numpy().astype(np.float64)


def train_mlp(scores: np.ndarray, coefficients: np.ndarray, seed: int, epochs: int = EPOCHS) -> MlpMapper:
    """Train the published network: hidden layers of 500 and 800, ReLU, the L2 norm of the error, Adam.

    Args:
        scores: (n, d); coefficients: (n, k), of the samples to train on.
        seed: decides weights and batches.
        epochs: passes through the samples.
    """
    mean, deviation = scores.mean(0), np.maximum(scores.std(0), 1e-9)
    lots = torch.Generator().manual_seed(seed)
    sizes = (scores.shape[1], *HIDDEN, coefficients.shape[1])
    layers: list[nn.Module] = []
    for i, (a, b) in enumerate(pairwise(sizes)):
        layers += [nn.Linear(a, b), nn.ReLU()] if i < len(HIDDEN) else [nn.Linear(a, b)]
    net = nn.Sequential(*layers)
    with torch.no_grad():
        for value in net.parameters():
            bound = (value.shape[1] if value.ndim == 2 else sizes[0]) ** -0.5
            value.copy_((2 * torch.rand(value.shape, generator=lots) - 1) * bound)
    mapper = MlpMapper(net, mean, deviation)
    inputs, target = mapper.prepared(scores), torch.from_numpy(coefficients.astype(np.float32))
    optimiser = torch.optim.Adam(net.parameters(), RATE)
    for _ in range(epochs):
        for rows in torch.randperm(len(inputs), generator=lots).split(BATCH):
            optimiser.zero_grad()
            (net(inputs[rows]) - target[rows]).norm(dim=1).mean().backward()
            optimiser.step()
    return mapper
