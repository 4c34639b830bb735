"""Where and how precisely towers compute."""

from __future__ import annotations

import torch
from torch import nn

from .. import memory
from ..protocol import InvalidInput
from .base import EncoderOptions

_NARROWED = (nn.Linear, nn.MultiheadAttention, nn.Conv1d, nn.Conv2d, nn.Conv3d)
"""Layers whose weights are most of a tower's, and lose little; norms and position embeddings stay as they are."""


def pick(options: EncoderOptions) -> tuple[torch.device, torch.dtype]:
    """The device, and the type of what is multiplied.

    Raises:
        InvalidInput: torch knows no such device, or this machine has none.
    """
    name = memory.pick_device() if options.device == "auto" else options.device
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise InvalidInput(f"There is no device {name!r}.", "Use auto, cpu, cuda, cuda:1 or mps.") from error
    kind, number = device.type, device.index or 0
    count = {"cpu": 1, "cuda": torch.cuda.device_count(), "mps": int(torch.backends.mps.is_available())}
    if number >= count.get(kind, 0):
        raise InvalidInput(f"This machine has no device {name!r} for torch.", "Use auto or cpu, or another number.")
    return device, getattr(torch, options.precision)


def place(module: nn.Module, device: torch.device, dtype: torch.dtype) -> nn.Module:
    """A frozen module on the device, with the weights of its large layers in `dtype`; to be called under autocast."""
    module = module.eval().requires_grad_(False)
    if dtype != torch.float32:
        for layer in module.modules():
            if isinstance(layer, _NARROWED):
                layer.to(dtype)
    return module.to(device)
