"""What comes of a look: arrays, pictures, a checkpoint; all written whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ..files import atomic_path, load_npz, save_npz
from ..protocol import InvalidInput
from ..render.renderer import Shading
from .appearance import Shown
from .bake import Evaluate
from .plan import Plan
from .scores import offsets_of
from .stylist import Stylist
from .views import draw, fixed_shots

PREVIEW_AZIMUTHS = (20.0, 110.0, 200.0, 290.0)
PREVIEW_SIZE = 160
CHECKPOINT, PREVIEW, PREVIEW_PICTURE = "checkpoint.npz", "preview.npz", "preview.png"


def arrays_of(plan: Plan, shown: Shown) -> dict[str, np.ndarray]:
    """The arrays of a `style.npz`; see `write_style`."""
    offsets = offsets_of(plan, shown)
    along = (offsets * plan.costume.direction).sum(1)
    surface = plan.costume.surfaces()
    return {
        "colour": shown.colour.clamp(0, 1).numpy().astype(np.float32),
        "displacement": along.numpy().astype(np.float32),
        "direction": plan.costume.direction.numpy().astype(np.float32),
        "offsets": offsets.numpy().astype(np.float32),
        "roughness": surface[:, 0].numpy().astype(np.float32),
        "metallic": surface[:, 1].numpy().astype(np.float32),
        "prompt": np.array(plan.look.text),
    }


def write_style(path: Path, plan: Plan, shown: Shown) -> None:
    """A look as plain arrays of V vertices (.npz, atomic).

    `colour` (V, 3) sRGB; `offsets` (V, 3) metres to be added to the body at rest in T-pose, before it is skinned;
    `displacement` (V,) how far they go along `direction` (V, 3); `roughness` and `metallic` (V,); `prompt`.
    """
    arrays: dict[str, Any] = dict(arrays_of(plan, shown))
    save_npz(path, **arrays)


def picture(plan: Plan, shown: Shown, size: int = PREVIEW_SIZE, shape: bool = False) -> np.ndarray:
    """(size, 4 size, 3) uint8: some views in a row; with `shape` a second row without colours."""
    shots = fixed_shots(plan.content, size, PREVIEW_AZIMUTHS, grounds=1)
    rows = []
    with torch.no_grad():
        shadings: tuple[Shading, ...] = ("lambert", "grey") if shape else ("lambert",)
        for shading in shadings:
            images = draw(plan.content, plan.topology, shown, shots, (), shading).images
            rows.append(torch.cat(list(images.permute(0, 2, 3, 1)), 1))
    return (torch.cat(rows).clamp(0, 1) * 255 + 0.5).to(torch.uint8).numpy()


def square(pixels: np.ndarray) -> np.ndarray:
    """Four views in a row as two rows of two: for a panel, which shows pictures in a square."""
    half = pixels.shape[1] // 2
    return np.concatenate((pixels[:, :half], pixels[:, half:]))


def write_picture(path: Path, pixels: np.ndarray) -> None:
    """A PNG, atomic."""
    with atomic_path(path) as temporary:
        Image.fromarray(pixels).save(temporary, format="PNG")


def write_checkpoint(folder: Path, stylist: Stylist, digest: str, variant: int) -> None:
    """All that going on needs."""
    state: dict[str, Any] = {**stylist.state(), "digest": np.array(digest), "variant": np.int64(variant)}
    save_npz(folder / CHECKPOINT, **state)


def continuous(stylist: Stylist, plan: Plan) -> tuple[Evaluate, np.ndarray]:
    """A look between its vertices, for textures: garments linear on each triangle, the field as fine as it is.

    Returns:
        what `bake.bake_textures` evaluates, (P, 4) of faces and barycentric coordinates; and (V,) metres, the
        displacement that it gives at the vertices.
    """
    appearance, faces = stylist.appearance, torch.from_numpy(plan.body.arrays.faces.astype(np.int64))
    with torch.no_grad():
        composed = appearance.composed(appearance.own_palette())
        own = appearance()
    rest, freedom = plan.costume.rest, appearance.freedom

    def evaluate(face: Tensor, weights: Tensor) -> Tensor:
        corners = faces[face]

        def between(values: Tensor) -> Tensor:
            return torch.einsum("pkc,pk->pc", values[corners], weights)

        raw, lifted = appearance.field(appearance.field.encode(between(rest)))
        colour = between(composed) + appearance.field_colour(raw, between(freedom.shade), between(freedom.colour))
        moved = appearance.field_displacement(lifted, between(freedom.displacement[:, None])[:, 0])
        return torch.cat((colour.clamp(0, 1), moved[:, None]), 1)

    return evaluate, own.displacement[: len(rest)].numpy()


def read_checkpoint(folder: Path, digest: str) -> Mapping[str, np.ndarray] | None:
    """The checkpoint of a job's folder, where there is one of the same request; a damaged one counts as none."""
    path = folder / CHECKPOINT
    if not path.is_file():
        return None
    try:
        state = load_npz(path)
    except InvalidInput:
        return None
    return state if str(state.get("digest")) == digest else None
