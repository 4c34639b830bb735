"""What sets of pictures can be asked for: one frozen dataclass a kind, made whole or not at all.

A request decides its pictures alone, wherever they are taken: it travels to other machines and stays with the set.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, ClassVar

from ..protocol import BLENDER_ENGINES, EngineOptions, InvalidInput, check_betas, check_positive, from_params

FORMATS = ("png", "jpg")
ENGINES = ("raster", *BLENDER_ENGINES)
"""Ours, on the processor and without Blender; and Blender's."""
SHAPES = ("betas", "expressions")
EACH = ("clip", "window")
SPLITS = ("train", "test")
MOST_PICTURES = 100_000_000


@dataclass(frozen=True)
class PicturesRequest:
    """What all sets of pictures have in common."""

    kind: ClassVar[str] = ""

    count: int = 0
    """How many; each is taken from every view."""
    views: int = 1
    """Pictures of each, from directions that divide the circle evenly."""
    seed: int = 0
    """Decides everything that is drawn by lot."""
    size: int = 224
    """Pixels of a side; pictures are square."""
    format: str = "png"
    """`png`, or `jpg` of quality 95."""
    parts: bool = False
    """Also keep, beside each picture, which part of the person every pixel shows."""
    engine: str = "cycles"
    """`raster` (no Blender, the fastest), `workbench`, `eevee` or `cycles`."""
    samples: int = 16
    """Rays a pixel of Cycles, samples a pixel of EEVEE; the other two take none."""
    denoiser: str = "auto"
    """Of Cycles: `none` (three times as fast, and grainy), `oidn` (on the processor) or `optix` (on NVIDIA's cards);
    `auto` is oidn for Cycles and none for the others."""
    device: str = "cpu"
    """What Cycles computes on: `cpu`, `cuda`, `optix`, `hip`, `metal`, `oneapi`, or `auto`, the fastest that is
    there; the noise of one device's pictures is not another's."""

    def __post_init__(self) -> None:
        _check_count("The number of views", self.views, 1, 360)
        _check_count("The number of pictures (count)", self.count, 0, MOST_PICTURES // self.views)
        _check_count("The seed", self.seed, 0, 2**63 - 1)
        _check_count("The size in pixels", self.size, 16, 4096)
        check_choice("picture format", self.format, FORMATS)
        check_choice("engine", self.engine, ENGINES)
        if self.engine == "raster" and (self._denoiser(), self.device) != ("none", "cpu"):
            raise InvalidInput("The engine raster has no denoiser and no device.", "Leave them out, or use cycles.")
        self.engine_options()

    def engine_options(self) -> EngineOptions:
        """What Blender is told; of `raster` the defaults.

        Raises:
            InvalidInput: a number of samples, a denoiser or a device that cannot be.
        """
        engine = "cycles" if self.engine == "raster" else self.engine
        return EngineOptions(engine, self.samples, self._denoiser(), self.device)

    def _denoiser(self) -> str:
        return self.denoiser if self.denoiser != "auto" else "oidn" if self.engine == "cycles" else "none"


@dataclass(frozen=True)
class FramesRequest(PicturesRequest):
    """One frame, drawn by lot, of every labelled clip or window: MotionCLIP's pictures (section 4.1)."""

    kind: ClassVar[str] = "frames"

    library: tuple[str, ...] = ()
    """A library (folder or .zip), or motion files and folders of them; none: the library that ships."""
    count: int = 0
    """How many frames: one of each, then another of each; 0: one of each."""
    body: str = "neutral"
    """`neutral`, `male`, `female` or the path of a model file."""
    betas: tuple[tuple[str, float], ...] = ()
    """Shape axes by name or index, in standard deviations."""
    each: str = "clip"
    """What has one frame: each `clip`, or each `window` of it, as MotionCLIP's training has them."""
    window: int = 60
    """Frames, at 30 a second, whose labels are joined to the picture's."""
    azimuth: float = 0.0
    """Degrees around the body from where it faces; 90 sees its left."""
    spread: float = 60.0
    """Degrees that the azimuth may be off, to either side, by lot; 0: never."""
    elevation: float = 10.0
    """Degrees above the horizon."""
    fov: float = 30.0
    """Vertical field of view, degrees."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_betas(self.betas)
        check_choice("thing that has a frame (each)", self.each, EACH)
        _check_count("The window in frames", self.window, 1, 100_000)
        _check_camera(self.azimuth, self.elevation, self.fov)
        if not 0 <= self.spread <= 180:
            raise InvalidInput(f"The spread of the azimuth is {self.spread:g} degrees.", "Give 0 to 180.")


@dataclass(frozen=True)
class ShapesRequest(PicturesRequest):
    """Bodies or faces of random coefficients, from the front and the side: Semantify's pictures (section 3.1)."""

    kind: ClassVar[str] = "shapes"

    count: int = 3000
    """How many shapes."""
    views: int = 2
    """Pictures of each, a quarter turn apart: 1 the front, 2 also its left side, 3 the back, 4 the right side."""
    what: str = "betas"
    """`betas`: the body's shape; `expressions`: the face's expression."""
    body: str = "neutral"
    """`neutral`, `male`, `female` or the path of a model file."""
    components: int = 10
    """How many of the first coefficients vary."""
    limit: float = 0.0
    """Standard deviations that a coefficient may reach; 0: 2 for betas, 4 for expressions."""
    plain: bool = False
    """Without clothes and the colours of skin and hair: grey all over."""
    fov: float = 30.0
    """Vertical field of view, degrees."""
    distance: float = 4.2
    """Metres from the camera to the body's middle; of a face, a quarter of it to the face's."""
    elevation: float = 10.0
    """Degrees above the horizon."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_choice("kind of shape", self.what, SHAPES)
        _check_count("The number of views", self.views, 1, 4)
        _check_count("The number of components", self.components, 1, 400)
        _check_camera(0.0, self.elevation, self.fov)
        check_positive("The distance in metres", self.distance, 100)
        if self.limit:
            check_positive("The limit in standard deviations", self.limit, 10)


@dataclass(frozen=True)
class CaptionsRequest(PicturesRequest):
    """People with bodies, clothes, poses, light and words for all of it: for an encoder of texts and pictures."""

    kind: ClassVar[str] = "captions"

    count: int = 2000
    """How many pictures."""
    engine: str = "raster"
    """`raster` (no Blender, the fastest), `workbench`, `eevee` or `cycles`."""
    library: str = ""
    """Where poses come from: a library (folder or .zip); none: the library that ships."""
    split: str = "train"
    """`train` or `test`, which share no combination that the other one is asked about."""
    captions: int = 5
    """Captions a picture, all true."""
    negatives: int = 3
    """Captions a picture that differ from a true one in a word and are false."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_choice("split", self.split, SPLITS)
        _check_count("The number of captions", self.captions, 1, 100)
        _check_count("The number of false captions (negatives)", self.negatives, 0, 100)
        if self.views != 1:
            raise InvalidInput("A captioned picture has a view of its own.", "Leave --views out.")


KINDS: dict[str, type[PicturesRequest]] = {c.kind: c for c in (FramesRequest, ShapesRequest, CaptionsRequest)}


def to_json(request: PicturesRequest) -> dict[str, Any]:
    """All fields and the kind, as JSON values."""
    fields = {f.name: getattr(request, f.name) for f in dataclasses.fields(request)}
    lists = {
        k: [list(v) if isinstance(v, tuple) else v for v in value]
        for k, value in fields.items()
        if isinstance(value, tuple)
    }
    return {"kind": request.kind, **fields, **lists}


def from_json(value: dict[str, Any]) -> PicturesRequest:
    """The request that `to_json` wrote, validated again.

    Raises:
        InvalidInput: an unknown kind or field, or a value that the field does not take.
    """
    params = dict(value)
    return from_params(str(params.pop("kind", "")), params, KINDS)


def check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    """Raises InvalidInput unless the value is one of the choices; `name` says of what, as in `engine`."""
    if value not in choices:
        raise InvalidInput(f"There is no {name} {value!r}.", f"Use one of {', '.join(choices)}.")


def _check_count(name: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise InvalidInput(f"{name} is {value:,}.", f"Give {least:,} to {most:,}.")


def _check_camera(azimuth: float, elevation: float, fov: float) -> None:
    if not -360 <= azimuth <= 360:
        raise InvalidInput(f"The azimuth is {azimuth:g} degrees.", "Give -360 to 360.")
    if not -80 <= elevation <= 80:
        raise InvalidInput(f"The elevation is {elevation:g} degrees.", "Give -80 to 80.")
    if not 5 <= fov <= 120:
        raise InvalidInput(f"The field of view is {fov:g} degrees.", "Give 5 to 120.")
