"""What surrounds a person in a picture: where the camera stands, light, and what is behind."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .colours import different, sample_shade
from .outfits import pick
from .spec import RGB

FRAMINGS = {"full body": 0.58, "upper body": 0.2, "face": 0.13, "lower body": 0.09}
"""What fills the picture, and how often."""
FRAMED = {
    "full body": (),
    "upper body": (
        "pelvis", "spine1", "spine2", "spine3", "neck", "head", "jaw", "left_collar", "right_collar", "left_shoulder",
        "right_shoulder", "left_elbow", "right_elbow",
    ),
    "face": ("head", "jaw", "left_eye_smplhf", "right_eye_smplhf", "neck"),
    "lower body": (
        "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle", "left_foot", "right_foot",
    ),
}  # fmt: skip
"""Framing -> joints whose skin is to fill the picture; all of it where none is named."""
VIEWS = {"front": (0, 14), "three-quarter": (45, 14), "side": (90, 12), "back": (180, 20)}
"""View -> degrees around the body from its front, to either side, and how far off it may be."""
VIEW_ODDS = {
    "full body": (0.32, 0.29, 0.19, 0.2), "upper body": (0.36, 0.34, 0.15, 0.15), "face": (0.5, 0.38, 0.12, 0.0),
    "lower body": (0.35, 0.3, 0.15, 0.2),
}  # fmt: skip
UPRIGHT = 0.75
"""Cosine of the lean beyond which front and back mean little, and a close-up of a limb less."""
FIXED = 0.4
"""Share of the full-body pictures whose camera stands at one distance and height: in them stature is seen."""
FIXED_DISTANCE, FIXED_HEIGHT, FIXED_FOV = 4.4, 1.0, 33.0
"""Metres from the body, metres of the point looked at above the floor, degrees: 2.6 m of height are seen."""

LIGHTS = {
    "plain": 0.4, "bright": 0.09, "dim": 0.09, "warm": 0.08, "cold": 0.08, "from the left": 0.09,
    "from the right": 0.09, "from behind": 0.08,
}  # fmt: skip
"""The light's name and how often."""
BACKDROPS = {"plain": 0.5, "ground": 0.22, "gradient": 0.1, "chess": 0.09, "noise": 0.09}
"""As `pictures.scenes.BACKDROPS`, and how often."""
_BACK_COLOURS = {
    "white": 8, "light grey": 4, "grey": 4, "dark grey": 2, "black": 3, "light blue": 2, "blue": 1.5, "green": 1.5,
    "light green": 1.5, "beige": 2, "brown": 1, "yellow": 1.5, "orange": 1.5, "red": 1.5, "pink": 1.5, "purple": 1.5,
    "turquoise": 1.5,
}  # fmt: skip
TINTS: dict[str, RGB] = {"warm": (1.0, 0.85, 0.62), "cold": (0.74, 0.89, 1.0)}
"""Colour of the light that has one."""
CAST: dict[str, RGB] = {"dim": (0.45, 0.45, 0.45), **TINTS}
"""What a light does to the backdrop, whose colours are then not told."""


@dataclass(frozen=True)
class Surroundings:
    """Camera, light and backdrop of one picture."""

    framing: str
    """Of `FRAMINGS`."""
    view: str
    """Of `VIEWS`."""
    azimuth: float
    """Degrees around the body from where it faces; 90 stands at its left."""
    elevation: float
    """Degrees above the horizon."""
    fov: float
    """Vertical field of view, degrees."""
    fixed: bool
    """Whether the camera stands at `FIXED_DISTANCE`, else so far away that what it frames fills the picture."""
    margin: float
    """How much larger the picture is than what it frames."""
    shift: tuple[float, float]
    """By how much of the picture's size what is framed lies right of and above the middle."""
    light: str
    """Of `LIGHTS`."""
    sun_azimuth: float
    """Degrees from behind the camera round to the picture's right; 180 shines into it."""
    sun_elevation: float
    """Degrees above the horizon."""
    sun: RGB
    """What a white matt surface that faces the sun gives back of it."""
    ambient: RGB
    """What it gives back of light from everywhere."""
    backdrop: str
    """Of `BACKDROPS`."""
    backdrop_names: tuple[str, str]
    """What the two colours are called."""
    backdrop_colours: tuple[RGB, RGB]
    """As `Scenes.backdrop_colours`."""
    seed: int
    """Of the backdrop's pattern."""

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Surroundings:
        """Read what `to_json` wrote."""
        lists = {k: tuple(v) if isinstance(v, (list, tuple)) else v for k, v in value.items()}
        first, second = value["backdrop_colours"]
        return cls(**{**lists, "backdrop_colours": (tuple(first), tuple(second))})


