"""What the pixels that a mesh covers show of it: what its vertices carry, its colours, its light."""

from __future__ import annotations

import torch
from torch import Tensor

from .cameras import Cameras
from .interpolate import Seen, interpolate, sample
from .lights import Lights
from .normals import face_normals
from .renderer import Mesh, RenderOptions
from .shade import glossy, lambert

PER_VERTEX = ("colours", "normals", "roughness", "metallic", "attributes")
"""What a mesh may carry for each vertex."""
ROUGHNESS = 0.5


def surface(
    mesh: Mesh, cameras: Cameras, lights: Lights, seen: Seen, options: RenderOptions
) -> tuple[Tensor, dict[str, Tensor]]:
    """(P, 3) colours of the covered pixels, and (P, C) of what the mesh carries by name; normals of unit length.

    Args:
        mesh: of `deferred.render_views`.
    """
    carried = _carried(mesh, seen)
    if "normals" in carried:
        carried["normals"] = torch.nn.functional.normalize(carried["normals"], dim=-1)
    elif options.shading != "unlit" or "normals" in options.buffers:
        carried["normals"] = face_normals(mesh.vertices.reshape(-1, 3), _vertex_rows(mesh.vertices, seen))
    return _shaded(mesh, cameras, lights, seen, carried, options), carried


def _carried(mesh: Mesh, seen: Seen) -> dict[str, Tensor]:
    """(P, C) of all that the vertices carry: one look-up for what all views share, one for what they do not."""
    out: dict[str, Tensor] = {}
    for dims in (2, 3):
        given = {name: getattr(mesh, name) for name in PER_VERTEX}
        given = {name: value for name, value in given.items() if value is not None and value.ndim == dims}
        if given:
            values = [v.to(mesh.vertices.dtype) for v in given.values()]
            packed = values[0] if len(values) == 1 else torch.cat(values, -1)
            parts = interpolate(packed, seen).split([v.shape[-1] for v in values], -1)
            out.update(zip(given, parts, strict=True))
    return out


def _shaded(
    mesh: Mesh, cameras: Cameras, lights: Lights, seen: Seen, carried: dict[str, Tensor], options: RenderOptions
) -> Tensor:
    """(P, 3) colours of the covered pixels."""
    if options.shading == "grey":
        albedo = mesh.vertices.new_tensor(options.grey).expand(len(seen.pixel), 3)
    else:
        albedo = _albedo(mesh, seen, carried)
    if options.shading == "unlit":
        return albedo
    if options.shading != "glossy":
        return lambert(albedo, carried["normals"], lights, seen.view)
    points = interpolate(mesh.vertices, seen)
    towards = torch.nn.functional.normalize(cameras.position.index_select(0, seen.view) - points, dim=-1)
    roughness = carried.get("roughness", albedo.new_full((1, 1), ROUGHNESS))
    metallic = carried.get("metallic", albedo.new_zeros((1, 1)))
    return glossy(albedo, carried["normals"], lights, seen.view, towards, roughness, metallic)


def _albedo(mesh: Mesh, seen: Seen, carried: dict[str, Tensor]) -> Tensor:
    """(P, 3) from texture and colours; white where there is neither."""
    colour = carried.get("colours")
    if mesh.texture is None or mesh.uv is None:
        return mesh.vertices.new_ones((len(seen.pixel), 3)) if colour is None else colour
    # In the vertices' precision: half of it would move the texture by whole texels.
    texture, uv = (t.to(mesh.vertices.dtype) for t in (mesh.texture, mesh.uv))
    texture = sample(texture, interpolate(uv, seen, mesh.uv_faces))
    return texture if colour is None else texture * colour


def _vertex_rows(vertices: Tensor, seen: Seen) -> Tensor:
    """(3, P) rows of the flattened vertices at the corners of the faces seen."""
    return seen.corners if vertices.ndim == 2 else seen.corners + seen.view * vertices.shape[1]
