"""`animals`: what EfficientNet-Lite1 learnt on ImageNet of 398 animals, 118 of them breeds of dogs."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..base import EncoderOptions, digest_files
from ..builtin.image_tower import MEAN, STD
from ..builtin.trunk import EPSILON, Block, Trunk, fold_pretrained
from ..images import Preprocessing
from ..torchvision_ops import ensure_torchvision_imports
from ..training.pretrained import published_file
from .classes import Classes, ClassifierEncoder

VARIANT = "lite1"
SIZE = 240
"""Pixels of a side, as it was trained."""
SCALE = 17.0
"""Mean length of a picture's vector times that of a row, on renders of the default dog."""
ANIMALS = 398
"""They come first."""
GROUPS = {
    "dog": range(151, 269),
    "wolf": range(269, 273),
    "fox": range(277, 281),
    "cat": range(281, 286),
    "big cat": range(286, 294),
    "bear": range(294, 298),
    "horse": (339, 340),
    "animal": range(ANIMALS),
}
"""What ImageNet has no class for but several of: its classes stand in the order of WordNet's tree."""


class SameConv2d(nn.Conv2d):
    """Padded as TensorFlow pads by stride 2: nothing, or the smaller half, before; the rest behind."""

    def forward(self, input: Tensor) -> Tensor:
        """(n, C, H, W) of even sides -> (n, C', H / 2, W / 2)."""
        room = self.kernel_size[0] - 2
        before, behind = room // 2, room - room // 2
        padded = functional.pad(input, (before, behind, before, behind))
        return functional.conv2d(padded, self.weight, self.bias, self.stride, 0, 1, self.groups)


class AnimalsEncoder(ClassifierEncoder):
    """EfficientNet-Lite1, trained on ImageNet (Apache-2.0), as its package carries it.

    Raises:
        AssetsMissing: the package is not installed.
    """

    channels_last = True

    def __init__(self, options: EncoderOptions) -> None:
        ensure_torchvision_imports()
        from open_clip.zero_shot_metadata import IMAGENET_CLASSNAMES

        self.file = published_file(VARIANT)
        state = torch.load(self.file, map_location="cpu", weights_only=True)
        head = nn.Conv2d(state["_conv_head.weight"].shape[1], state["_conv_head.weight"].shape[0], 1)
        gain = state["_bn1.weight"] / (state["_bn1.running_var"] + EPSILON).sqrt()
        with torch.no_grad():
            head.weight.copy_(state["_conv_head.weight"] * gain[:, None, None, None])
            head.bias.copy_(state["_bn1.bias"] - state["_bn1.running_mean"] * gain)  # type: ignore[union-attr]
        preprocessing = Preprocessing(SIZE, (MEAN,) * 3, (STD,) * 3, "longest", "bicubic", 1.0)
        classes = Classes(IMAGENET_CLASSNAMES[:ANIMALS], GROUPS)
        module, rows = nn.Sequential(_trunk(state), head), state["_fc.weight"][:ANIMALS]
        super().__init__("animals", module, rows, classes, SCALE, preprocessing, options)

    @property
    def digest(self) -> str:
        return digest_files(self.file, salt="animals")

    def _image_tower(self, prepared: Tensor) -> Tensor:
        trunk, head = self.module.children()
        return functional.relu6(head(trunk(prepared)[-1])).mean((2, 3))


def _trunk(state: dict[str, Tensor]) -> Trunk:
    """Padded as when it was trained, since classes are read here and nothing is trained on."""
    trunk = Trunk(VARIANT)
    trunk.stem = _same(trunk.stem)
    for module in trunk.modules():
        if isinstance(module, Block) and module.filter.stride[0] == 2:
            module.filter = _same(module.filter)
    fold_pretrained(trunk, state)
    return trunk


def _same(conv: nn.Conv2d) -> SameConv2d:
    kernel = conv.kernel_size[0]
    return SameConv2d(conv.in_channels, conv.out_channels, kernel, 2, groups=conv.groups)