def sample_surroundings(rng: np.random.Generator, upright: float = 1.0) -> Surroundings:
    """Camera, light and backdrop, each drawn for itself: none tells anything of the person.

    Args:
        upright: cosine of the body's lean; one that lies or bends is shown whole.
    """
    chance = rng.random(16).tolist()
    framing = pick(tuple(FRAMINGS), tuple(FRAMINGS.values()), chance[0])
    framing = framing if upright > UPRIGHT else "full body"
    fixed = framing == "full body" and chance[1] < FIXED
    view = pick(tuple(VIEWS), VIEW_ODDS[framing], chance[2])
    middle, off = VIEWS[view]
    azimuth = (middle + off * (2 * chance[3] - 1)) * (1 if chance[4] < 0.5 else -1)
    backdrop = pick(tuple(BACKDROPS), tuple(BACKDROPS.values()), chance[5])
    if framing == "face":
        backdrop = "plain" if backdrop == "ground" else backdrop
        elevation = -12 + 26 * chance[6]
    elif fixed:
        elevation = 3 + 6 * chance[6]
    else:
        low = 3 if backdrop == "ground" or framing == "lower body" else -10
        elevation = low + (32 - low) * chance[6] ** 1.7
    light, azimuth_of_sun, height_of_sun, sun, ambient = _sample_light(chance[7:12])
    names, colours = _sample_backdrop(rng, backdrop, chance[12:14], CAST.get(light, (1.0, 1.0, 1.0)))
    if light in CAST:
        names = ("", "")
    shift = (0.0, 0.0) if fixed else (0.05 * (2 * chance[14] - 1), 0.03 * (2 * chance[15] - 1))
    return Surroundings(
        framing, view, round(azimuth, 2), round(elevation, 2), FIXED_FOV if fixed else round(22 + 23 * chance[8], 2),
        fixed, round(1.06 + 0.3 * chance[9], 3), shift, light, azimuth_of_sun, height_of_sun, sun, ambient, backdrop,
        names, colours, int(rng.integers(2**31)),
    )  # fmt: skip


def _sample_light(chance: list[float]) -> tuple[str, float, float, RGB, RGB]:
    """Its name, the sun's azimuth and elevation, sun and ambient light."""
    # Strong enough to be seen, weak enough that a garment keeps the name of its colour.
    name = pick(tuple(LIGHTS), tuple(LIGHTS.values()), chance[0])
    azimuth, elevation = -50 + 100 * chance[1], 30 + 30 * chance[2]
    sun, ambient = 0.56 + 0.14 * chance[3], 0.34 + 0.08 * chance[4]
    tint = TINTS.get(name, (1.0, 1.0, 1.0))
    if name == "bright":
        sun, ambient = 0.76 + 0.12 * chance[3], 0.48 + 0.08 * chance[4]
    elif name == "dim":
        sun, ambient = 0.26 + 0.06 * chance[3], 0.2 + 0.04 * chance[4]
    elif name in ("from the left", "from the right"):
        azimuth, elevation = 70 + 25 * chance[1], 8 + 22 * chance[2]
        azimuth = -azimuth if name == "from the left" else azimuth
        sun, ambient = 0.85 + 0.1 * chance[3], 0.28 + 0.06 * chance[4]
    elif name == "from behind":
        azimuth, elevation = 160 + 40 * chance[1], 25 + 25 * chance[2]
        sun, ambient = 0.9 + 0.1 * chance[3], 0.38 + 0.06 * chance[4]
    return name, round(azimuth, 2), round(elevation, 2), _scaled(tint, sun), _scaled(tint, ambient)


