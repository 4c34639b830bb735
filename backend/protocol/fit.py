"""The request for the shape of a person in a photo."""

from __future__ import annotations

from dataclasses import dataclass

from .checks import is_number, short
from .errors import InvalidInput

FINDERS = ("auto", "pose", "alpha", "backdrop", "whole")
"""What tells a person from the rest of a photo: whatever is best of what is installed; MediaPipe's pose; transparent
pixels; a plain backdrop; nothing, the whole picture is the person."""
FIT_BODIES = ("neutral", "male", "female")
HEIGHTS = (1.2, 2.3)
"""Metres that may be told."""
MOST_PEOPLE = 6


@dataclass(frozen=True)
class FitRequest:
    """The shape of a person in a photo (Semantify, section 4.2): writes `body.npz`, `crop.png`, `preview.png` and
    `result.json`."""

    image: str = ""
    """A picture file: PNG, JPEG, WebP, BMP, GIF or TIFF."""
    body: str = "neutral"
    """Of `FIT_BODIES`: the mean that betas count from."""
    finder: str = "auto"
    """Of `FINDERS`."""
    crop: tuple[int, ...] = ()
    """Left, top, width and height, pixels of the file: look there alone; empty: everywhere."""
    person: int = 1
    """Which of the people, counted from the largest."""
    height: float = 0.0
    """Metres from the sole to the top of the head, where it is known; 0: it is not. No photo tells it."""

    def __post_init__(self) -> None:
        if not self.image:
            raise InvalidInput("No picture is named.", "Choose a PNG, JPEG or WebP file.")
        if self.body not in FIT_BODIES:
            raise InvalidInput(
                f"Nothing is learnt about photos of the body {self.body!r}.", f"Use {', '.join(FIT_BODIES)}."
            )
        if self.finder not in FINDERS:
            raise InvalidInput(f"There is no finder {self.finder!r}.", f"Use one of {', '.join(FINDERS)}.")
        if self.crop and (len(self.crop) != 4 or not all(is_number(v) and v == int(v) for v in self.crop)):
            raise InvalidInput("The crop is not four whole numbers.", "Give LEFT,TOP,WIDTH,HEIGHT in pixels.")
        if not 1 <= self.person <= MOST_PEOPLE:
            raise InvalidInput(f"Person {short(self.person)} is wanted.", f"Give 1, the largest, to {MOST_PEOPLE}.")
        if self.height and not HEIGHTS[0] <= self.height <= HEIGHTS[1]:
            raise InvalidInput(
                f"The height is {short(self.height)} m.", f"Give {HEIGHTS[0]:g} to {HEIGHTS[1]:g} metres."
            )


def parse_crop(text: str) -> tuple[int, ...]:
    """`"10,20,300,400"` as numbers; nothing of an empty text.

    Raises:
        InvalidInput: a part is no whole number.
    """
    try:
        return tuple(int(part) for part in text.split(",")) if text.strip() else ()
    except ValueError:
        raise InvalidInput(f"The crop is {text!r}.", "Write LEFT,TOP,WIDTH,HEIGHT in pixels.") from None
