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
from .renderer import Buffer, Mesh, RenderOptions, RenderOutput, Shading
from .surface import PER_VERTEX
from .topology import build_topology

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
        mesh = _prepared(mesh, options)
        cameras = cameras.to(mesh.vertices.device, mesh.vertices.dtype)
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


def _prepared(mesh: Mesh, options: RenderOptions) -> Mesh:
    """The mesh with what drawing needs of it: sound vertices, normals, edges; nothing that it does not need."""
    vertices, faces, topology = at_least_float32(mesh.vertices), mesh.faces, mesh.topology
    sound = vertices.isfinite().all(-1)
    if not bool(sound.all()):
        # A broken vertex goes to the origin and its faces lose their area, but keep their numbers.
        vertices = vertices.where(sound[..., None], 0.0)
        sound = sound if sound.ndim == 1 else sound.all(0)
        faces = faces.where(sound[faces.long()].all(1, keepdim=True), 0)
        topology = None
    if options.antialias and topology is None:
        topology = build_topology(faces, vertices.shape[-2])
    lit = options.shading != "unlit" or "normals" in options.buffers
    normals = None
    if lit and options.smooth:
        normals = vertex_normals(vertices, faces) if mesh.normals is None else mesh.normals
    unseen = {} if options.shading in ("lambert", "glossy", "unlit") else {"colours": None, "texture": None}
    if options.shading != "glossy":
        unseen |= {"roughness": None, "metallic": None}
    return replace(mesh, vertices=vertices, faces=faces, normals=normals, topology=topology, **unseen)


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


def _check(mesh: Mesh, cameras: Cameras, options: RenderOptions) -> None:
    views, count = len(cameras), mesh.vertices.shape[-2]
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
    if (mesh.texture is None) != (mesh.uv is None):
        raise InvalidInput("A texture needs uv coordinates, and they a texture.", "Give both or neither.")
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
