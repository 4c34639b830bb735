"""Files that list labels by clip: lines `ID  text`, as in a data set's index."""

from __future__ import annotations

import re
from pathlib import Path

from ..files import explain_os_error
from ..protocol import InvalidInput

SUFFIXES = (".md", ".tsv", ".txt")
_ROW = re.compile(r"^([A-Za-z0-9][\w.-]*)(?:\t\s*| {2,})(\S.*)$", re.ASCII)
_UNKNOWN = frozenset(("unknown", "n/a", "none", "-", "?"))


def is_label_index(path: str | Path) -> bool:
    """Whether a file is to be read as labels, not as motion: by its extension, .txt by its first character too."""
    path = Path(path)
    if path.suffix.lower() not in SUFFIXES:
        return False
    if path.suffix.lower() != ".txt" or not path.is_file():
        return path.suffix.lower() != ".txt"
    try:
        stream = open(path, "rb")  # noqa: SIM115
    except OSError:
        # Whoever reads the file reports why it cannot be read.
        return False
    with stream:
        return not stream.read(4096).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")


def read_label_index(path: str | Path) -> list[tuple[str | None, str]]:
    """(id, text) of each line that is an identifier, a tab or two spaces, and words; other lines are ignored.

    Entries whose text says that it is unknown are left out.

    Raises:
        InvalidInput: unreadable, not text, or without any such line.
    """
    path = Path(path)
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise explain_os_error(error, path) from error
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{path.name} is not text in UTF-8.", "Save it again in that encoding.") from error
    rows = [match.groups() for line in lines if (match := _ROW.match(line.rstrip()))]
    pairs: list[tuple[str | None, str]] = [
        (id, " ".join(text.split())) for id, text in rows if text.strip().lower() not in _UNKNOWN
    ]
    if not pairs:
        raise InvalidInput(
            f"{path.name} holds no labels.", "Give lines of a clip's name, a tab or two spaces, and its label."
        )
    return pairs
