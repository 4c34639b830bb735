"""A look as textures: colours, and relief that is finer than the mesh as a normal map."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ..body.layout import BodyArrays
from ..files import atomic_paths
from ..protocol import InvalidInput
from .relief import relief_of
from .texels import Texels, texels_of

Evaluate = Callable[[Tensor, Tensor], Tensor]
"""From (P,) int64 faces and (P, 3) float32 barycentric coordinates in them to (P, 3) sRGB, 0 to 1; or to (P, 4), the
last the displacement there in metres, where the relief is known between vertices."""
FLAT = (128, 128, 255)
"""What a normal map has where it says nothing."""
PNG_EFFORT = 6


@dataclass(frozen=True)
class Textures:
    """Square pictures of a body's surface, the first row on top, where v is 1."""

    albedo: np.ndarray
    """(S, S, 3) uint8 sRGB."""
    normal: np.ndarray | None
    """(S, S, 3) uint8 in tangent space, green up (OpenGL's, Blender's and glTF's); none where there is no relief
    to say."""


def vertex_values(values: np.ndarray, faces: np.ndarray) -> Evaluate:
    """What vertices carry, linear between them.

    Args:
        values: (V, 3) sRGB.
        faces: (F, 3).
    """
    corners = torch.from_numpy(np.asarray(values, np.float32)[faces])
    return lambda face, weights: torch.einsum("pkc,pk->pc", corners[face], weights)


@torch.no_grad()
def bake_textures(
    evaluate: Evaluate,
    arrays: BodyArrays,
    displacement: np.ndarray,
    direction: np.ndarray,
    size: int,
    *,
    at_vertices: np.ndarray | None = None,
    relief_in_mesh: bool = True,
) -> Textures | None:
    """The textures of a look on a body's mean shape in T-pose; the same from run to run.

    The normal map is made for the mesh that it will lie on: with the relief in it (its shape key), it has only what
    is finer, and nothing where `evaluate` gives no displacement; without, it has all of it.

    Args:
        evaluate: colours at points of the surface, and relief where that is known there; called with pieces.
        displacement: (V,) metres, of the vertices.
        direction: (V, 3) unit vectors that they are displaced along.
        size: S, texels of a side.
        at_vertices: (V,) metres, the displacement that `evaluate` gives at the vertices, where that is not all of
            `displacement`: cloth that is known at vertices alone would show its triangles' borders.
        relief_in_mesh: the mesh that wears the textures has the displacement too.

    Returns:
        None where the body has no texture coordinates.

    Raises:
        InvalidInput: a size that cannot be drawn, arrays of another body, or values of another shape.
    """
    count = len(arrays.v_template)
    repeated = displacement if at_vertices is None else at_vertices
    shapes = [np.shape(values) for values in (displacement, repeated, direction)]
    if shapes != [(count,), (count,), (count, 3)]:
        raise InvalidInput(
            f"The displacements have shapes {shapes[0]} and {shapes[1]}, and their direction {shapes[2]}.",
            f"Give ({count},), ({count},) and ({count}, 3), as {arrays.name} has vertices.",
        )
    texels = texels_of(arrays, size)
    if texels is None:
        return None
    albedo, fine = _sampled(evaluate, texels)
    if (fine is None and relief_in_mesh) or not (np.any(displacement) or (fine is not None and fine.any())):
        return Textures(albedo, None)
    relief = relief_of(arrays, texels, displacement, direction, fine, repeated, relief_in_mesh)
    normal = np.tile(np.array(FLAT, np.uint8), (size * size, 1))
    for top, end in texels.bands():
        pixel, values = relief.rows(top, end)
        # Zero lies between two steps: a little more, so that rounding does not choose one here and the other there.
        normal[pixel] = _bytes(values * 0.5 + (0.5 + 1e-6))
    return Textures(albedo, texels.filled(normal.reshape(size, size, 3)))


def _sampled(evaluate: Evaluate, texels: Texels) -> tuple[np.ndarray, Tensor | None]:
    """(S, S, 3) colours, and (S * S,) displacements where they are given."""
    size = texels.size
    albedo, fine = np.full((size * size, 3), 255, np.uint8), None
    for top, end in texels.bands():
        points = texels.points(top, end)
        if not len(points.face):
            continue
        values = evaluate(points.face, points.weights.float()).detach().cpu().float()
        if values.ndim != 2 or len(values) != len(points.face) or values.shape[1] not in (3, 4):
            raise InvalidInput(
                f"A look of {len(points.face)} points has shape {tuple(values.shape)}.", "Give (P, 3) or (P, 4)."
            )
        albedo[points.pixel] = _bytes(values[:, :3])
        if values.shape[1] == 4:
            fine = torch.zeros(size * size) if fine is None else fine
            fine[points.pixel] = values[:, 3]
    return texels.filled(albedo.reshape(size, size, 3)), fine


def _bytes(values: Tensor) -> np.ndarray:
    """0 to 1 as 0 to 255, rounded."""
    return (values.clamp(0, 1) * 255 + 0.5).to(torch.uint8).numpy()


def write_textures(folder: str | Path, suffix: str, textures: Textures) -> dict[str, Path]:
    """Write `albedo{suffix}.png` and `normal{suffix}.png` into a folder, both or neither; their paths by name.

    Where there is no normal map, one that is left from before is removed.

    Raises:
        InvalidInput: they cannot be written.
    """
    pictures = {name: picture for name in ("albedo", "normal") if (picture := getattr(textures, name)) is not None}
    paths = {name: Path(folder) / f"{name}{suffix}.png" for name in ("albedo", "normal")}
    with atomic_paths([paths[name] for name in pictures]) as temporary:
        for path, picture in zip(temporary, pictures.values(), strict=True):
            Image.fromarray(picture).save(path, "PNG", compress_level=PNG_EFFORT)
    if textures.normal is None:
        paths.pop("normal").unlink(missing_ok=True)
    return paths
