"""What both sides of the pipe share: errors and requests. Standard library only.

A request is frozen and validates itself where it is made, so that the panel, the command line and a
batch file cannot submit different things.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

MAX_PROMPT = 2000
BLENDER_FORMATS = (".blend", ".glb", ".fbx", ".usdc")
"""What Blender writes; the rest of `ACTOR_FORMATS` needs none."""
ACTOR_FORMATS = (*BLENDER_FORMATS, ".bvh", ".npz")
PREVIEW_FORMATS = (".mp4", ".png")


class ImpromptuError(Exception):
    """A failure that a person can act upon.

    Args:
        message: one sentence that says what is wrong.
        hint: one sentence that says what to do about it.
    """

    code = "internal"

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class InvalidInput(ImpromptuError):
    """Something that the user gave cannot be used as it is."""

    code = "invalid_input"


class AssetsMissing(ImpromptuError):
    """A model or data file is not on this machine."""

    code = "assets_missing"


class RuntimeMissing(ImpromptuError):
    """An interpreter or a library that the job needs is not installed."""

    code = "runtime_missing"


class Incompatible(ImpromptuError):
    """A file or a peer of a version that this one cannot work with."""

    code = "incompatible"


def check_prompt(prompt: str) -> str:
    """The prompt without surrounding white space.

    Raises:
        InvalidInput: empty, not Unicode text, or longer than `MAX_PROMPT` characters.
    """
    text = " ".join(prompt.split())
    if any("\ud800" <= c <= "\udfff" for c in text):
        raise InvalidInput("The prompt is not valid Unicode text.", "Type it in UTF-8.")
    if not text:
        raise InvalidInput("The prompt is empty.", 'Describe what the person does, as in "a man walking backwards".')
    if len(text) > MAX_PROMPT:
        raise InvalidInput(f"The prompt has {len(text):,} characters.", f"Shorten it to {MAX_PROMPT:,} at most.")
    return text


def check_positive(name: str, value: float, most: float) -> None:
    """Raises InvalidInput unless 0 < value <= most."""
    if not (math.isfinite(value) and 0 < value <= most):
        raise InvalidInput(f"{name} is {value:g}.", f"Give a number above 0, up to {most:g}.")


def check_suffix(path: str | Path, formats: tuple[str, ...], what: str) -> Path:
    """The path, if its extension is one of `formats`.

    Raises:
        InvalidInput: any other extension.
    """
    path = Path(path)
    if path.suffix.lower() not in formats:
        raise InvalidInput(
            f"{what} cannot be written as {path.suffix or 'a file without extension'!r} ({path.name}).",
            f"Use one of {', '.join(formats)}.",
        )
    return path


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
                f"--betas has {part.strip()!r}, which is not a number.", 'Write "1,0,-2" or "stature=1,weight=-2".'
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
        check_positive("--top", self.top, 10_000)
        check_positive("--k", self.k, 10_000)


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

    def __post_init__(self) -> None:
        super().__post_init__()
        for path in self.outputs:
            check_suffix(path, ACTOR_FORMATS, "A character")
        for path in self.previews:
            check_suffix(path, PREVIEW_FORMATS, "A preview")
        check_positive("--fps", self.fps, 240)
        if self.seconds:
            check_positive("--seconds", self.seconds, 600)
        if not all(math.isfinite(value) and abs(value) <= 10 for _, value in self.betas):
            raise InvalidInput(
                "A beta is not a number within +-10.", "Betas are in standard deviations: try -3 to 3."
            )
