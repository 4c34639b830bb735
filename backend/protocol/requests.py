"""What can be asked for: one frozen dataclass a kind of job.

A request is frozen and validates itself where it is made, so that the panel, the command line and a
batch file cannot submit different things.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .checks import check_betas, check_positive, check_prompt, check_suffix, is_number, short
from .errors import InvalidInput
from .fit import FitRequest
from .motion import MOTIONS, ClassifyRequest, EditRequest, check_variety
from .style import MOST_STEPS, StylizeRequest

BLENDER_FORMATS = (".blend", ".glb", ".fbx", ".usdc")
"""What Blender writes; the rest of `ACTOR_FORMATS` needs none."""
ACTOR_FORMATS = (*BLENDER_FORMATS, ".bvh", ".npz")
PREVIEW_FORMATS = (".mp4", ".png")


def parse_betas(text: str) -> tuple[tuple[str, float], ...]:
    """`"1,0,-2"` or `"stature=1,weight=-2"` as pairs of axis (name or index) and value.

    Raises:
        InvalidInput: a part is not a number.
    """
    pairs = []
    for i, part in enumerate(p for p in text.split(",") if p.strip()):
        axis, _, value = part.rpartition("=")
        try:
            pairs.append((axis.strip() or str(i), float(value)))
        except ValueError:
            raise InvalidInput(
                f"The betas have {part.strip()!r}, which is not a number.", 'Write "1,0,-2" or "stature=1,weight=-2".'
            ) from None
    return tuple(pairs)


@dataclass(frozen=True)
class RetrieveRequest:
    """Rank the labels of a library by a prompt (CLIP-Actor section 4)."""

    prompt: str
    library: str = ""
    """Folder of the library; empty: the one that ships."""
    top: int = 5
    """How many labels to return."""
    order: str = "auto"
    """Which encoders rank, in which order; `auto` takes the best that is present."""
    k: int = 3
    """How many labels the first stage hands to the second (CLIP-Actor Eq. 1)."""
    seed: int = 0
    """Decides among clips that carry the same label."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "prompt", check_prompt(self.prompt))
        check_positive("The number of labels (top)", self.top, 10_000)
        check_positive("The number of labels that are ranked twice (k)", self.k, 10_000)


@dataclass(frozen=True)
class ActRequest(RetrieveRequest):
    """Turn a prompt into a keyframed character."""

    outputs: tuple[str, ...] = ()
    """Files to write; the extension decides the format."""
    previews: tuple[str, ...] = ()
    """Pictures (.png: a contact sheet) or films (.mp4) to render."""
    seconds: float = 0.0
    """Length of the motion in seconds; 0: as long as the clip. A longer one loops."""
    fps: float = 30.0
    """Frames a second of the result."""
    body: str = "auto"
    """`auto` (by the prompt's words), `neutral`, `male`, `female` or the path of a model file."""
    betas: tuple[tuple[str, float], ...] = ()
    """Shape axes by name or index, in standard deviations; they win over the prompt's words."""
    style: str = "auto"
    """What the character looks like: `auto` (what the prompt says of it, if it says anything), `none` (the plain
    outfit), or a text of its own. For files that Blender writes; a motion alone has no looks."""
    style_steps: int = 200
    """Steps of the look's optimisation."""
    motion: str = "auto"
    """Of `MOTIONS`: where the motion comes from."""
    temperature: float = 1.0
    """Of a generated motion: how freely it is drawn; 0 is always the same."""
    neighbours: int = 8
    """Of a generated motion: how many of the library's motions it may begin with; 0: the words alone."""
    refine: float = 0.0
    """Of a generated motion with neighbours: how far it is drawn to the library's best clip, 0 to 1."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.motion not in MOTIONS:
            raise InvalidInput(f"There is no motion {self.motion!r}.", f"Use one of {', '.join(MOTIONS)}.")
        check_variety(self.temperature, self.neighbours, self.refine)
        object.__setattr__(self, "style", check_prompt(self.style))
        check_positive("The number of steps of the look", self.style_steps, MOST_STEPS)
        for path in self.outputs:
            check_suffix(path, ACTOR_FORMATS, "A character")
        for path in self.previews:
            check_suffix(path, PREVIEW_FORMATS, "A preview")
        check_positive("The frame rate (fps)", self.fps, 240)
        if self.seconds:
            check_positive("The length in seconds", self.seconds, 600)
        check_betas(self.betas)


@dataclass(frozen=True)
class FindRequest(RetrieveRequest):
    """Rank the labels and draw the clips: what the panel's Find shows. Writes `ranking.json` and pictures."""

    thumbnails: bool = True
    """Draw each ranked label's clip as a small .png."""


