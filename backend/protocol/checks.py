"""Checks that requests share: each raises one sentence that says what to do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .errors import InvalidInput

MAX_PROMPT = 2000


ACTING = 'Describe what the person does, as in "a man walking backwards".'


def check_prompt(prompt: str, name: str = "The prompt", hint: str = ACTING) -> str:
    """The prompt, or another text that `name` begins a sentence about, without surrounding white space.

    Raises:
        InvalidInput: empty, not Unicode text, or longer than `MAX_PROMPT` characters.
    """
    text = " ".join(prompt.split())
    if any("\ud800" <= c <= "\udfff" for c in text):
        raise InvalidInput(f"{name} is not valid Unicode text.", "Type it in UTF-8.")
    if not text:
        raise InvalidInput(f"{name} is empty.", hint)
    if len(text) > MAX_PROMPT:
        raise InvalidInput(f"{name} has {len(text):,} characters.", f"Shorten it to {MAX_PROMPT:,} at most.")
    return text


def check_positive(name: str, value: float, most: float) -> None:
    """Raises InvalidInput unless 0 < value <= most; `name` begins the sentence, as in `The frame rate`."""
    if not 0 < value <= most:
        raise InvalidInput(f"{name} is {short(value)}.", f"Give a number above 0, up to {most:g}.")


def check_betas(betas: tuple[tuple[str, float], ...]) -> None:
    """Raises InvalidInput unless each is a pair of an axis and a number within +-10."""
    for pair in betas:
        if not (isinstance(pair, tuple) and len(pair) == 2 and isinstance(pair[0], str) and is_number(pair[1])):
            raise InvalidInput(
                f"The betas hold {pair!r}.", 'Give pairs of axis and number, such as ["stature", 1.5].'
            )
        if not -10 <= pair[1] <= 10:
            raise InvalidInput(
                "A beta is not a number within +-10.", "Betas are in standard deviations: try -3 to 3."
            )


def is_number(value: Any) -> bool:
    """A number, which true and false are not."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def short(value: float) -> str:
    """A number as a person writes it, however long it is."""
    text = str(value)
    return f"{value:g}" if isinstance(value, float) else text if len(text) < 20 else f"{text[:12]}..."


def check_suffix(path: str | Path, formats: tuple[str, ...], what: str) -> Path:
    """The path, if its extension is one of `formats`.

    Raises:
        InvalidInput: any other extension.
    """
    path = Path(path)
    if path.suffix.lower() not in formats:
        raise InvalidInput(
            f"{what} cannot be written to {str(path)!r}, whose extension is {path.suffix!r}.",
            f"Use one of {', '.join(formats)}.",
        )
    return path