def _scaled(colour: RGB, factor: float) -> RGB:
    r, g, b = colour
    return (round(r * factor, 5), round(g * factor, 5), round(b * factor, 5))


def _sample_backdrop(
    rng: np.random.Generator, kind: str, chance: list[float], cast: RGB
) -> tuple[tuple[str, str], tuple[RGB, RGB]]:
    names = tuple(_BACK_COLOURS)
    first = pick(names, tuple(_BACK_COLOURS.values()), chance[0])
    if kind == "plain":
        second = first
    elif kind != "ground":
        others = [n for n in different(first) if n in _BACK_COLOURS]
        second = others[int(chance[1] * len(others))]
    else:
        second = pick(names, tuple(_BACK_COLOURS.values()), chance[1])
    colours = [_white(rng) if name == "white" else sample_shade(rng, name) for name in (first, second)]
    if kind == "plain":
        colours[1] = colours[0]
    r, g, b = cast
    first_cast, second_cast = ((round(x * r, 5), round(y * g, 5), round(z * b, 5)) for x, y, z in colours)
    return (first, second), (first_cast, second_cast)


def _white(rng: np.random.Generator) -> RGB:
    """A white; pure in every other picture, as in cut-outs."""
    return (1.0, 1.0, 1.0) if rng.random() < 0.5 else sample_shade(rng, "white")


def stand(
    surroundings: Surroundings, points: NDArray[np.floating], heading: float = 0.0
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """Where the camera stands.

    Args:
        points: (P, 3) metres, the vertices that are to fill the picture (see `FRAMED`).
        heading: degrees that the body faces to the left of +z.

    Returns:
        (3, 3) rotation, its rows right, up and back, and (3,) position in metres, as `render.cameras.Cameras`.
    """
    s = surroundings
    azimuth, elevation = np.radians(s.azimuth + heading), np.radians(s.elevation)
    back = np.array([np.sin(azimuth) * np.cos(elevation), np.sin(elevation), np.cos(azimuth) * np.cos(elevation)])
    right = np.array([np.cos(azimuth), 0.0, -np.sin(azimuth)])
    rotation = np.stack((right, np.cross(back, right), back))
    slope = np.tan(np.radians(s.fov) / 2)
    target = _middle(points)
    if s.fixed:
        target[1] = FIXED_HEIGHT
        return rotation, target + FIXED_DISTANCE * back
    seen = (points - target) @ rotation.T
    target = target + (_middle(seen) * (1, 1, 0)) @ rotation
    across, up, near = ((points - target) @ rotation.T).T
    distance = float((np.maximum(np.abs(across), np.abs(up)) * s.margin / slope + near).max())
    width = 2 * slope * distance
    position = target + distance * back - width * (s.shift[0] * right + s.shift[1] * rotation[1])
    if s.backdrop == "ground":
        position[1] = max(position[1], 0.05)
    return rotation, position


def _middle(points: NDArray[np.floating]) -> NDArray[np.floating]:
    """(3,) of the box around (P, 3) points; along planes, which numpy runs through ten times faster."""
    planes = np.ascontiguousarray(points.T)
    return (planes.min(1) + planes.max(1)) / 2


def sun_direction(surroundings: Surroundings, rotation: NDArray[np.floating]) -> NDArray[np.floating]:
    """(3,) unit vector towards the sun.

    Args:
        rotation: (3, 3) of the camera, from `stand`.
    """
    azimuth, elevation = np.radians(surroundings.sun_azimuth), np.radians(surroundings.sun_elevation)
    right, level = rotation[0], np.cross(rotation[0], (0.0, 1.0, 0.0))
    return np.cos(elevation) * (np.sin(azimuth) * right + np.cos(azimuth) * level) + np.sin(elevation) * np.array(
        [0.0, 1.0, 0.0]
    )
