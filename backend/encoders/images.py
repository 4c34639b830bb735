"""Pictures as image towers want them, differentiable down to the pixels; and pictures read from files."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from .. import memory
from ..files import explain_os_error
from ..protocol import InvalidInput

MODES = ("shortest", "squash", "longest")
"""Shortest side to the size, the middle cut out; each side to the size; longest side to the size, bars added."""
INTERPOLATIONS = ("bicubic", "bilinear")
MOST_PIXELS = 100_000_000
MOST_SIDE = 65_535
"""Of a file: a small one that claims more would only fill the memory."""
_ROUNDING = 1e-3
"""How far out of [0, 1] a pixel may be: no encoder notices it."""
_SLACK = 1e-5
"""Bicubic overshoot is cut this far beyond [0, 1], so that rounding in flat white does not cut the gradient."""
_FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF")


@dataclass(frozen=True)
class Preprocessing:
    """What an image tower was trained to be given: the arguments of `prepare`."""

    size: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    mode: str = "shortest"
    interpolation: str = "bicubic"
    fill: float = 0.0

    def __call__(self, images: Tensor) -> Tensor:
        """(n, 1 | 3 | 4, H, W) -> (n, 3, size, size)."""
        return prepare(images, **asdict(self))


def prepare(
    images: Tensor,
    size: int,
    mean: Sequence[float],
    std: Sequence[float],
    mode: str = "shortest",
    interpolation: str = "bicubic",
    fill: float = 0.0,
) -> Tensor:
    """Layers, size and normalisation in one; as Pillow resamples, so with antialiasing when it shrinks.

    Args:
        images: (n, 1 | 3 | 4, H, W) floats, sRGB in [0, 1]: grey, colour, or with straight alpha, laid on white.
        size: pixels of a side of the result.
        mean, std: of the three layers.
        mode: one of `MODES`.
        interpolation: one of `INTERPOLATIONS`.
        fill: brightness of the bars of `longest`.

    Returns:
        (n, 3, size, size), of the images' type and device.

    Raises:
        InvalidInput: another shape or type, pixels out of range, or an unknown mode or interpolation.
    """
    if mode not in MODES or interpolation not in INTERPOLATIONS:
        raise InvalidInput(
            f"Pictures cannot be resized by {mode!r} and {interpolation!r}.",
            f"Use one of {', '.join(MODES)}, and one of {', '.join(INTERPOLATIONS)}.",
        )
    check_pictures(images)
    with torch.autocast(images.device.type, enabled=False):
        colour = resize(on_white(images), size, mode, interpolation, fill)
        middle, spread = (colour.new_tensor(tuple(values)).view(3, 1, 1) for values in (mean, std))
        return (colour - middle) / spread


def check_pictures(images: Tensor) -> None:
    """Raises InvalidInput unless `images` is (n, 1 | 3 | 4, H, W) floats in [0, 1]."""
    shape = tuple(images.shape)
    if images.ndim != 4 or shape[1] not in (1, 3, 4) or 0 in shape:
        raise InvalidInput(
            f"Pictures came in the shape {shape}.", "Give (pictures, layers, height, width) with 1, 3 or 4 layers."
        )
    if not images.is_floating_point():
        raise InvalidInput(f"Pictures came as {images.dtype}.", "Give floats in [0, 1]: divide bytes by 255.")
    low, high = (float(v) for v in torch.aminmax(images.detach()))
    if not (low >= -_ROUNDING and high <= 1 + _ROUNDING):  # holds for no NaN
        raise InvalidInput(f"Pixels reach from {low:g} to {high:g}.", "Give sRGB in [0, 1], without NaN.")


def on_white(images: Tensor) -> Tensor:
    """(n, 1 | 3 | 4, H, W) -> (n, 3, H, W): grey three times, straight alpha laid on white."""
    if images.shape[1] == 1:
        return images.expand(-1, 3, -1, -1)
    if images.shape[1] == 4:
        alpha = images[:, 3:]
        return images[:, :3] * alpha + (1 - alpha)
    return images


def resize(colour: Tensor, size: int, mode: str, interpolation: str, fill: float = 0.0) -> Tensor:
    """(n, 3, H, W) -> (n, 3, size, size).

    Two products with constant matrices: their backward pass is faster than that of torch's own resampling, and exists
    on every device.
    """
    height, width = colour.shape[2:]
    tall, wide = _scaled(height, width, size, mode)
    keep = (colour.dtype, colour.device, interpolation)
    if wide != width or wide > size:
        colour = _cut(colour @ _window(width, wide, size, *keep).T, interpolation)
    if tall != height or tall > size:
        colour = _cut(_window(height, tall, size, *keep) @ colour, interpolation)
    return _with_bars(colour, size, fill) if min(tall, wide) < size else colour


def _cut(colour: Tensor, interpolation: str) -> Tensor:
    """Without what bicubic overshoots at edges, after each direction, as in Pillow's bytes."""
    return colour.clamp(-_SLACK, 1 + _SLACK) if interpolation == "bicubic" else colour


