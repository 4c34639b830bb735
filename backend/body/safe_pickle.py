"""Pickled body models, read without running anything that is in them.

A pickle names the functions that rebuild it. Here every name resolves to an inert stand-in of this module or to
nothing: neither numpy's nor scipy's own reconstruction runs, and chumpy is not imported. Afterwards the stand-ins
are turned into numpy arrays by plain code that checks sizes and indices.
"""

from __future__ import annotations

import io
import pickle
import re
import struct
from collections import OrderedDict
from pathlib import Path
from typing import Any

from ..files import explain_os_error
from ..protocol import InvalidInput
from . import stand_ins as inert

MOST_BYTES = 4 << 30
"""The largest pickle that is read: well above any published body model."""

_SPARSE_MODULE = re.compile(r"scipy\.sparse\._?(csc|csr|coo)")
_NAMES: dict[tuple[str, str], Any] = {
    ("numpy", "ndarray"): inert.Array,
    ("numpy", "dtype"): inert.Dtype,
    ("_codecs", "encode"): inert.Encoded,
    ("copy_reg", "_reconstructor"): inert.Reconstructed,
    ("copyreg", "_reconstructor"): inert.Reconstructed,
    ("collections", "OrderedDict"): OrderedDict,
}
for _core in ("numpy.core", "numpy._core"):
    _NAMES[_core + ".multiarray", "_reconstruct"] = inert.Reconstruct
    _NAMES[_core + ".multiarray", "scalar"] = inert.Scalar
    _NAMES[_core + ".numeric", "_frombuffer"] = inert.FromBuffer
for _builtins in ("builtins", "__builtin__"):
    for _type in (set, frozenset, list, tuple, dict, complex, object):
        _NAMES[_builtins, _type.__name__] = _type
    _NAMES[_builtins, "bytes"] = _NAMES[_builtins, "bytearray"] = inert.Bytes

_DAMAGED = (
    pickle.UnpicklingError, EOFError, ValueError, TypeError, AttributeError, IndexError, KeyError, ImportError,
    OverflowError, RecursionError, struct.error,
)  # fmt: skip
"""What a truncated or random byte string makes an unpickler raise."""


class _Unpickler(pickle.Unpickler):
    """Resolves the names of the table above and of no other."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in _NAMES:
            return _NAMES[module, name]
        if match := _SPARSE_MODULE.fullmatch(module):
            if name in (f"{match[1]}_matrix", f"{match[1]}_array"):
                return inert.SPARSE[match[1]]
        elif module.partition(".")[0] == "chumpy" and re.fullmatch(r"\w+", name):
            return inert.chumpy(name)
        raise inert.Refused(f"{module}.{name}")


def loads(data: bytes, name: str = "The pickle") -> Any:
    """The value of a pickle that holds only arrays, sparse matrices, numbers, text and plain containers.

    Args:
        data: the pickle, of any protocol, written by Python 2 or 3.
        name: what to call it in an error.

    Returns:
        the value, with chumpy objects as numpy arrays and sparse matrices as scipy's.

    Raises:
        InvalidInput: it names anything else, or is damaged.
    """
    try:
        return inert.settle(_Unpickler(io.BytesIO(data), encoding="latin1").load())
    except inert.Refused as error:
        raise InvalidInput(
            f"{name} is not a plain body model: it asks for {error}, which is not run.",
            "Use the file from the model's own site.",
        ) from error
    except MemoryError as error:
        raise InvalidInput(
            f"{name} asks for more memory than there is.", "Use the file from the model's own site."
        ) from error
    except _DAMAGED as error:
        raise InvalidInput(f"{name} is damaged or not a pickled body model.", "Copy or download it again.") from error


def load(path: str | Path) -> Any:
    """`loads` of a file.

    Raises:
        InvalidInput: missing, too large, damaged, or asking for code.
    """
    path = Path(path)
    try:
        if path.stat().st_size > MOST_BYTES:
            raise InvalidInput(f"{path.name} is larger than 4 GB.", "Give a body model's file.")
        data = path.read_bytes()
    except OSError as error:
        raise explain_os_error(error, path) from error
    return loads(data, path.name)
