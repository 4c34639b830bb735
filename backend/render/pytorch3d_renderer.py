"""PyTorch3D behind the house's interface: the reference for our pictures and gradients, hundreds of times slower.

Its rasteriser decides which faces a pixel sees, where in them and how far from their edges; what faces carry and how
they are lit is the house's own, so that pictures differ by rasterisation and blending alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import torch
from pytorch3d.renderer import (  # pyright: ignore[reportMissingImports]
    BlendParams,
    MeshRasterizer,
    PerspectiveCameras,
    RasterizationSettings,
)
from pytorch3d.renderer.blending import sigmoid_alpha_blend  # pyright: ignore[reportMissingImports]
from pytorch3d.structures import Meshes  # pyright: ignore[reportMissingImports]
from torch import Tensor

from .cameras import Cameras
from .deferred import render_views
from .interpolate import Seen
from .lights import Lights
from .renderer import Mesh, RenderOptions, RenderOutput
from .shade import linear_to_srgb
from .silhouette import default_blur_radius
from .surface import surface


def pytorch3d_cameras(cameras: Cameras) -> Any:
    """The same cameras as a `PerspectiveCameras`: x runs to the left, z ahead, matrices multiply from the right."""
    axes = cameras.rotation.float() * cameras.rotation.new_tensor([-1.0, 1.0, -1.0])[:, None].float()
    position, fov = cameras.position.float(), cameras.fov.float()
    size = fov.new_tensor([cameras.height, cameras.width]).expand(len(cameras), 2)
    return PerspectiveCameras(
        focal_length=cameras.height / 2 / torch.tan(torch.deg2rad(fov) / 2),
        principal_point=size.flip(1) / 2,
        R=axes.transpose(1, 2),
        T=-(axes @ position[..., None])[..., 0],
        in_ndc=False,
        image_size=size,
        device=fov.device,
    )


@dataclass(frozen=True)
class PyTorch3DRenderer:
    """`Renderer` over PyTorch3D's `MeshRasterizer`, in float32.

    With `antialias` it blends the nearest faces of each pixel as SoftRas does (Liu et al. 2019, Eq. 1 to 4), whose
    gradients move vertices; without, each pixel shows the one face in front. `method` means nothing to it.
    """

    faces_per_pixel: int = 50
    """Faces that a pixel blends. Along a fine mesh's outline there are many: with too few gradients go astray."""
    sigma: float = 1e-4
    """Squared distance at which a face's opacity is .27 or .73; the picture's shorter side is 2 long."""
    gamma: float = 1e-3
    """Metres further away at which a face counts e times less."""
    blur_radius: float | None = None
    """Squared distance beyond which a face is not blended; by default where the sigmoid has fallen to 1e-4."""

    name: ClassVar[str] = "pytorch3d"

    def render(self, mesh: Mesh, cameras: Cameras, options: RenderOptions) -> RenderOutput:
        """One picture for each camera."""
        return render_views(self._draw, mesh, cameras, options)

    def _draw(
        self, mesh: Mesh, cameras: Cameras, lights: Lights, ground: Tensor, options: RenderOptions
    ) -> RenderOutput:
        """All of the views at once."""
        fragments = self._rasterise(mesh, cameras, options)
        seen = _seen(mesh, fragments)
        colour, carried = surface(mesh, cameras, lights, seen, options)

        def layers(values: Tensor) -> Tensor:
            """(B, H, W, K, ...) of what is known of the P places."""
            return seen.image(values).unflatten(2, (cameras.width, -1))

        colours = layers(colour)
        inside = (fragments.pix_to_face >= 0) & (fragments.dists <= 0)
        covered, front = inside.any(-1), inside.to(torch.int8).argmax(-1, keepdim=True)

        def first(values: Tensor) -> Tensor:
            """(B, H, W, ...) of the face in front, 0 where there is none."""
            shape = (1,) * (values.ndim - 4)
            index = front.reshape(*front.shape, *shape).expand(*front.shape, *values.shape[4:])
            return values.gather(3, index)[:, :, :, 0] * covered.reshape(*covered.shape, *shape)

        if options.antialias:
            alpha, shown = self._blended(colours, fragments)
        else:
            alpha, shown = covered.to(colours.dtype), first(colours)
        picture = alpha[..., None] * shown + (1 - alpha[..., None]) * ground
        return RenderOutput(
            linear_to_srgb(picture) if options.srgb else picture,
            alpha,
            torch.where(covered, first(fragments.pix_to_face), -1).int(),
            first(fragments.zbuf) if "depth" in options.buffers else None,
            first(layers(carried["normals"])) if "normals" in options.buffers else None,
            None if mesh.attributes is None else first(layers(carried["attributes"])),
        )

    def _rasterise(self, mesh: Mesh, cameras: Cameras, options: RenderOptions) -> Any:
        """PyTorch3D's fragments, their faces numbered as the mesh has them."""
        blur = default_blur_radius(self.sigma) if self.blur_radius is None else self.blur_radius
        settings = RasterizationSettings(
            image_size=(cameras.height, cameras.width),
            blur_radius=blur if options.antialias else 0.0,
            faces_per_pixel=self.faces_per_pixel if options.antialias else 1,
            cull_backfaces=options.cull,
        )
        vertices, faces, numbers = _ahead(mesh, cameras)
        fragments = MeshRasterizer(pytorch3d_cameras(cameras), settings)(Meshes(vertices, faces))
        found = fragments.pix_to_face
        ours = torch.where(found < 0, -1, numbers[found.clamp(min=0)]) if len(numbers) else found
        return replace(fragments, pix_to_face=ours)

    def _blended(self, colours: Tensor, fragments: Any) -> tuple[Tensor, Tensor]:
        """(B, H, W) opacity (SoftRas, Eq. 4) and (B, H, W, 3) colour (Eq. 2 and 3, the ground left out)."""
        alpha = sigmoid_alpha_blend(colours, fragments, BlendParams(sigma=self.sigma))[..., 3]
        near = torch.nn.functional.logsigmoid(-fragments.dists / self.sigma) - fragments.zbuf / self.gamma
        weights = near.where(fragments.pix_to_face >= 0, -torch.inf).softmax(-1)
        weights = weights.where(fragments.pix_to_face >= 0, 0.0)
        return alpha, (weights[..., None] * colours).sum(-2)


