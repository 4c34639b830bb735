"""Messages between Blender and the host: one JSON object a line, in UTF-8. See docs/protocol.md.

Arrays never travel here; they are .npz files in the job's folder.
"""

from __future__ import annotations

import json
from typing import Any

PROTOCOL_VERSION = 1
MAX_LINE = 1 << 20
"""Bytes; a longer line is not a message."""

FIELDS: dict[str, tuple[str, ...]] = {
    # to the host
    "hello": ("protocol",),
    "submit": ("id", "kind", "params", "folder"),
    "cancel": ("id",),
    "shutdown": (),
    # from the host; its `hello` also has version, device, memory, pid
    "accepted": ("id",),
    "progress": ("id", "stage", "step", "total", "eta_s"),
    "preview": ("id", "file"),
    "result": ("id", "files", "metrics"),
    "cancelled": ("id",),
    "error": ("id", "code", "message", "hint"),
    "alive": ("memory",),
}
"""What every message of a type must have; more is allowed, so that a later version can add to it."""
TYPES: dict[str, tuple[type, ...]] = {
    "protocol": (int,),
    "step": (int,),
    "total": (int,),
    "eta_s": (int, float, type(None)),
    "params": (dict,),
    "files": (dict,),
    "metrics": (dict,),
    "memory": (dict,),
}
"""What a field's value must be; the others are text."""


def encode(type_: str, **fields: Any) -> bytes:
    """One message as one line.

    Raises:
        ValueError: an unknown type, a field that the type needs is not given, a number that is not finite, or a line
            of more than `MAX_LINE` bytes: a mistake in our own code.
        TypeError: a value that JSON does not have.
    """
    missing = [name for name in FIELDS[type_] if name not in fields] if type_ in FIELDS else [type_]
    if missing:
        raise ValueError(f"message {type_!r} lacks {missing}")
    # ASCII: whatever encodings the platform mixes, no byte of a message can be misread.
    line = json.dumps({"type": type_, **fields}, allow_nan=False).encode("ascii") + b"\n"
    if len(line) > MAX_LINE:
        raise ValueError(f"a {type_} message of {len(line):,} bytes: write it to a file in the job's folder instead")
    return line


def parse(line: bytes) -> dict[str, Any] | None:
    """The message of one line, or None where the line is not a whole and known message."""
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        return None
    needed = FIELDS.get(message["type"])
    if needed is None or any(name not in message for name in needed):
        return None
    return message if all(isinstance(message[name], TYPES.get(name, (str,))) for name in needed) else None


class Decoder:
    """Bytes as they come, to messages; what is not a message is counted and kept for the log.

    A peer's version may be read from `hello` before anything else is believed.
    """

    def __init__(self) -> None:
        self._rest = b""
        self._skipping = False
        self.garbage: list[bytes] = []
        """The last lines that were no messages, each cut to 200 bytes."""
        self.garbage_count = 0

    def feed(self, data: bytes) -> list[dict[str, Any]]:
        """The messages that are now complete."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        out = []
        for line in lines:
            skipped, self._skipping = self._skipping, False
            message = None if skipped else parse(line)
            if message is not None:
                out.append(message)
            elif line.strip() and not skipped:
                self._discard(line)
        if len(self._rest) > MAX_LINE:
            if not self._skipping:
                self._discard(self._rest)
            self._rest, self._skipping = b"", True
        return out

    def _discard(self, line: bytes) -> None:
        self.garbage_count += 1
        self.garbage = [*self.garbage[-19:], line[:200]]
