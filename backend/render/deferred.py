"""What deferred renderers share: checks, a mesh made ready, views some at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any, get_args

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from ..protocol import InvalidInput
from .backgrounds import background
from .cameras import Cameras
from .interpolate import at_least_float32
from .lights import Lights, headlight
from .normals import vertex_normals
from .raster import LARGEST
from .renderer import Buffer, Mesh, RenderOptions, RenderOutput, Shading
from .surface import PER_VERTEX
from .topology import build_topology, check_faces

CHANNELS = {"vertices": 3, "colours": 3, "normals": 3, "roughness": 1, "metallic": 1}
Draw = Callable[[Mesh, Cameras, Lights, Tensor, RenderOptions], RenderOutput]
"""Draws all views at once, before (B, H, W, 3) pictures."""


def render_views(draw: Draw, mesh: Mesh, cameras: Cameras, options: RenderOptions) -> RenderOutput:
    """One picture for each camera, in float32 (float64 where the vertices are), under autocast too.

    Args:
        draw: is given a mesh with sound vertices, and with normals and topology where the options want them.

    Raises:
        InvalidInput: parts of the mesh do not fit together, or an option is not known.
    """
    _check(mesh, cameras, options)
    size = (len(cameras), cameras.height, cameras.width)
    with torch.autocast(mesh.vertices.device.type, enabled=False):
        vertices = at_least_float32(mesh.vertices)
        cameras = cameras.to(vertices.device, vertices.dtype)
        mesh = _prepared(replace(mesh, vertices=vertices), cameras, options)
        lights = (options.lights or headlight(cameras)).to(mesh.vertices.device, mesh.vertices.dtype)
        ground = background(options.background, size, options.seed).to(mesh.vertices)
        some = options.views_at_once or len(cameras)
        if some >= len(cameras):
            return draw(mesh, cameras, lights, ground, options)
        parts = []
        for start in range(0, len(cameras), some):
            which = slice(start, start + some)
            part = (_mesh_views(mesh, which), cameras.views(which), lights.views(which), ground[which])
            parts.append(checkpoint(draw, *part, options, use_reentrant=False))
        return _joined(parts)


def _prepared(mesh: Mesh, cameras: Cameras, options: RenderOptions) -> Mesh:
    """The mesh with what drawing needs of it: sound vertices, normals, edges; nothing that it does not need."""
    vertices, topology, whole = mesh.vertices, mesh.topology, None
    sound = (vertices.abs() < LARGEST).all(-1)
    if not bool(sound.all()):
        # A broken vertex goes behind its camera, so that its faces are left out but keep their numbers.
        whole = sound[..., mesh.faces.long()].all(-1)
        vertices = vertices.where(sound[..., None], (cameras.position + cameras.rotation[:, 2])[:, None])
    if options.antialias and topology is None:
        topology = build_topology(mesh.faces, vertices.shape[-2])
    normals = None
    if options.smooth and (options.shading != "unlit" or "normals" in options.buffers):
        normals = vertex_normals(vertices, mesh.faces, whole) if mesh.normals is None else mesh.normals
    unseen = {"colours": None, "texture": None} if options.shading == "grey" else {}
    if options.shading != "glossy":
        unseen |= {"roughness": None, "metallic": None}
    return replace(mesh, vertices=vertices, normals=normals, topology=topology, **unseen)


def _mesh_views(mesh: Mesh, which: slice) -> Mesh:
    """What some of the views show."""
    own = {name: getattr(mesh, name) for name in ("vertices", *PER_VERTEX)}
    return replace(
        mesh, **{name: value[which] for name, value in own.items() if value is not None and value.ndim == 3}
    )


def _joined(parts: list[RenderOutput]) -> RenderOutput:
    """The pictures of all parts, one after another; all have the same."""
    columns = {field.name: [getattr(part, field.name) for part in parts] for field in fields(RenderOutput)}
    joined: dict[str, Any] = {name: None if c[0] is None else torch.cat(c) for name, c in columns.items()}
    return RenderOutput(**joined)


def _check_texture(mesh: Mesh, count: int) -> None:
    texture, uv = mesh.texture, mesh.uv
    if texture is None or uv is None:
        if texture is not uv:
            raise InvalidInput("A texture needs uv coordinates, and they a texture.", "Give both or neither.")
        return
    if texture.ndim != 3 or texture.shape[-1] != 3 or uv.ndim != 2 or uv.shape[-1] != 2:
        raise InvalidInput(
            f"A texture of shape {tuple(texture.shape)} and uv of shape {tuple(uv.shape)} cannot be drawn.",
            "Give (height, width, 3) and (rows, 2).",
        )
    rows = mesh.uv_faces
    if rows is None and len(uv) == count:
        return
    if rows is None or rows.shape != mesh.faces.shape or (len(rows) and not 0 <= rows.min() <= rows.max() < len(uv)):
        raise InvalidInput(
            f"The {len(uv)} rows of uv do not belong to {len(mesh.faces)} faces of {count} vertices.",
            "Give one row a vertex, or uv_faces with the rows of each face's corners.",
        )


def _check(mesh: Mesh, cameras: Cameras, options: RenderOptions) -> None:
    views, count = len(cameras), mesh.vertices.shape[-2]
    check_faces(mesh.faces, count)
    for name in ("vertices", *PER_VERTEX):
        value = getattr(mesh, name)
        if value is None:
            continue
        fits = value.shape[:-1] in ((count,), (views, count))
        if not fits or value.shape[-1] != CHANNELS.get(name, value.shape[-1]):
            raise InvalidInput(
                f"The mesh's {name} of shape {tuple(value.shape)} do not fit {views} views of {count} vertices.",
                "Give one row a vertex, the same for all views or one set a view.",
            )
    if mesh.topology is not None and not torch.equal(mesh.topology.faces, mesh.faces.to(mesh.topology.faces)):
        raise InvalidInput("The mesh's topology is of other faces.", "Build it of these, or leave it out.")
    _check_texture(mesh, count)
    if options.shading not in get_args(Shading):
        raise InvalidInput(
            f"There is no shading {options.shading!r}.", f"Choose one of {', '.join(get_args(Shading))}."
        )
    unknown = set(options.buffers) - set(get_args(Buffer))
    if unknown:
        raise InvalidInput(f"There is no buffer {unknown.pop()!r}.", f"Choose of {', '.join(get_args(Buffer))}.")
    if options.views_at_once is not None and options.views_at_once < 1:
        raise InvalidInput("At least one view is drawn at a time.", "Leave views_at_once out for all of them.")
    if options.lights is not None and len(options.lights.ambient) not in (1, views):
        raise InvalidInput(
            f"Lights of {len(options.lights.ambient)} views do not fit {views}.", "Give one set a view."
        )
