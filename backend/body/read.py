"""The members of a body model's file (.npz or .pkl) as arrays, never trusting what is in it."""

from __future__ import annotations

import tokenize
import zipfile
import zlib
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from ..files import explain_os_error
from ..protocol import InvalidInput
from . import safe_pickle

_HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
_ANOTHER = "Copy or download it again."
_DAMAGED = (
    zipfile.BadZipFile, zlib.error, tokenize.TokenError, SyntaxError, EOFError, ValueError, KeyError, TypeError,
    OverflowError, RuntimeError,
)  # fmt: skip
"""What zipfile and numpy's header reader raise on damage; RuntimeError: encrypted, or of an unknown compression."""


def _read_member(stream: BinaryIO, size: int, name: str) -> Any:
    """One .npy member; an object array goes through the restricted unpickler."""
    version = np.lib.format.read_magic(stream)
    if version not in _HEADERS:
        raise ValueError(f"format version {version}")
    shape, fortran, dtype = _HEADERS[version](stream)
    if dtype.hasobject:
        value = safe_pickle.loads(stream.read(), name)
        return value if not isinstance(value, np.ndarray) or value.shape else value[()]
    count = int(np.prod(shape, dtype=object)) if shape else 1
    if min(shape, default=0) < 0 or count * dtype.itemsize > size:
        raise ValueError("the header promises what the file does not hold")
    flat = np.frombuffer(stream.read(count * dtype.itemsize), dtype)
    return flat[:count].reshape(shape, order="F" if fortran else "C")


def _read_npz(path: Path) -> dict[str, Any]:
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(info.file_size for info in archive.infolist()) > safe_pickle.MOST_BYTES:
                raise InvalidInput(f"{path.name} unpacks to more than 4 GB.", "Give a body model's file.")
            members = {}
            for info in archive.infolist():
                if info.filename.endswith(".npy"):
                    with archive.open(info) as stream:
                        key = info.filename.removesuffix(".npy")
                        members[key] = _read_member(stream, info.file_size, path.name)  # type: ignore[arg-type]
            return members
    except OSError as error:
        raise explain_os_error(error, path) from error
    except MemoryError as error:
        raise InvalidInput(f"{path.name} asks for more memory than there is.", _ANOTHER) from error
    except _DAMAGED as error:
        raise InvalidInput(f"{path.name} is damaged or not an .npz file.", _ANOTHER) from error


def read_members(path: str | Path) -> dict[str, Any]:
    """Every named value of a body model's file: the content, not the extension, says which format it is.

    Args:
        path: an .npz archive, or a pickle written by Python 2 or 3.

    Returns:
        arrays, scipy sparse matrices, and whatever plain values lie beside them, by name.

    Raises:
        InvalidInput: missing, damaged, neither of the two, or asking for code to run.
    """
    path = Path(path)
    try:
        with open(path, "rb") as stream:
            magic = stream.read(8)
    except OSError as error:
        raise explain_os_error(error, path) from error
    if magic.startswith(b"PK"):
        return _read_npz(path)
    # Protocol 2 and above open with the byte 0x80; 0 and 1 with a mark and a container.
    if magic[:1] == b"\x80" or magic[:2] in (b"(d", b"(i", b"}q", b"cc", b"cn", b"cp"):
        value = safe_pickle.load(path)
        if isinstance(value, dict) and all(isinstance(k, str) for k in value):
            return value
    raise InvalidInput(
        f"{path.name} is not a body model: it is neither an .npz archive nor a pickled dictionary.",
        "Give an SMPL, SMPL-H, SMPL-X, FLAME or SMAL file (.npz or .pkl).",
    )
