"""Single frames as arrays: engine settings, rendering, and pictures in and out, without a GPU or PIL."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from ..backend.protocol import InvalidInput


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
    render.resolution_x, render.resolution_y = quality.width, quality.height
    render.resolution_percentage = 100
    render.use_persistent_data = True
    render.film_transparent = False
    render.image_settings.file_format = "PNG"
    render.image_settings.color_mode = "RGB"
    render.engine = "CYCLES"
    _set_cycles(scene, quality.samples)


def _set_cycles(scene: bpy.types.Scene, samples: int) -> None:
    cycles: Any = scene.cycles
    cycles.device = "CPU"
    cycles.samples = samples
    cycles.use_adaptive_sampling = False
    cycles.use_denoising = True
    cycles.denoiser = "OPENIMAGEDENOISE"
    cycles.denoising_input_passes = "RGB_ALBEDO"
    cycles.denoising_prefilter = "NONE"
    if hasattr(cycles, "denoising_quality"):
        cycles.denoising_quality = "FAST"
    # Three lights do not pay for a tree.
    cycles.use_light_tree = False
    cycles.max_bounces = 1
    cycles.diffuse_bounces = 1
    cycles.glossy_bounces = 1
    cycles.transmission_bounces = 0
    cycles.caustics_reflective = cycles.caustics_refractive = False
    cycles.pixel_filter_type = "BLACKMAN_HARRIS"
    cycles.seed = 0
    cycles.use_animated_seed = False


def render_frame(scene: bpy.types.Scene, frame: float, folder: Path) -> np.ndarray:
    """(height, width, 3) uint8 of one scene frame, top row first.

    Args:
        frame: may lie between two keyed frames.
        folder: for the picture's file, which is left there.
    """
    whole = int(np.floor(frame))
    scene.frame_set(whole, subframe=float(frame - whole))
    path = folder / f"frame-{whole:06d}-{round((frame - whole) * 1000):03d}.png"
    scene.render.filepath = str(path)
    bpy.ops.render.render(write_still=True)
    return read_picture(path)


def read_picture(path: Path) -> np.ndarray:
    """(height, width, 3) uint8 as stored in the file, top row first."""
    image = bpy.data.images.load(str(path))
    try:
        image.colorspace_settings.name = "Non-Color"
        width, height = image.size
        pixels = np.empty(width * height * 4, np.float32)
        image.pixels.foreach_get(pixels)
    finally:
        bpy.data.images.remove(image)
    return (pixels.reshape(height, width, 4)[::-1, :, :3] * 255 + 0.5).astype(np.uint8)


def write_picture(path: Path, picture: np.ndarray) -> None:
    """Write (height, width, 3) uint8, top row first, as PNG.

    Raises:
        InvalidInput: the file could not be written whole.
    """
    height, width = picture.shape[:2]
    image = bpy.data.images.new("picture", width, height, alpha=False)
    try:
        image.colorspace_settings.name = "Non-Color"
        rgba = np.ones((height, width, 4), np.float32)
        rgba[..., :3] = picture[::-1] / np.float32(255)
        image.pixels.foreach_set(rgba.ravel())
        image.filepath_raw = str(path)
        image.file_format = "PNG"
        image.save()
    except RuntimeError as error:
        raise InvalidInput(f"{path.name} could not be written: {error}", "Check the folder and the disk.") from error
    finally:
        bpy.data.images.remove(image)
    size = os.path.getsize(path) if path.exists() else 0
    if not size or b"IEND" not in path.read_bytes()[-16:]:
        raise InvalidInput(f"{path.name} was not written completely.", "Free some space or write elsewhere.")
