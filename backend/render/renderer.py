"""What a renderer is given and gives back, and the renderers by name."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol

from torch import Tensor

from ..protocol import InvalidInput, RuntimeMissing
from .cameras import Cameras
from .compiled import Method
from .lights import Lights
from .topology import Topology

Shading = Literal["lambert", "grey", "glossy", "unlit"]
Buffer = Literal["depth", "normals"]


@dataclass(frozen=True)
class Mesh:
    """A triangle mesh and what it carries. Per vertex is (V, C), or (B, V, C) where each view shows its own."""

    vertices: Tensor
    """(V, 3) or (B, V, 3) metres. A face is not drawn where a vertex of it is no number, or 1e9 m away."""
    faces: Tensor
    """(F, 3) counter-clockwise from outside."""
    colours: Tensor | None = None
    """Per vertex, C = 3, 0 to 1. White without, unless there is a texture."""
    texture: Tensor | None = None
    """(h, w, 3), first row on top; multiplied with `colours` where there are both."""
    uv: Tensor | None = None
    """(T, 2) places in the texture; (0, 0) is its lower left corner."""
    uv_faces: Tensor | None = None
    """(F, 3) rows of `uv` at each face's corners; by default the vertices."""
    normals: Tensor | None = None
    """Per vertex, C = 3, of any length; by default from the faces around, weighted by area."""
    roughness: Tensor | None = None
    """Per vertex, C = 1, 0 mirror to 1 matt, for `glossy` shading; by default 0.5."""
    metallic: Tensor | None = None
    """Per vertex, C = 1, 0 to 1, for `glossy` shading; by default 0."""
    attributes: Tensor | None = None
    """Per vertex, any C: interpolated and given back as they are."""
    topology: Topology | None = None
    """Of `faces`; built where it is needed. Give it in a loop, for it stays the same from step to step."""


@dataclass(frozen=True)
class RenderOptions:
    """How to draw."""

    shading: Shading = "lambert"
    """`lambert`: matt. `grey`: matt, in one colour, to see the shape alone. `glossy`: with a highlight by roughness
    and metallic. `unlit`: the colours as they are."""
    grey: float = 0.5
    """What `grey` has for a colour: CLIP-Actor's 0.5; 1 gives AvatarCLIP's textureless shading."""
    smooth: bool = True
    """Interpolated vertex normals; otherwise each face is flat."""
    lights: Lights | None = None
    """By default `lights.headlight`: one light at each camera."""
    background: str | Tensor = "white"
    """A name of `backgrounds.BACKGROUNDS`, one colour (3,), or pictures (B, H, W, 3)."""
    seed: int = 0
    """Of the background's pattern."""
    antialias: bool = True
    """Blend silhouettes over the pixels that they cross; without, nothing pulls vertices across a silhouette."""
    srgb: bool = False
    """Colours are linear light: encode the picture for a screen."""
    buffers: tuple[Buffer, ...] = ()
    """What to give back besides colour, alpha and face ids."""
    cull: bool = False
    """Leave out faces seen from their back: quicker, and the same picture where the mesh is closed."""
    views_at_once: int | None = None
    """Bounds memory: so many views are drawn at a time, and drawn again for their gradient. All by default."""
    method: Method = "auto"
    """Loops compiled by numba, or torch; `auto` takes numba on a processor where it is installed."""


@dataclass(frozen=True)
class RenderOutput:
    """B pictures, the first row on top."""

    colour: Tensor
    """(B, H, W, 3) over the background."""
    alpha: Tensor
    """(B, H, W) 1 where the mesh covers the pixel, 0 where it does not, between along silhouettes."""
    face_ids: Tensor
    """(B, H, W) int32 face in front at the pixel's middle, -1 where there is none."""
    depth: Tensor | None = None
    """(B, H, W) metres along the viewing axis, 0 where there is no face; if asked for."""
    normals: Tensor | None = None
    """(B, H, W, 3) unit vectors in the mesh's frame, 0 where there is no face; if asked for."""
    attributes: Tensor | None = None
    """(B, H, W, C) the mesh's attributes, 0 where there is no face."""


class Renderer(Protocol):
    """Draws meshes, differentiable to vertices, colours, textures and attributes."""

    name: ClassVar[str]

    def render(self, mesh: Mesh, cameras: Cameras, options: RenderOptions) -> RenderOutput:
        """One picture for each camera.

        Raises:
            InvalidInput: parts of the mesh do not fit together, or an option is not known.
        """
        ...


def _own() -> Renderer:
    from .own_renderer import OwnRenderer

    return OwnRenderer()


def _pytorch3d() -> Renderer:
    if importlib.util.find_spec("pytorch3d") is None:
        raise RuntimeMissing(
            "PyTorch3D is not installed in this environment.",
            "Run `make pytorch3d` and use its environment, or use the renderer `own`.",
        )
    from .pytorch3d_renderer import PyTorch3DRenderer

    return PyTorch3DRenderer()


RENDERERS: dict[str, Callable[[], Renderer]] = {"own": _own, "pytorch3d": _pytorch3d}


def open_renderer(name: str = "own") -> Renderer:
    """A renderer by name.

    Raises:
        InvalidInput: there is none of this name.
        RuntimeMissing: its library is not installed.
    """
    if name not in RENDERERS:
        raise InvalidInput(f"There is no renderer {name!r}.", f"Choose one of {', '.join(RENDERERS)}.")
    return RENDERERS[name]()


def render(mesh: Mesh, cameras: Cameras, options: RenderOptions | None = None, renderer: str = "own") -> RenderOutput:
    """One picture of the mesh for each camera."""
    return open_renderer(renderer).render(mesh, cameras, options or RenderOptions())