@dataclass(frozen=True)
class PerformRequest(ActRequest):
    """Motion and body for a rig that the caller builds: writes `motion.npz`, `body.npz`, `result.json`.

    More than one variant makes `motion_1.npz`, `motion_2.npz` ... beside them, each from another clip.
    """

    clip: str = ""
    """Name of a clip to play, whatever ranks first; empty: the ranking and the seed choose."""
    label: str = ""
    """A label to play, as `find` gave it; empty: the best one."""
    variants: int = 1
    """How many different motions."""
    after: str = ""
    """A motion.npz (poses, trans, fps) of the same body to go on from; empty: begin anew."""
    transition: float = 0.4
    """Seconds over which `after` turns into the new motion."""
    kept_body: str = ""
    """The body, as in `body`, that the rig has now: `auto` keeps it where the prompt's words name none."""
    kept_betas: tuple[tuple[str, float], ...] = ()
    """The shape that goes with `kept_body`, kept with it; `betas` win over it."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_betas(self.kept_betas)
        if self.kept_body == "auto" or (self.kept_betas and not self.kept_body):
            raise InvalidInput(
                "It is not said which body is kept.",
                "Give kept_body: neutral, male, female or the path of a model file.",
            )
        check_positive("The number of variants", self.variants, 16)
        if not 0 <= self.transition <= 5:
            raise InvalidInput(f"The transition is {short(self.transition)} s.", "Give 0 to 5 seconds.")


@dataclass(frozen=True)
class BodyRequest:
    """A body without a motion: writes `body.npz`."""

    body: str = "neutral"
    """`neutral`, `male`, `female` or the path of a model file."""
    betas: tuple[tuple[str, float], ...] = ()
    """Shape axes by name or index, in standard deviations."""

    def __post_init__(self) -> None:
        check_betas(self.betas)


@dataclass(frozen=True)
class ImportRequest:
    """A motion file of the user's, performed by a body: writes `motion.npz`, `body.npz`, `result.json`."""

    path: str = ""
    """AMASS .npz, BVH, or any other file that `impromptu library add` reads."""
    fps: float = 30.0
    """Frames a second of the result."""
    body: str = "neutral"
    betas: tuple[tuple[str, float], ...] = ()

    def __post_init__(self) -> None:
        if not self.path:
            raise InvalidInput("No motion file is named.", "Choose a BVH or AMASS .npz file.")
        check_positive("The frame rate (fps)", self.fps, 240)
        check_betas(self.betas)


@dataclass(frozen=True)
class MatchRequest:
    """Which bones of a skeleton are which joints of SMPL's 22: writes `mapping.json`."""

    skeleton: str = ""
    """.json file: {"names": [str], "parents": [int, -1 for a root], "heads": [[x, y, z]], "tails": [[x, y, z]]},
    metres, y up, in the rest pose."""

    def __post_init__(self) -> None:
        if not self.skeleton:
            raise InvalidInput("No skeleton is named.", "Choose the armature that the motion should go to.")


@dataclass(frozen=True)
class ModelsRequest:
    """Which model files are here, which are missing and where they come from: the result's metrics list them."""

    verify: bool = False
    """Compare sha256 sums, which reads every file."""
    action: str = "list"
    """`list`; or first `fetch` a model, which asking for it allows, or `remove` what was fetched."""
    name: str = ""
    """Of the model that is fetched or removed."""

    def __post_init__(self) -> None:
        if self.action not in ("list", "fetch", "remove"):
            raise InvalidInput(
                f"There is nothing to do with models by the name of {self.action!r}.", "Use list, fetch or remove."
            )
        if (self.action == "list") != (not self.name):
            raise InvalidInput(
                "A model's name goes with fetch and remove, and with these alone.", "Give one of the list."
            )


@dataclass(frozen=True)
class CheckRequest:
    """Load everything that a job would and compute a little: does this runtime work, and on which device?"""


KINDS: dict[str, type] = {
    "find": FindRequest,
    "act": PerformRequest,
    "write": ActRequest,
    "body": BodyRequest,
    "import": ImportRequest,
    "match": MatchRequest,
    "models": ModelsRequest,
    "stylize": StylizeRequest,
    "fit": FitRequest,
    "edit": EditRequest,
    "classify": ClassifyRequest,
    "check": CheckRequest,
}


def to_params(request: Any) -> dict[str, Any]:
    """A request's fields as JSON values, defaults left out."""
    out = {}
    for field in dataclasses.fields(request):
        value = getattr(request, field.name)
        if value != field.default:
            out[field.name] = (
                [list(v) if isinstance(v, tuple) else v for v in value] if isinstance(value, tuple) else value
            )
    return out


def from_params(kind: str, params: dict[str, Any], kinds: Mapping[str, type] = KINDS) -> Any:
    """The request of a kind, made from JSON values and so validated.

    Args:
        kinds: name of a kind -> the dataclass of its requests.

    Raises:
        InvalidInput: an unknown kind or field, or a value of another type than the field's default.
    """
    if kind not in kinds:
        raise InvalidInput(f"There is no kind of job {kind!r}.", f"Use one of {', '.join(kinds)}.")
    fields = {f.name: f for f in dataclasses.fields(kinds[kind])}
    unknown = sorted(set(params) - set(fields))
    if unknown:
        raise InvalidInput(f"A {kind} job has no field {unknown[0]!r}.", f"It has {', '.join(fields)}.")
    for name, field in fields.items():
        if field.default is dataclasses.MISSING and name not in params:
            raise InvalidInput(f"The {kind} job has no {name}.", "Give one.")
    return kinds[kind](**{name: _typed(name, value, fields[name].default) for name, value in params.items()})


_WORDS = {str: "text", int: "a whole number", float: "a number", bool: "true or false", tuple: "a list"}


def _typed(name: str, value: Any, default: Any) -> Any:
    """A JSON value as its field wants it.

    Raises:
        InvalidInput: it is of another type.
    """
    kind = str if default is dataclasses.MISSING else type(default)
    if kind is tuple and isinstance(value, (list, tuple)):
        value = tuple(tuple(v) if isinstance(v, list) else v for v in value)
        if not name.endswith("betas") and not all(isinstance(v, str) for v in value):
            raise InvalidInput(f"{name} is {value!r:.200}.", "Give a list of texts.")
        return value
    fits = is_number(value) if kind is float else isinstance(value, kind)
    if not fits or (isinstance(value, bool) and kind is not bool):
        raise InvalidInput(f"{name} is {value!r:.200}.", f"Give {_WORDS[kind]}.")
    return value
