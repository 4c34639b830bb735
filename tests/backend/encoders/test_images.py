"""Pictures for the towers: as open_clip's own transforms make them, with true gradients; and files of every kind."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
import torch
from impromptu.backend.encoders import images
from impromptu.backend.encoders.images import Preprocessing, prepare, read_picture
from impromptu.backend.protocol import InvalidInput
from PIL import Image

MEAN, STD = (0.5, 0.4, 0.3), (0.2, 0.3, 0.25)
SIDE = 32


def picture(width: int, height: int) -> Image.Image:
    """Soft blobs of all colours with hard edges."""
    noise = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    soft = np.array(Image.fromarray(noise).resize((width, height), Image.Resampling.BICUBIC))
    soft[height // 4 : height // 2, width // 3 :] = (255, 0, 30)
    return Image.fromarray(soft)


def tensor(image: Image.Image) -> torch.Tensor:
    return torch.from_numpy(np.asarray(image, np.float32) / 255).permute(2, 0, 1)[None]


def levels(image: Image.Image, mode: str, interpolation: str) -> torch.Tensor:
    """How many of 255 levels each pixel is from what open_clip makes of a picture."""
    from impromptu.backend.encoders.torchvision_ops import ensure_torchvision_imports

    ensure_torchvision_imports()
    from open_clip.transform import image_transform

    peer = image_transform(SIDE, False, MEAN, STD, resize_mode=mode, interpolation=interpolation, fill_color=99)(
        image
    )
    mine = prepare(tensor(image), SIDE, MEAN, STD, mode, interpolation, 99 / 255)[0]
    assert mine.shape == peer.shape
    return ((mine - peer) * torch.tensor(STD)[:, None, None] * 255).abs()


@pytest.mark.parametrize("mode", images.MODES)
@pytest.mark.parametrize("interpolation", images.INTERPOLATIONS)
def test_like_open_clip(mode, interpolation):
    assert levels(picture(SIDE, SIDE), mode, interpolation).max() < 1e-4
    for size in ((50, SIDE), (SIDE, 51), (150, 111), (15, 23), (111, 166)):
        # Pillow rounds to whole levels after each of its two passes.
        off = levels(picture(*size), mode, interpolation)
        assert off.max() < 2.1
        assert off.mean() < 0.5


def test_a_middle_that_is_only_cut_out_is_exact():
    assert levels(picture(51, SIDE), "shortest", "bicubic").max() < 1e-4


def test_alpha_is_laid_on_white_and_grey_is_repeated():
    colour = torch.rand(2, 3, SIDE, SIDE)
    alpha = torch.rand(2, 1, SIDE, SIDE)
    laid = prepare(torch.cat([colour, alpha], 1), SIDE, MEAN, STD)
    assert torch.allclose(laid, prepare(colour * alpha + 1 - alpha, SIDE, MEAN, STD), atol=1e-5)
    assert torch.equal(prepare(alpha, SIDE, MEAN, STD), prepare(alpha.repeat(1, 3, 1, 1), SIDE, MEAN, STD))


@pytest.mark.parametrize("mode", images.MODES)
@pytest.mark.parametrize("layers", [1, 3, 4])
def test_gradients_are_those_of_finite_differences(mode, layers):
    generator = torch.Generator().manual_seed(3)
    pixels = 0.4 + 0.2 * torch.rand(1, layers, 11, 7, generator=generator, dtype=torch.float64)
    weights = torch.randn(1, 3, 6, 6, generator=generator, dtype=torch.float64)

    def value(x: torch.Tensor) -> torch.Tensor:
        return (prepare(x, 6, MEAN, STD, mode) * weights).sum()

    assert torch.autograd.gradcheck(value, pixels.requires_grad_(), eps=1e-6, atol=1e-6)


def test_flat_white_keeps_its_gradient():
    pixels = torch.ones(1, 3, 50, 40, requires_grad=True)
    prepare(pixels, SIDE, MEAN, STD).sum().backward()
    assert pixels.grad is not None
    assert (pixels.grad[:, :, 10:40] > 0).all()


def test_autocast_around_it_changes_nothing():
    pixels = torch.rand(1, 3, 50, 40)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(prepare(pixels, SIDE, MEAN, STD), prepare(pixels, SIDE, MEAN, STD))
    assert prepare(pixels, SIDE, MEAN, STD).dtype == torch.float32


@pytest.mark.parametrize(
    ("pixels", "said"),
    [
        (torch.rand(3, 8, 8), "shape"),
        (torch.rand(1, 2, 8, 8), "shape"),
        (torch.rand(0, 3, 8, 8), "shape"),
        (torch.rand(1, 3, 8, 8) * 255, r"from .* to"),
        (torch.full((1, 3, 8, 8), float("nan")), "nan"),
        (torch.zeros(1, 3, 8, 8, dtype=torch.uint8), "uint8"),
    ],
)
def test_what_is_no_picture_is_refused(pixels, said):
    with pytest.raises(InvalidInput, match=said):
        Preprocessing(SIDE, MEAN, STD)(pixels)


def test_unknown_ways_to_resize_are_refused():
    with pytest.raises(InvalidInput, match="'stretch'"):
        prepare(torch.rand(1, 3, 8, 8), 8, MEAN, STD, "stretch")
    with pytest.raises(InvalidInput, match="'nearest'"):
        prepare(torch.rand(1, 3, 8, 8), 8, MEAN, STD, "squash", "nearest")


MODES = {
    "1": (1, "png"), "L": (1, "png"), "LA": (4, "png"), "P": (3, "png"), "RGB": (3, "png"), "RGBA": (4, "png"),
    "I;16": (1, "png"), "CMYK": (3, "jpg"), "F": (1, "tiff"),
}  # fmt: skip


@pytest.mark.parametrize("mode", MODES)
def test_files_of_every_mode(tmp_path, mode):
    layers, ending = MODES[mode]
    grey = np.linspace(0, 255, 20 * 30).reshape(20, 30).astype(np.uint8)
    if mode == "I;16":
        image = Image.fromarray(grey.astype(np.uint16) * 257)
    elif mode == "F":
        image = Image.fromarray(grey.astype(np.float32) / 255)
    else:
        image = Image.fromarray(grey).convert("RGB" if mode == "P" else "L").convert(mode)
    image.save(tmp_path / f"a.{ending}")
    read = read_picture(tmp_path / f"a.{ending}")
    assert read.shape == (1, layers, 20, 30)
    assert read.dtype == torch.float32
    assert 0 <= read.min() < 0.1
    assert 0.9 < read.max() <= 1
    if mode not in ("1", "P", "CMYK"):
        assert np.abs(read[0, 0].numpy() - grey / 255).max() < 1e-6


@pytest.mark.parametrize("ending", ["jpg", "webp", "bmp", "gif"])
def test_files_of_other_formats(tmp_path, ending):
    picture(40, 30).save(tmp_path / f"a.{ending}")
    off = read_picture(tmp_path / f"a.{ending}")[:, :3] - tensor(picture(40, 30))
    assert off.abs().mean() < 0.05


def test_transparency_in_a_palette_is_alpha(tmp_path):
    image = Image.new("P", (4, 4), 1)
    image.putpalette([0, 0, 0, 255, 0, 0])
    image.putpixel((0, 0), 0)
    image.save(tmp_path / "a.png", transparency=0)
    read = read_picture(tmp_path / "a.png")
    assert read[0, 3, 0, 0] == 0
    assert read[0, :, 1, 1].tolist() == [1, 0, 0, 1]


def test_a_photo_stands_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    picture(40, 30).save(tmp_path / "a.jpg", exif=exif)
    assert read_picture(tmp_path / "a.jpg").shape == (1, 3, 40, 30)


def bomb(width: int, height: int) -> bytes:
    """A PNG whose header claims more than it holds."""
    out = io.BytesIO(b"")
    out.write(b"\x89PNG\r\n\x1a\n")
    for kind, body in (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(b"")),
    ):
        out.write(struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)))
    return out.getvalue()


def test_damaged_files_are_refused(tmp_path):
    whole = io.BytesIO()
    picture(64, 64).save(whole, "png")
    damaged = {
        "cut.png": (whole.getvalue()[: len(whole.getvalue()) // 2], "damaged"),
        "none.png": (b"", "not a picture"),
        "text.jpg": (b"hello " * 100, "not a picture"),
        "drawing.eps": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n", "not a picture"),
        "bomb.png": (bomb(60_000, 60_000), "million pixels"),
        "long.png": (bomb(1, 90_000_000), "million pixels"),
    }
    for name, (content, said) in damaged.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(InvalidInput, match=said):
            read_picture(tmp_path / name)
    with pytest.raises(InvalidInput, match="no such file"):
        read_picture(tmp_path / "absent.png")
