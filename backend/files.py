"""Files that are read without trust and written all or not at all."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import lzma
import os
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from tokenize import TokenError
from typing import Any

import numpy as np

from .protocol import InvalidInput

MOST_BYTES = 16 << 30
"""Of all arrays of a file together, unpacked; a small archive that claims more would only fill the memory."""
DAMAGED = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, KeyError, RuntimeError, TokenError, SyntaxError
)  # fmt: skip


def explain_os_error(error: OSError, path: Path) -> InvalidInput:
    """The sentence for a failed read or write of `path`."""
    reasons = {
        errno.ENOSPC: ("The disk is full", "Free some space or write elsewhere."),
        errno.EDQUOT: ("The disk quota is used up", "Free some space or write elsewhere."),
        errno.EACCES: ("Permission is denied", "Choose a folder that you may write to."),
        errno.EPERM: ("Permission is denied", "Choose a folder that you may write to."),
        errno.EROFS: ("The file system is read-only", "Choose a folder that you may write to."),
        errno.ENOENT: ("There is no such file or folder", "Check the path."),
        errno.ENOTDIR: ("A part of the path is not a folder", "Check the path."),
        errno.EISDIR: ("That is a folder, not a file", "Name a file in it."),
        errno.EFBIG: (
            "The file would be larger than allowed",
            "Raise the limit on file sizes or write elsewhere.",
        ),
    }
    what, hint = reasons.get(error.errno or 0, (error.strerror or str(error), "Check the path and the disk."))
    return InvalidInput(f"{what}: {path}.", hint)


@contextlib.contextmanager
def atomic_paths(paths: Sequence[Path]) -> Iterator[list[Path]]:
    """Temporary names beside `paths` (no two alike), with their extensions; renamed when the block succeeds.

    Whatever stood at `paths` stays as it was until then, and for good if the block raises.

    Raises:
        InvalidInput: a folder is missing or read-only, or the disk is full.
    """
    made: dict[Path, Path] = {}
    path = Path()
    try:
        for path in paths:
            handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=path.suffix)
            os.close(handle)
            made[path] = Path(name)
        yield list(made.values())
        umask = os.umask(0)
        os.umask(umask)
        for path in made:
            with open(made[path], "rb") as stream:
                os.fsync(stream.fileno())
            os.chmod(made[path], 0o666 & ~umask)
        for path, temporary in made.items():
            os.replace(temporary, path)
    except OSError as error:
        raise explain_os_error(error, path) from error
    finally:
        for temporary in made.values():
            temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """`atomic_paths` for one file."""
    with atomic_paths([Path(path)]) as (temporary,):
        yield temporary


def save_npz(path: str | Path, compress: bool = False, **arrays: Any) -> None:
    """Write plain arrays as .npz, atomically.

    Raises:
        TypeError: a value that is not a plain array, which nobody could read back safely.
    """
    arrays = {name: np.asarray(value) for name, value in arrays.items()}
    objects = [name for name, value in arrays.items() if value.dtype.hasobject]
    if objects:
        raise TypeError(f"{', '.join(objects)} would be pickled")
    with atomic_path(path) as temporary:
        (np.savez_compressed if compress else np.savez)(temporary, **arrays)


def load_npz(path: str | Path) -> dict[str, np.ndarray]:
    """All arrays of an .npz, never executing what is in it.

    Raises:
        InvalidInput: missing, truncated, not an npz, too large, or holding object arrays.
    """
    path = Path(path)
    try:
        opened = np.load(path, allow_pickle=False)
        if isinstance(opened, np.ndarray):
            raise InvalidInput(f"{path.name} is a single array, not an .npz archive.", "Give an .npz file.")
        with opened as data:
            size = sum(entry.file_size for entry in data.zip.infolist())
            if size > MOST_BYTES:
                raise InvalidInput(f"{path.name} claims to hold {size >> 30} GiB.", "Give a smaller file.")
            return {name: data[name] for name in data.files}
    except MemoryError as error:
        raise InvalidInput(
            f"{path.name} does not fit into memory.", "Close other programs, or give a smaller file."
        ) from error
    except OSError as error:
        if error.errno is None:
            raise InvalidInput(f"{path.name} is not a readable .npz file.", "Copy or export it again.") from error
        raise explain_os_error(error, path) from error
    except DAMAGED as error:
        raise InvalidInput(f"{path.name} is damaged or not an .npz file.", "Copy or export it again.") from error
    except ValueError as error:
        if _holds_pickle(path, error):
            raise InvalidInput(
                f"{path.name} holds Python objects, which are not loaded because they can run code.",
                "Save it again as plain arrays.",
            ) from error
        raise InvalidInput(f"{path.name} is damaged or not an .npz file.", "Copy or export it again.") from error


def _holds_pickle(path: Path, error: ValueError) -> bool:
    """Whether what numpy refused are Python objects: it takes any file that it does not know for a pickle."""
    if "pickle" not in str(error).lower():
        return False
    with open(path, "rb") as file:
        return file.read(1) in (b"P", b"\x80", b"\x93")


def write_json(path: str | Path, value: Any) -> None:
    """Write JSON with sorted keys, atomically."""
    with atomic_path(path) as temporary:
        temporary.write_text(json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")


def read_json(path: str | Path) -> Any:
    """Raises InvalidInput where the file is missing or not JSON."""
    path = Path(path)
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise explain_os_error(error, path) from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{path.name} is not valid JSON: {error}.", "Correct or replace the file.") from error


def sha256_of(path: str | Path) -> str:
    """Hexadecimal sha256 of a file's content."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
