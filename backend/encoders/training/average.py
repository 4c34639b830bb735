"""The moving average of a model's weights, which is what a training leaves."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..builtin.model import BodyEncoder, BodyEncoderConfig

Weights = dict[str, Tensor]


def begin_average(model: nn.Module) -> Weights:
    """The weights as they are, by name."""
    return {name: value.detach().clone() for name, value in model.state_dict().items()}


@torch.no_grad()
def update_average(averaged: Weights, model: nn.Module, step: int, most: float) -> None:
    """Take in the weights after a step, in place.

    Args:
        step: from 0 on; the first ones count more, so that the beginning is soon forgotten.
        most: share of the average that stays at a step, at most.
    """
    keep = min(most, (1 + step) / (10 + step))
    for name, value in model.state_dict().items():
        averaged[name].lerp_(value, 1 - keep)


def averaged_model(config: BodyEncoderConfig, averaged: Weights) -> BodyEncoder:
    """A model of the averaged weights, for use."""
    model = BodyEncoder(config)
    model.load_state_dict(averaged)
    return model.to(memory_format=torch.channels_last).eval()  # pyright: ignore[reportCallIssue]