def _ahead(mesh: Mesh, cameras: Cameras) -> tuple[list[Tensor], list[Tensor], Tensor]:
    """Each view's vertices and its faces that lie ahead of the near plane, and those faces' numbers in the mesh."""
    vertices = mesh.vertices.float().expand(len(cameras), -1, -1)
    faces = mesh.faces.long()
    fits = cameras.view(vertices.detach())[..., 2] >= cameras.near
    # What lies behind would be divided by its depth; a gradient of 0 times infinity is no number.
    somewhere = (cameras.position - cameras.rotation[:, 2])[:, None].float()
    vertices = vertices.where(fits[..., None], somewhere)
    kept = [row[faces].all(1).nonzero()[:, 0] for row in fits]
    return list(vertices), [faces[k] for k in kept], torch.cat(kept)


def _seen(mesh: Mesh, fragments: Any) -> Seen:
    """The fragments as places of (B, H, W * K) pictures."""
    views, height, width, layers = fragments.pix_to_face.shape
    flat = fragments.pix_to_face.reshape(-1)
    pixel = (flat >= 0).nonzero()[:, 0]
    face = flat[pixel]
    return Seen(
        pixel,
        pixel // (height * width * layers),
        face,
        mesh.faces.long()[face].t().contiguous(),
        fragments.bary_coords.reshape(-1, 3)[pixel].t().to(mesh.vertices.dtype),
        fragments.zbuf.reshape(-1)[pixel],
        (views, height, width * layers),
    )
