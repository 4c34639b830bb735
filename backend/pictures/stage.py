"""One picture's figure, camera, light and backdrop; and many of them as one batch for an engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .framing import Placed, look_from
from .scenes import Array, Scenes

WHITE = (1.0, 1.0, 1.0)


@dataclass(frozen=True)
class Figure:
    """A posed mesh with V vertices, coloured; fields as in `scenes.Scenes`."""

    faces: NDArray[np.integer]
    vertices: Array
    colours: Array
    roughness: Array
    metallic: Array
    parts: NDArray[np.uint8]
    part_names: tuple[str, ...]
    joints: Array
    """(J, 3) metres: to frame a head or a hand."""


@dataclass(frozen=True)
class Stage:
    """All that one picture needs; fields as in `scenes.Scenes`."""

    figure: Figure
    camera: Placed
    light_direction: Array
    """(L, 3)."""
    light_colour: Array
    """(L, 3)."""
    ambient: Array
    """(3,)."""
    backdrop: str
    backdrop_colours: Array
    """(2, 3)."""
    seed: int


def studio(figure: Figure, camera: Placed, seed: int, backdrop: str = "ground") -> Stage:
    """A stage with a white ground, a main light from beside the camera and a weaker one from the other side."""
    azimuth = np.degrees(np.arctan2(camera.rotation[2, 0], camera.rotation[2, 2]))
    directions = np.stack([look_from(azimuth + a, e)[2] for a, e in ((-35.0, 50.0), (60.0, 20.0))])
    colours = np.array([[0.70, 0.69, 0.67], [0.18, 0.185, 0.20]])
    return Stage(
        figure, camera, directions, colours, np.array([0.36, 0.365, 0.375]), backdrop, np.array([WHITE, WHITE]), seed
    )


def assemble(stages: Sequence[Stage], size: int) -> Scenes:
    """A batch of square pictures of figures of one topology.

    Args:
        size: pixels of a side.
    """

    def stack(values: Sequence[NDArray], kind: type = np.float32) -> NDArray:
        return np.stack(values, dtype=kind, casting="same_kind")

    figures = [s.figure for s in stages]
    return Scenes(
        faces=figures[0].faces,
        vertices=stack([f.vertices for f in figures]),
        colours=stack([f.colours for f in figures]),
        roughness=stack([f.roughness for f in figures]),
        metallic=stack([f.metallic for f in figures]),
        parts=stack([f.parts for f in figures], np.uint8),
        part_names=figures[0].part_names,
        camera_rotation=stack([s.camera.rotation for s in stages], np.float64),
        camera_position=stack([s.camera.position for s in stages], np.float64),
        fov=np.array([s.camera.fov for s in stages]),
        height=size,
        width=size,
        light_direction=stack([s.light_direction for s in stages]),
        light_colour=stack([s.light_colour for s in stages]),
        ambient=stack([s.ambient for s in stages]),
        backdrop=tuple(s.backdrop for s in stages),
        backdrop_colours=stack([s.backdrop_colours for s in stages]),
        seeds=np.array([s.seed for s in stages], np.int64),
    )
