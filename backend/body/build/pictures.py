"""Contact sheets of bodies: shaded pictures of a mesh, and many of them with captions on one sheet."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...raster import rasterise, vertex_normals

SKIN = (0.80, 0.62, 0.52)
LIGHTS = (((0.45, 0.55, 0.70), 0.72), ((-0.75, 0.25, 0.45), 0.24), ((-0.2, 0.5, -0.9), 0.18))
"""Directions towards the lights in view space, and their strengths."""
AMBIENT = 0.14


@dataclass(frozen=True)
class View:
    """An orthographic camera around the y axis."""

    azimuth: float = 0.0
    """Degrees; 0 looks at the front, 90 at the body's left side."""
    elevation: float = 4.0
    """Degrees above the horizon."""
    centre: tuple[float, float, float] = (0.0, -0.45, 0.0)
    """Point in the middle of the picture, metres."""
    height: float = 2.1
    """Metres from the bottom to the top of the picture."""

    def rotation(self) -> np.ndarray:
        """(3, 3) world to view: x right, y up, z towards the camera."""
        a, e = np.deg2rad(self.azimuth), np.deg2rad(self.elevation)
        turn = np.array([[np.cos(a), 0, -np.sin(a)], [0, 1, 0], [np.sin(a), 0, np.cos(a)]])
        tilt = np.array([[1, 0, 0], [0, np.cos(e), -np.sin(e)], [0, np.sin(e), np.cos(e)]])
        return tilt @ turn


def render(
    vertices: np.ndarray,
    faces: np.ndarray,
    view: View,
    size: tuple[int, int] = (300, 400),
    colours: np.ndarray | None = None,
    oversample: int = 2,
) -> np.ndarray:
    """(height, width, 3) uint8 picture of a mesh, shaded smoothly on white.

    Args:
        vertices: (V, 3) metres, y up.
        faces: (F, 3).
        size: width and height in pixels.
        colours: (V, 3) albedo in 0..1; skin where absent.
        oversample: samples along each side of a pixel.
    """
    width, height = (s * oversample for s in size)
    turned = (vertices - np.array(view.centre)) @ view.rotation().T
    scale = height / view.height
    pixels = np.stack([width / 2 + scale * turned[:, 0], height / 2 - scale * turned[:, 1]], 1)
    face, bary = rasterise(pixels, turned[:, 2], faces, width, height)
    hit = np.nonzero(face >= 0)[0]
    normals = vertex_normals(turned, faces)[faces[face[hit]]]
    normal = (bary[hit, :, None] * normals).sum(1)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True) + 1e-12
    albedo = np.broadcast_to(np.array(SKIN), (len(hit), 3))
    if colours is not None:
        albedo = (bary[hit, :, None] * colours[faces[face[hit]]]).sum(1)
    image = np.ones((height * width, 3))
    image[hit] = _shade(normal, albedo)
    image = image.reshape(size[1], oversample, size[0], oversample, 3).mean((1, 3))
    return (255 * image.clip(0, 1) ** (1 / 1.5)).round().astype(np.uint8)


def _shade(normal: np.ndarray, albedo: np.ndarray) -> np.ndarray:
    light = np.full(len(normal), AMBIENT)
    for direction, strength in LIGHTS:
        toward = np.array(direction) / np.linalg.norm(direction)
        light = light + strength * np.clip(normal @ toward, 0, None)
    half = np.array(LIGHTS[0][0]) / np.linalg.norm(LIGHTS[0][0]) + np.array([0, 0, 1.0])
    gloss = 0.06 * np.clip(normal @ (half / np.linalg.norm(half)), 0, None) ** 24
    return albedo * light[:, None] + gloss[:, None]


def contact_sheet(pictures: list[tuple[str, np.ndarray]], columns: int) -> np.ndarray:
    """Pictures of one size in a grid, each under its caption."""
    from PIL import Image, ImageDraw, ImageFont

    band = 18
    height, width = pictures[0][1].shape[:2]
    rows = -(-len(pictures) // columns)
    sheet = Image.new("RGB", (columns * width, rows * (height + band)), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(13)
    for i, (caption, picture) in enumerate(pictures):
        x, y = i % columns * width, i // columns * (height + band)
        sheet.paste(Image.fromarray(picture), (x, y + band))
        draw.text((x + 6, y + 2), caption, fill=(60, 60, 60), font=font)
    return np.asarray(sheet)