def _scaled(height: int, width: int, size: int, mode: str) -> tuple[int, int]:
    """Height and width before the middle is cut out or bars are added; rounded as open_clip does."""
    if mode == "squash":
        return size, size
    if mode == "longest":
        ratio = max(height, width) / size
        return max(1, round(height / ratio)), max(1, round(width / ratio))
    if height <= width:
        return size, int(size * width / height)
    return int(size * height / width), size


def _with_bars(colour: Tensor, size: int, fill: float) -> Tensor:
    """(n, 3, h, w) in the middle of (n, 3, size, size)."""
    down, right = size - colour.shape[2], size - colour.shape[3]
    bars = (right // 2, (right + 1) // 2, down // 2, (down + 1) // 2)
    return torch.nn.functional.pad(colour, bars, value=fill)


@lru_cache(maxsize=128)
@torch.inference_mode(False)  # kept: a later call may want gradients
def _window(
    length: int, scaled: int, size: int, dtype: torch.dtype, device: torch.device, interpolation: str
) -> Tensor:
    """(min(scaled, size), length): what each pixel of the result takes of a line; the middle where it is longer.

    Pillow's `precompute_coeffs`: the filter is as wide as a pixel of the result when it shrinks.
    """
    kernel, support = _KERNELS[interpolation]
    ratio = length / scaled
    wide = max(ratio, 1.0)
    count = min(scaled, size)
    start = round((scaled - count) / 2)
    centres = (torch.arange(start, start + count, dtype=torch.float64) + 0.5) * ratio
    offsets = (torch.arange(length, dtype=torch.float64) + 0.5 - centres[:, None]) / wide
    weights = torch.where(offsets.abs() < support, kernel(offsets.abs()), 0.0)
    return (weights / weights.sum(1, keepdim=True)).to(device, dtype)


memory.on_release(_window.cache_clear)


def _bicubic(x: Tensor) -> Tensor:
    """Keys' cubic convolution, a = -1/2."""
    return torch.where(x < 1, (1.5 * x - 2.5) * x * x + 1, ((-0.5 * x + 2.5) * x - 4) * x + 2)


_KERNELS: dict[str, tuple[Callable[[Tensor], Tensor], float]] = {
    "bicubic": (_bicubic, 2.0),
    "bilinear": (lambda x: 1 - x, 1.0),
}


def read_picture(path: str | Path) -> Tensor:
    """A picture file of any size and mode, upright as its EXIF says; of an animation the first.

    Returns:
        (1, C, H, W) float32 in [0, 1]: C is 1 for grey, 3 for colour, 4 with straight alpha.

    Raises:
        InvalidInput: missing, damaged, too large, or not PNG, JPEG, WebP, BMP, GIF or TIFF.
    """
    import struct

    from PIL import Image, ImageOps, UnidentifiedImageError

    path = Path(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's own of size, and of odd tags
            with Image.open(path, formats=_FORMATS) as picture:
                if picture.width * picture.height > MOST_PIXELS or max(picture.size) > MOST_SIDE:
                    raise Image.DecompressionBombError
                pixels = _pixels(ImageOps.exif_transpose(picture))
    except Image.DecompressionBombError as error:
        raise InvalidInput(
            f"{path.name} claims more than {MOST_PIXELS // 1_000_000} million pixels, or {MOST_SIDE} a side.",
            "Make it smaller.",
        ) from error
    except UnidentifiedImageError as error:
        raise InvalidInput(f"{path.name} is not a picture.", "Give a PNG, JPEG or WebP file.") from error
    except OSError as error:
        if error.errno is not None:
            raise explain_os_error(error, path) from error
        raise InvalidInput(f"{path.name} is damaged: {error}.", "Copy or export it again.") from error
    except (SyntaxError, ValueError, EOFError, KeyError, IndexError, TypeError, struct.error) as error:
        raise InvalidInput(f"{path.name} is damaged.", "Copy or export it again.") from error
    return torch.from_numpy(pixels.reshape(*pixels.shape[:2], -1)).permute(2, 0, 1)[None].contiguous()


def _pixels(picture: Any) -> np.ndarray:
    """(H, W) or (H, W, C) float32 in [0, 1] of a picture of Pillow."""
    if picture.mode == "F":
        return np.clip(np.nan_to_num(np.asarray(picture, np.float32)), 0, 1)
    if picture.mode.startswith("I"):  # 16 bits, kept in 16 or in 32
        return np.clip(np.asarray(picture).astype(np.float32) / 65535, 0, 1)
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
    elif picture.mode in ("1", "L"):
        picture = picture.convert("L")
    else:
        picture = picture.convert("RGB")
    return np.asarray(picture, np.float32) / 255
