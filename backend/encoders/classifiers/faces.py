"""`faces`: mini-XCEPTION's seven expressions of FER-2013, the published weights of `face_classification` (MIT).

After Arriaga, Valdenegro-Toro and Ploeger, "Real-time Convolutional Neural Networks for Emotion and Gender
Classification", 2017. The face has to fill the picture.
"""

from __future__ import annotations

from pathlib import Path

from torch import Tensor, nn
from torch.nn import functional

from ...protocol import AssetsMissing
from ..base import EncoderOptions, digest_files
from ..images import Preprocessing
from .classes import Classes, ClassifierEncoder

FILE = Path(__file__).parents[1] / "data" / "faces.safetensors"
SIZE = 64
SCALE = 11.0
"""Mean length of a picture's vector times that of a row, on renders of the default head."""
NAMES = ("angry", "disgusted", "frightened", "happy", "sad", "surprised", "neutral")
GROUPS = {
    **dict.fromkeys(("person", "man", "woman"), range(len(NAMES))),
    **dict.fromkeys(("serious", "calm", "expressionless"), (6,)),
    **dict.fromkeys(("smiling", "cheerful", "joyful"), (3,)),
    **dict.fromkeys(("afraid", "scared", "fearful"), (2,)),
    **dict.fromkeys(("furious", "cross"), (0,)),
    **dict.fromkeys(("unhappy", "sorrowful"), (4,)),
    **dict.fromkeys(("astonished", "amazed"), (5,)),
}
"""Words for a class; of a person without more, all: the mean row, which is nothing."""
LUMA = (0.299, 0.587, 0.114)
EPSILON = 1e-3
WIDTHS = (16, 32, 64, 128)


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, EPSILON)


def _separable(inside: int, outside: int) -> nn.Sequential:
    deep = nn.Conv2d(inside, inside, 3, padding=1, groups=inside, bias=False)
    return nn.Sequential(deep, nn.Conv2d(inside, outside, 1, bias=False), _norm(outside))


class Module(nn.Module):
    """Two separable convolutions, pooled, beside a strided one of a single cell."""

    def __init__(self, inside: int, outside: int) -> None:
        super().__init__()
        self.short = nn.Sequential(nn.Conv2d(inside, outside, 1, 2, bias=False), _norm(outside))
        self.first, self.second = _separable(inside, outside), _separable(outside, outside)

    def forward(self, x: Tensor) -> Tensor:
        """(n, C, H, W) -> (n, C', ceil(H / 2), ceil(W / 2))."""
        y = self.second(functional.relu(self.first(x)))
        side = y.shape[-1]
        room = (-(-side // 2) - 1) * 2 + 3 - side
        before, behind = room // 2, room - room // 2
        y = functional.pad(y, (before, behind, before, behind), value=float("-inf"))
        return functional.max_pool2d(y, 3, 2) + self.short(x)


class MiniXception(nn.Module):
    """Features of grey faces, (n, 1, 64, 64) in [-1, 1]."""

    def __init__(self) -> None:
        super().__init__()
        self.start = nn.Sequential(
            nn.Conv2d(1, 8, 3, bias=False), _norm(8), nn.ReLU(), nn.Conv2d(8, 8, 3, bias=False), _norm(8), nn.ReLU()
        )
        inside = (8, *WIDTHS[:-1])
        self.modules_ = nn.Sequential(*(Module(a, b) for a, b in zip(inside, WIDTHS, strict=True)))
        self.last = nn.Conv2d(WIDTHS[-1], len(NAMES), 3, padding=1)
        self.eval()

    def forward(self, x: Tensor) -> Tensor:
        """(n, 128 * 9): the mean over the picture of what the last convolution reads; it is linear, so that its
        kernels' dot products with this are the logits, without the bias."""
        cells = functional.unfold(self.modules_(self.start(x)), 3, padding=1)
        return cells.mean(2)


class FacesEncoder(ClassifierEncoder):
    """Seven expressions of a face.

    Raises:
        AssetsMissing: the file is not there.
    """

    def __init__(self, options: EncoderOptions, file: Path = FILE) -> None:
        from safetensors.torch import load_file

        if not file.is_file():
            raise AssetsMissing("The encoder faces is not here.", "It comes with Impromptu: install it again.")
        self.file, module = file, MiniXception()
        module.load_state_dict({name: value.float() for name, value in load_file(file).items()})
        rows = module.last.weight.detach().flatten(1)
        preprocessing = Preprocessing(SIZE, (0.5,) * 3, (0.5,) * 3, "squash", "bilinear")
        super().__init__("faces", module, rows, Classes(NAMES, GROUPS), SCALE, preprocessing, options)

    @property
    def digest(self) -> str:
        return digest_files(self.file, salt="faces")

    def _image_tower(self, prepared: Tensor) -> Tensor:
        grey = sum(share * prepared[:, i : i + 1] for i, share in enumerate(LUMA))
        assert isinstance(grey, Tensor)
        return self.module(grey)
