"""What a tape measure, a scale and a water tank would say of an actor, read off its shape keys."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import bpy
import numpy as np

from .actor_data import GIRTHS, BodyData
from .handles import skin_of
from .shape_arrays import ShapeArrays, betas_of, shape_arrays
from .skeleton import has_skeleton, skeleton_of

DENSITY = 997.0
"""kg/m3: the middle of the 985-1010 that living people have with half-full lungs."""
_kept: dict[str, tuple[tuple, Measurements]] = {}
"""Skin's name -> what was measured for which values: the panel asks on every redraw."""


@dataclass(frozen=True)
class Measurements:
    """Of the rest pose, in metres, kilograms and litres of the scene, with the actor's own scale."""

    height_m: float
    weight_kg: float
    volume_l: float
    leg_m: float
    girths_m: dict[str, float]
    """By name, as `waist`; empty for a body without tape lines."""


def store_girths(skin: bpy.types.Object, body: BodyData) -> None:
    """Keep the body's tape lines with its mesh."""
    if body.girths is None:
        return
    for name in GIRTHS:
        values = body.girths[name]
        skin.data[f"girth_{name}"] = "\n".join(map(str, values)) if name == "names" else values.tolist()


def polyline_lengths(points: np.ndarray, start: np.ndarray) -> np.ndarray:
    """(G,) lengths of closed lines: line g runs through points[start[g]:start[g + 1]] and back to its first.

    Args:
        points: (K, 3).
        start: (G,) or (G + 1,) where each line begins.
    """
    bounds = [*start.tolist(), len(points)] if not len(start) or start[-1] != len(points) else start.tolist()
    lines = (points[a:b] for a, b in itertools.pairwise(bounds))
    return np.array([np.linalg.norm(line - np.roll(line, 1, 0), axis=1).sum() for line in lines])


def _girths(mesh: bpy.types.Mesh, vertices: np.ndarray) -> dict[str, float]:
    if "girth_names" not in mesh:
        return {}
    start, a, b = (np.array(mesh[f"girth_{k}"], np.int64) for k in ("start", "a", "b"))
    t = np.array(mesh["girth_t"], np.float64)[:, None]
    lengths = polyline_lengths(vertices[a] * (1 - t) + vertices[b] * t, start)
    return dict(zip(mesh["girth_names"].split("\n"), lengths.tolist(), strict=False))


def volume(vertices: np.ndarray, corners: tuple[np.ndarray, np.ndarray, np.ndarray]) -> float:
    """Cubic metres inside a surface: the sum of signed tetrahedra (divergence theorem)."""
    # Three rows of coordinates rather than triples: every operation runs along memory.
    x, y, z = (vertices - vertices.mean(0)).T.astype(np.float64)
    a, b, c = corners
    ax, ay, az, bx, by, bz, cx, cy, cz = x[a], y[a], z[a], x[b], y[b], z[b], x[c], y[c], z[c]
    return float((ax * (by * cz - bz * cy) + ay * (bz * cx - bx * cz) + az * (bx * cy - by * cx)).sum() / 6)


def measure_arrays(arrays: ShapeArrays, betas: np.ndarray) -> tuple[np.ndarray, float, float]:
    """Vertices (V, 3), height in metres and volume in cubic metres of one shape."""
    vertices = arrays.shaped(betas)
    return vertices, float(np.ptp(vertices[:, 2])), abs(volume(vertices, arrays.corners))


def measure(rig: bpy.types.Object) -> Measurements | None:
    """Measure an actor; nothing is computed again until a slider or its scale changes.

    Returns:
        None for a rig without its mesh.
    """
    skin = skin_of(rig)
    if skin is None:
        return None
    betas = betas_of(skin)
    scale = rig.matrix_world.median_scale * bpy.context.scene.unit_settings.scale_length
    token = (tuple(betas), scale, skin.data.name, len(skin.data.vertices))
    kept = _kept.get(skin.name)
    if kept is not None and kept[0] == token:
        return kept[1]
    vertices, height, cubic = measure_arrays(shape_arrays(skin), betas)
    leg = skeleton_of(rig).leg_length(betas) if has_skeleton(rig) else 0.0
    cubic *= scale**3
    girths = {name: length * scale for name, length in _girths(skin.data, vertices).items()}
    result = Measurements(height * scale, cubic * DENSITY, cubic * 1000, leg * scale, girths)
    _kept[skin.name] = (token, result)
    return result
