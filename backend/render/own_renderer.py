"""The house's renderer: find what is in front, interpolate it, shade it, blend the silhouettes."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor

from .antialias import antialias, find_crossings
from .cameras import Cameras
from .deferred import render_views
from .interpolate import look
from .lights import Lights
from .outlines import find_outline
from .raster import face_ids
from .renderer import Mesh, RenderOptions, RenderOutput
from .shade import linear_to_srgb
from .surface import surface


class OwnRenderer:
    """Deferred: only the pixels that faces cover are shaded. The same result from run to run."""

    name: ClassVar[str] = "own"

    def render(self, mesh: Mesh, cameras: Cameras, options: RenderOptions) -> RenderOutput:
        """One picture for each camera, in float32 (float64 where the vertices are), under autocast too."""
        return render_views(_draw, mesh, cameras, options)


def _draw(mesh: Mesh, cameras: Cameras, lights: Lights, ground: Tensor, options: RenderOptions) -> RenderOutput:
    """All of the views at once."""
    projected = cameras.project(mesh.vertices)
    ids = face_ids(
        projected,
        mesh.faces,
        cameras.height,
        cameras.width,
        near=cameras.near,
        cull=options.cull,
        method=options.method,
    )
    seen = look(projected, mesh.faces, ids)
    colour, carried = surface(mesh, cameras, lights, seen, options)
    picture = torch.cat((colour, torch.ones_like(colour[:, :1])), -1)
    behind = torch.cat((ground, torch.zeros_like(ground[..., :1])), -1)
    picture = seen.image(picture, behind)
    if options.antialias and mesh.topology is not None:
        outline = find_outline(projected, mesh.topology, cameras.near, options.method)
        crossings = find_crossings(projected, ids, mesh.topology, outline)
        picture = antialias(picture, projected, crossings)
    colour = picture[..., :3]
    return RenderOutput(
        linear_to_srgb(colour) if options.srgb else colour,
        picture[..., 3],
        ids,
        seen.image(seen.depth) if "depth" in options.buffers else None,
        seen.image(carried["normals"]) if "normals" in options.buffers else None,
        None if mesh.attributes is None else seen.image(carried["attributes"].to(mesh.attributes.dtype)),
    )
