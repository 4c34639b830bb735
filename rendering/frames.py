"""Single frames as arrays: engine settings, rendering, and pictures in and out, without a GPU or PIL."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

import bpy
import numpy as np

from ..backend.protocol import EngineOptions, InvalidInput
from .engines import OVERSCAN, apply_options


@dataclass(frozen=True)
class Quality:
    """How a picture is rendered: by Cycles on the CPU, which needs no graphics driver."""

    width: int = 480
    height: int = 480
    samples: int = 4
    """Rays a pixel, before denoising."""

    def __post_init__(self) -> None:
        for name, value in (("width", self.width), ("height", self.height)):
            if not 16 <= value <= 8192 or value % 2:
                raise InvalidInput(f"A preview {name} of {value} cannot be made.", "Use an even number, 16 to 8192.")
        if not 1 <= self.samples <= 4096:
            raise InvalidInput(f"{self.samples} samples a pixel cannot be made.", "Use 1 to 4096.")


def set_quality(scene: bpy.types.Scene, quality: Quality) -> None:
    """Point the scene's render settings at a quality."""
    render = scene.render
    render.resolution_x, render.resolution_y = quality.width + 2 * OVERSCAN, quality.height + 2 * OVERSCAN
    render.film_transparent = False
    render.image_settings.file_format = "PNG"
    render.image_settings.color_mode = "RGB"
    apply_options(scene, EngineOptions(samples=quality.samples, denoiser="oidn"))


def render_frame(scene: bpy.types.Scene, frame: float, folder: Path) -> np.ndarray:
    """(height, width, 3) uint8 of one scene frame, top row first.

    Args:
        frame: may lie between two keyed frames.
        folder: for the picture's file, which is removed again.

    Raises:
        InvalidInput: the folder's disk is full.
    """
    whole = int(np.floor(frame))
    scene.frame_set(whole, subframe=float(frame - whole))
    path = folder / "frame.png"
    path.unlink(missing_ok=True)
    scene.render.filepath = str(path)
    try:
        bpy.ops.render.render(write_still=True)
        return read_picture(path)[OVERSCAN:-OVERSCAN, OVERSCAN:-OVERSCAN]
    except RuntimeError as error:
        raise InvalidInput(f"A frame could not be rendered: {error}.", "Check that the disk has room.") from error


def read_picture(path: Path) -> np.ndarray:
    """(height, width, 3) uint8 as stored in the file, top row first."""
    image = bpy.data.images.load(str(path))
    try:
        image.colorspace_settings.name = "Non-Color"
        width, height = image.size[0], image.size[1]
        if not width:
            raise RuntimeError(f"{path.name} holds no picture")
        pixels = np.empty(width * height * 4, np.float32)
        image.pixels.foreach_get(pixels)
    finally:
        bpy.data.images.remove(image)
    return (pixels.reshape(height, width, 4)[::-1, :, :3] * 255 + 0.5).astype(np.uint8)


def encode_png(picture: np.ndarray, level: int = 6) -> bytes:
    """A PNG of (height, width, 3) uint8, top row first, packed as hard as `level` says, 0 to 9."""
    height, width = picture.shape[:2]
    rows = picture.reshape(height, -1)
    # Filter 2, "up": each row as the difference to the one above, which packs smooth pictures well.
    above = np.vstack([np.zeros_like(rows[:1]), rows[:-1]])
    filtered = np.c_[np.full((height, 1), 2, np.uint8), rows - above]
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(filtered.tobytes(), level)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    )


def write_picture(path: Path, picture: np.ndarray, level: int = 6) -> None:
    """Write (height, width, 3) uint8, top row first, as PNG, packed as hard as `level` says.

    Raises:
        InvalidInput: the file could not be written whole.
    """
    try:
        path.write_bytes(encode_png(picture, level))
    except OSError as error:
        raise InvalidInput(
            f"{path.name} could not be written: {error.strerror}.", "Free some space or write elsewhere."
        ) from error
