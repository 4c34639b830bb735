"""What training minimises (paper, Eq. 1 to 4), with masks, and options beyond."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, cosine_similarity

from .features import FPS, ROTATIONS
from .model import Decoded
from .surface import SOLES, Surface


@dataclass(frozen=True)
class LossWeights:
    """Weights of the terms. Means of squares: rotations' columns, metres."""

    pose: float = 3.0
    root: float = 0.1
    """Speeds and height, each by its standard deviation."""
    velocity: float = 4.0
    """Of the rotations' columns from frame to frame (Eq. 1); joints' speeds too, as `motion`."""
    vertices: float = 5.0
    """Of points of the surface and joints, seen from the pelvis, metres."""
    path: float = 0.3
    """Of the pelvis's place, metres: the error of 60 frames of speeds, added up."""
    motion: float = 0.02
    """Of the surface's speed, metres a second."""
    text: float = 0.2
    image: float = 0.05
    contact: float = 0.02
    """Whether contacts are told."""
    slide: float = 0.02
    """Speed of soles while they bear weight, metres a second."""
    smooth: float = 0.0
    """Of the rotations' second differences."""


PAPER_WEIGHTS = LossWeights(
    pose=1.0,
    root=0.05,
    velocity=1.0,
    vertices=1.0,
    path=0.05,
    motion=0.0,
    text=0.01,
    image=0.01,
    contact=0.0,
    slide=0.0,
)


@dataclass(frozen=True)
class Targets:
    """A batch. B windows of T frames."""

    features: Tensor
    """(B, T, 136)."""
    lengths: Tensor
    """(B,) frames that count."""
    contacts: Tensor
    """(B, T, 4)."""
    text: Tensor
    """(B, latent) unit vectors."""
    image: Tensor
    """(B, d) unit vectors, or zeros where there is no picture."""

    def to(self, device: torch.device) -> Targets:
        """The same elsewhere."""
        return Targets(*(t.to(device, non_blocking=True) for t in self.tensors()))

    def tensors(self) -> tuple[Tensor, ...]:
        """In the order of the fields."""
        return self.features, self.lengths, self.contacts, self.text, self.image


def losses_of(
    targets: Targets, latents: Tensor, decoded: Decoded, std: Tensor, surface: Surface, weights: LossWeights,
    seen: slice,
) -> dict[str, Tensor]:  # fmt: skip
    """Every term of weight above 0, unweighted, as a scalar.

    Args:
        latents: (B, latent) their meaning, see `MotionClip.meaning`.
        std: (136,) by which the root's columns are scaled.
        seen: the part of the latent that pictures have a place in.
    """
    frames = torch.arange(targets.features.shape[1], device=latents.device)
    mask = (frames < targets.lengths[:, None]).float()
    both = mask[:, 1:] * mask[:, :-1]
    off = decoded.features.float() - targets.features
    terms = {
        "pose": _mean(off[..., :ROTATIONS] ** 2, mask),
        "root": _mean((off[..., ROTATIONS:] / std[ROTATIONS:]) ** 2, mask),
        "velocity": _mean(off[..., :ROTATIONS].diff(dim=1) ** 2, both),
    }
    if weights.vertices or weights.motion or weights.slide:
        ours, places = surface(decoded.features.float())
        with torch.no_grad():
            true, true_places = surface(targets.features)
        gap = torch.cat((ours - true, places - true_places), 2)
        away = places[:, :, :1] - true_places[:, :, :1]
        terms["vertices"] = _mean((gap - away) ** 2, mask)
        terms["path"] = _mean(away**2, mask)
        terms["motion"] = _mean((gap.diff(dim=1) * FPS) ** 2, both)
        if weights.slide:
            speed = ours[:, :, : 2 * SOLES].diff(dim=1)[..., ::2].norm(dim=-1) * FPS
            stands = targets.contacts.unflatten(-1, (2, 2)).any(-1).float()
            stands = (stands[:, 1:] * stands[:, :-1]).repeat_interleave(SOLES, -1) * both[..., None]
            still = (true[:, :, : 2 * SOLES].diff(dim=1)[..., ::2].norm(dim=-1) * FPS < 0.2).float() * stands
            terms["slide"] = (speed * still).sum() / still.sum().clamp(min=1)
    if weights.contact:
        told = binary_cross_entropy_with_logits(decoded.contacts.float(), targets.contacts.float(), reduction="none")
        terms["contact"] = _mean(told, mask)
    if weights.smooth:
        terms["smooth"] = _mean(
            decoded.features[..., :ROTATIONS].float().diff(n=2, dim=1) ** 2, both[:, 1:] * both[:, :-1]
        )
    z = latents.float()
    terms["text"] = (1 - cosine_similarity(z, targets.text, dim=-1)).mean()
    if targets.image.shape[1]:
        there = (targets.image.abs().sum(-1) > 0).float()
        unlike = 1 - cosine_similarity(z[:, seen], targets.image, dim=-1)
        terms["image"] = (unlike * there).sum() / there.sum().clamp(min=1)
    return {name: term for name, term in terms.items() if getattr(weights, name)}


def total_of(terms: dict[str, Tensor], weights: LossWeights) -> Tensor:
    """The weighted sum (Eq. 4)."""
    return torch.stack([getattr(weights, name) * term for name, term in terms.items()]).sum()


def _mean(values: Tensor, mask: Tensor) -> Tensor:
    """The mean of (B, T, ...) over the frames of (B, T) that count."""
    flat = values.flatten(2).mean(-1)
    return (flat * mask).sum() / mask.sum().clamp(min=1)
