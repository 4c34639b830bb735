"""What the rendering benchmarks draw: the default body, textured by colours, seen from all around."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ..body.load import load_body
from ..body.subdivide import subdivide
from ..render.cameras import Cameras, orbit
from ..render.raster import face_ids
from ..render.renderer import Mesh, Renderer, RenderOptions
from ..render.silhouette import soft_silhouette
from ..render.topology import build_topology

FOV, DISTANCE = 60.0, 2.0
"""Degrees and metres: CLIP-Actor's."""


@dataclass(frozen=True)
class Work:
    """A mesh, the cameras around it, and the pictures that it is pulled towards."""

    mesh: Mesh
    cameras: Cameras
    target: Tensor
    """(B, H, W, 3)."""


def body_work(levels: int, views: int, size: int, device: str = "cpu") -> Work:
    """The default body, its middle at the origin.

    Args:
        levels: of subdivision: 0 has 27k faces, 1 has 108k, 2 has 432k.
    """
    body = load_body("neutral")
    vertices, faces = body.shaped()[0], body.faces
    vertices = vertices - (vertices.amax(0) + vertices.amin(0)) / 2
    for _ in range(levels):
        finer = subdivide(faces)
        vertices, faces = finer.carry(vertices), finer.faces
    azimuth, elevation = torch.arange(views) * (360 / views), torch.linspace(-30, 30, views)
    cameras = orbit(azimuth, elevation, torch.full((views,), DISTANCE), torch.zeros(3), FOV, size, size)
    vertices, faces = vertices.to(device), faces.to(device)
    mesh = Mesh(vertices, faces, (vertices * 20).sin() / 2 + 0.5, topology=build_topology(faces, len(vertices)))
    return Work(mesh, cameras.to(device), torch.full((views, size, size, 3), 0.5, device=device))


def leaves(work: Work) -> tuple[Tensor, Tensor]:
    """Vertices and colours that gather gradients."""
    assert work.mesh.colours is not None
    return work.mesh.vertices.clone().requires_grad_(), work.mesh.colours.clone().requires_grad_()


def step(renderer: Renderer, work: Work, options: RenderOptions) -> None:
    """Draw all views, and take the gradient of a colour loss to vertices and colours."""
    vertices, colours = leaves(work)
    output = renderer.render(replace(work.mesh, vertices=vertices, colours=colours), work.cameras, options)
    (output.colour - work.target).square().mean().backward()


def soft_step(work: Work) -> None:
    """Draw the soft silhouettes of all views, and take the gradient of a loss to the vertices."""
    vertices, _ = leaves(work)
    cameras, mesh = work.cameras, work.mesh
    assert mesh.topology is not None
    projected = cameras.project(vertices)
    ids = face_ids(projected, mesh.faces, cameras.height, cameras.width)
    soft_silhouette(projected, ids, mesh.topology).square().mean().backward()


def nvdiffrast_step(work: Work) -> Callable[[], None]:
    """A step of nvdiffrast on a CUDA device: rasterise, interpolate colours, antialias; no light.

    Raises:
        ImportError: nvdiffrast is not installed.
    """
    import nvdiffrast.torch as dr  # pyright: ignore[reportMissingImports]

    context = dr.RasterizeCudaContext(device=work.mesh.vertices.device)
    faces, cameras = work.mesh.faces.int().contiguous(), work.cameras
    focal = 1 / torch.tan(torch.deg2rad(cameras.fov) / 2)[:, None]
    near, far = cameras.near, 100.0

    def run() -> None:
        vertices, colours = leaves(work)
        right, up, ahead = cameras.view(vertices).unbind(-1)
        depth = ahead * (far + near) / (far - near) - 2 * far * near / (far - near)
        wide = right * focal * (cameras.height / cameras.width)
        clip = torch.stack((wide, up * focal, depth, ahead), -1).contiguous()
        pixels, _ = dr.rasterize(context, clip, faces, resolution=[cameras.height, cameras.width])
        picture, _ = dr.interpolate(colours[None], pixels, faces)
        picture = dr.antialias(picture, pixels, clip, faces)
        (picture - work.target).square().mean().backward()

    return run


def seconds(call: Callable[[], object], device: str) -> float:
    """Duration of one call, with what a GPU still has to do after it."""
    if device != "cpu":
        torch.cuda.synchronize()
    start = time.perf_counter()
    call()
    if device != "cpu":
        torch.cuda.synchronize()
    return time.perf_counter() - start
