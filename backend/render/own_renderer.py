"""The house's renderer: find what is in front, interpolate it, shade it, blend the silhouettes."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any, get_args

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from ..protocol import InvalidInput
from .antialias import antialias, find_crossings
from .backgrounds import background
from .cameras import Cameras
from .interpolate import Seen, at_least_float32, interpolate, look, sample
from .lights import Lights, headlight
from .normals import face_normals, vertex_normals
from .raster import face_ids
from .renderer import Buffer, Mesh, RenderOptions, RenderOutput, Shading
from .shade import glossy, lambert, linear_to_srgb
from .topology import build_topology

PER_VERTEX = ("colours", "normals", "roughness", "metallic", "attributes")
CHANNELS = {"vertices": 3, "colours": 3, "normals": 3, "roughness": 1, "metallic": 1}
ROUGHNESS = 0.5


class OwnRenderer:
    """Deferred: only the pixels that faces cover are shaded. The same result from run to run."""

    name = "own"

    def render(self, mesh: Mesh, cameras: Cameras, options: RenderOptions) -> RenderOutput:
        """One picture for each camera, in float32 (float64 where the vertices are), under autocast too."""
        _check(mesh, cameras, options)
        size = (len(cameras), cameras.height, cameras.width)
        with torch.autocast(mesh.vertices.device.type, enabled=False):
            mesh = _prepared(mesh, options)
            cameras = cameras.to(mesh.vertices.device, mesh.vertices.dtype)
            lights = (options.lights or headlight(cameras)).to(mesh.vertices.device, mesh.vertices.dtype)
            ground = background(options.background, size, options.seed).to(mesh.vertices)
            some = options.views_at_once or len(cameras)
            if some >= len(cameras):
                return _draw(mesh, cameras, lights, ground, options)
            parts = []
            for start in range(0, len(cameras), some):
                which = slice(start, start + some)
                part = (_mesh_views(mesh, which), cameras.views(which), lights.views(which), ground[which])
                parts.append(checkpoint(_draw, *part, options, use_reentrant=False))
            return _joined(parts)


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
    carried = _carried(mesh, seen)
    if "normals" in carried:
        carried["normals"] = torch.nn.functional.normalize(carried["normals"], dim=-1)
    elif options.shading != "unlit" or "normals" in options.buffers:
        carried["normals"] = face_normals(mesh.vertices.reshape(-1, 3), _vertex_rows(mesh.vertices, seen))
    colour = _shaded(mesh, cameras, lights, seen, carried, options)
    picture = torch.cat((colour, torch.ones_like(colour[:, :1])), -1)
    behind = torch.cat((ground, torch.zeros_like(ground[..., :1])), -1)
    picture = seen.image(picture, behind)
    if options.antialias and mesh.topology is not None:
        crossings = find_crossings(projected, ids, mesh.topology, near=cameras.near)
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
    texture = sample(mesh.texture.to(mesh.vertices.dtype), interpolate(mesh.uv, seen, mesh.uv_faces))
    return texture if colour is None else texture * colour


def _vertex_rows(vertices: Tensor, seen: Seen) -> Tensor:
    """(3, P) rows of the flattened vertices at the corners of the faces seen."""
    return seen.corners if vertices.ndim == 2 else seen.corners + seen.view * vertices.shape[1]


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
