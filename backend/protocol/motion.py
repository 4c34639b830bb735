"""What can be asked of the motion model (MotionCLIP): edits of a motion, and words for one."""

from __future__ import annotations

from dataclasses import dataclass

from .checks import check_betas, check_positive, check_prompt, is_number, short
from .errors import InvalidInput

MOTIONS = ("auto", "retrieve", "generate")
"""Where a prompt's motion comes from: the library where a label says what the prompt does, else the motion model;
the library in any case; the motion model in any case."""
EDITS = ("words", "mix", "parts", "difference", "between")
"""`words`: as `words` say (and without what `without` says); `mix`: towards `other`; `parts`: with the upper body of
`other`; `difference`: - `minus` + `other`; `between`: to the end, then to the start of `other`, then `other`."""
_NEEDS_OTHER = ("mix", "parts", "difference", "between")
_LIKE = 'Say what the motion is to be like, as in "like a zombie".'
MOST_NEIGHBOURS = 64
MOST_TEMPERATURE = 3.0


def check_variety(temperature: float, neighbours: int, refine: float) -> None:
    """Raises InvalidInput where one of the three is out of its range."""
    if not (is_number(temperature) and 0 <= temperature <= MOST_TEMPERATURE):
        raise InvalidInput(f"The temperature is {short(temperature)}.", f"Give 0 to {MOST_TEMPERATURE:g}.")
    if not (isinstance(neighbours, int) and is_number(neighbours) and 0 <= neighbours <= MOST_NEIGHBOURS):
        raise InvalidInput(f"{short(neighbours)} neighbours are wanted.", f"Give 0 to {MOST_NEIGHBOURS}.")
    _check_share("The share of the library's clip (refine)", refine)
    if refine and not neighbours:
        raise InvalidInput("With 0 neighbours there is no clip to refine toward.", "Give 1 or more, or no refine.")


def _check_share(name: str, value: float) -> None:
    if not (is_number(value) and 0 <= value <= 1):
        raise InvalidInput(f"{name} is {short(value)}.", "Give 0 to 1.")


@dataclass(frozen=True)
class EditRequest:
    """A motion, changed in the latent space of the motion model (MotionCLIP, section 4.3), and performed: writes
    `motion.npz`, `body.npz`, `result.json`."""

    motion: str = ""
    """Motion file: a job's motion.npz, AMASS .npz, BVH, or any other that `impromptu library add` reads."""
    how: str = "words"
    """Of `EDITS`."""
    words: str = ""
    """Of `words`: what the motion is to be like ("like a zombie")."""
    without: str = ""
    """Of `words`: what it is to be less like; empty: what the motion is like now."""
    other: str = ""
    """A second motion file."""
    minus: str = ""
    """Of `difference`: the motion file that is taken away."""
    amount: float = 0.5
    """How far: 0 leaves the motion, 1 goes all the way; `between` goes all the way in any case. Tremor, joint limits
    and feet are seen to whatever the amount."""
    seconds: float = 1.0
    """Of `between`: how long the way from one to the other takes."""
    library: str = ""
    """Of `words`: whose motions show what words look like; empty: the library that ships."""
    fps: float = 30.0
    """Frames a second of the result."""
    body: str = "neutral"
    """`neutral`, `male`, `female` or the path of a model file: who performs, and whose motion the files hold."""
    betas: tuple[tuple[str, float], ...] = ()
    """Shape axes by name or index, in standard deviations."""

    def __post_init__(self) -> None:
        if not self.motion:
            raise InvalidInput("No motion is named.", "Choose an actor that moves, or a motion file.")
        if self.how not in EDITS:
            raise InvalidInput(f"There is no edit {self.how!r}.", f"Use one of {', '.join(EDITS)}.")
        if self.how == "words":
            object.__setattr__(self, "words", check_prompt(self.words, "The text of the edit", _LIKE))
            if self.without:
                object.__setattr__(
                    self, "without", check_prompt(self.without, "What the motion is to be less like", _LIKE)
                )
        if self.how in _NEEDS_OTHER and not self.other:
            raise InvalidInput(f"The edit {self.how} needs a second motion.", "Name one with other.")
        if self.how == "difference" and not self.minus:
            raise InvalidInput("It is not said which motion is taken away.", "Name one with minus.")
        _check_share("The amount", self.amount)
        check_positive("The length in seconds", self.seconds, 10)
        check_positive("The frame rate (fps)", self.fps, 240)
        check_betas(self.betas)


@dataclass(frozen=True)
class ClassifyRequest:
    """Words for a motion: which labels are nearest to it in the latent space, and which of the library's clips. The
    result's metrics say it."""

    motion: str = ""
    """As of `EditRequest`."""
    labels: tuple[str, ...] = ()
    """What to choose from; none: the labels of the library."""
    library: str = ""
    """Where the nearest clips are looked for; empty: the library that ships."""
    top: int = 5
    """How many labels, and how many clips."""
    body: str = "neutral"
    """Whose motion the file holds, if it is a job's."""
    betas: tuple[tuple[str, float], ...] = ()

    def __post_init__(self) -> None:
        if not self.motion:
            raise InvalidInput("No motion is named.", "Choose an actor that moves, or a motion file.")
        object.__setattr__(self, "labels", tuple(check_prompt(label) for label in self.labels))
        if not isinstance(self.top, int):
            raise InvalidInput(f"The number of labels (top) is {short(self.top)}.", "Give a whole number.")
        check_positive("The number of labels (top)", self.top, 1000)
        check_betas(self.betas)
