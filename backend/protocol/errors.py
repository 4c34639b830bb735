"""Failures that a person can act upon, the same on both sides of the pipe."""

from __future__ import annotations

from typing import Any


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


class OutOfMemory(ImpromptuError):
    """The job did not fit, even after smaller batches were tried."""

    code = "out_of_memory"


class JobCancelled(ImpromptuError):
    """The person asked for the end of a job; nothing was written."""

    code = "cancelled"


CLASSES: dict[str, type[ImpromptuError]] = {
    c.code: c for c in (InvalidInput, AssetsMissing, OutOfMemory, RuntimeMissing, Incompatible, JobCancelled)
}
CODES = ("invalid_input", "assets_missing", "out_of_memory", "runtime_missing", "incompatible", "internal")
"""What an `error` message may carry; the panel has a remedy for each."""

MAX_WORDS = 2000
"""Characters of a sentence that travel; a library's error may quote an array."""


def to_wire(error: BaseException) -> dict[str, str]:
    """`code`, `message` and `hint` of any exception; those that are not ours are `internal`."""
    if isinstance(error, ImpromptuError):
        return {"code": error.code, "message": error.message[:MAX_WORDS], "hint": error.hint[:MAX_WORDS]}
    words = str(error).strip().splitlines()
    said = f": {words[-1][:MAX_WORDS].rstrip('.')}" if words else ""
    return {
        "code": "internal",
        "message": f"{type(error).__name__}{said}.",
        "hint": "Show the log; if it happens each time, report it with the log.",
    }


def legible(text: Any) -> str:
    """Text that can be shown and saved as UTF-8, whatever a file name or a damaged file put into it."""
    return str(text).encode("utf-8", "replace").decode("utf-8")


def from_wire(message: dict[str, Any]) -> ImpromptuError:
    """The exception that a peer described; an unknown code makes an `ImpromptuError` that carries it."""
    # A file name that is no UTF-8 leaves halves of characters in a sentence, which Blender cannot show.
    code, text, hint = (legible(message.get(k, "")) for k in ("code", "message", "hint"))
    if code in CLASSES:
        return CLASSES[code](text, hint)
    error = ImpromptuError(text, hint)
    error.code = code
    return error
