"""Blender's images as files that the backend can read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numpy as np

from ...backend.protocol import InvalidInput

READ = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff")
"""Suffixes of files that are handed over as they are."""


def image_file(image: Any, folder: Path) -> Path:
    """The file of an image; one that is packed, generated, painted on or of another format is written as .png.

    Args:
        folder: where it is written to.

    Raises:
        InvalidInput: a film, or an image without pixels.
    """
    if image.source in ("MOVIE", "SEQUENCE"):
        raise InvalidInput("A film is no picture.", "Open one of its pictures by itself.")
    own = Path(bpy.path.abspath(image.filepath_from_user())) if image.filepath else None
    is_whole = image.source == "FILE" and not image.is_dirty and image.packed_file is None
    if own is not None and is_whole and own.suffix.lower() in READ and own.is_file():
        return own
    path = folder / "image.png"
    try:
        if image.type in ("RENDER_RESULT", "COMPOSITING"):
            image.save_render(str(path))
        else:
            _write(image, path)
    except RuntimeError as error:
        raise InvalidInput(f"{image.name} has no pixels.", "Load or render it first.") from error
    return path


def _write(image: Any, path: Path) -> None:
    """The pixels that the image shows now."""
    width, height = image.size
    if not width or not height:
        raise InvalidInput(f"{image.name} has no pixels.", "Load or render it first.")
    channels = image.channels
    given = np.empty(width * height * channels, np.float32)
    image.pixels.foreach_get(given)
    given = given.reshape(-1, channels)
    pixels = np.ones((len(given), 4), np.float32)
    pixels[:, :3] = given[:, :1] if channels < 3 else given[:, :3]
    if channels == 4:
        pixels[:, 3] = given[:, 3]
    if image.is_float:
        # Of a float image the pixels are linear light.
        light = pixels[:, :3].clip(0, 1)
        pixels[:, :3] = np.where(light < 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    made = bpy.data.images.new("Impromptu picture", width, height, alpha=channels == 4)
    try:
        made.pixels.foreach_set(pixels.ravel())
        made.filepath_raw, made.file_format = str(path), "PNG"
        made.save()
    finally:
        bpy.data.images.remove(made)
