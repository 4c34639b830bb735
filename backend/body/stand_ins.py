"""What the names in a pickle stand for: data holders that compute nothing until `settle` reads them.

Each class is sealed, so that a pickle cannot alter it for the next one.
"""

from __future__ import annotations

import math
import pickle
import re
from typing import Any

import numpy as np

MOST_DEPTH = 60
"""How deep containers may nest; body models stay under 6."""
_PLAIN_DTYPE = re.compile(r"[<>|=]?([biufc]\d{1,2}|[SUa]\d{1,6}|[?bBhHiIlLqQefdgFD]|O8?)")


class Refused(pickle.UnpicklingError):
    """The pickle names something that body models do not need."""


class _Sealed(type):
    def __setattr__(cls, name: str, value: Any) -> None:
        raise Refused("a change of a class")

    def __delattr__(cls, name: str) -> None:
        raise Refused("a change of a class")


class Holder(metaclass=_Sealed):
    """Keeps the state that the pickle gives it."""

    state: Any = None

    def __setstate__(self, state: Any) -> None:
        self.state = state

    def value(self) -> Any:
        """What this stands for; numbers and arrays only."""
        return None


class Bytes(metaclass=_Sealed):
    """`bytes(...)`, never of a bare length."""

    def __new__(cls, value: Any = b"", encoding: str = "latin1") -> Any:
        if isinstance(value, str):
            return value.encode("latin1")
        if not isinstance(value, (bytes, bytearray, list)):
            raise Refused("bytes of an unknown source")
        return bytes(value)


class Encoded(metaclass=_Sealed):
    """`_codecs.encode(text, "latin1")`: how Python 3 writes bytes for protocol 2."""

    def __new__(cls, text: str, encoding: str = "latin1") -> Any:
        if encoding not in ("latin1", "latin-1"):
            raise Refused(f"the codec {encoding!r}")
        return text.encode("latin1")


class Reconstructed(metaclass=_Sealed):
    """`copyreg._reconstructor(cls, object, None)`: an empty instance."""

    def __new__(cls, kind: Any, base: Any = object, state: Any = None) -> Any:
        if not (isinstance(kind, _Sealed) and issubclass(kind, Holder)):
            raise Refused("an object of an unknown class")
        return kind()


class Dtype(Holder):
    """`numpy.dtype(code, align, copy)` with its state (version, byte order, ...)."""

    def __init__(self, code: str = "f8", *_: Any) -> None:
        self.code = code

    def value(self) -> np.dtype:
        code = self.code
        if not isinstance(code, str) or not _PLAIN_DTYPE.fullmatch(code):
            raise Refused(f"the array type {str(code)[:40]!r}")
        dtype = np.dtype(code)
        if isinstance(self.state, tuple) and len(self.state) > 1 and self.state[1] in ("<", ">", "="):
            dtype = dtype.newbyteorder(self.state[1])
        return dtype


def _values(dtype: np.dtype, shape: Any, raw: Any, fortran: bool) -> np.ndarray:
    """An array from its bytes (or its list of objects), checked against its shape."""
    shape = tuple(int(n) for n in (shape if isinstance(shape, tuple) else (shape,)))
    count = math.prod(shape)
    order = "F" if fortran else "C"
    if dtype.hasobject:
        if not isinstance(raw, list) or len(raw) != count:
            raise ValueError("an object array whose length is not its shape's")
        flat = np.empty(count, object)
        for i, item in enumerate(raw):
            flat[i] = item
        return flat.reshape(shape, order=order)
    raw = raw.encode("latin1") if isinstance(raw, str) else bytes(raw)
    if min(shape, default=0) < 0 or len(raw) != count * dtype.itemsize:
        raise ValueError("an array whose bytes are not its shape's")
    return np.frombuffer(raw, dtype).reshape(shape, order=order)


class Array(Holder):
    """`numpy.ndarray` with its state (version, shape, dtype, Fortran order, bytes)."""

    def value(self) -> np.ndarray:
        if self.state is None:
            raise ValueError("an array without content")
        _, shape, dtype, fortran, raw = self.state
        return _values(dtype.value(), shape, raw, bool(fortran))


class Reconstruct(metaclass=_Sealed):
    """`_reconstruct(numpy.ndarray, (0,), b"b")`."""

    def __new__(cls, kind: Any, *_: Any) -> Any:
        if kind is not Array:
            raise Refused("an array of an unknown class")
        return Array()


class FromBuffer(Holder):
    """`_frombuffer(buffer, dtype, shape, order)`: arrays of pickle protocol 5."""

    def __init__(self, raw: Any, dtype: Any, shape: Any, order: str = "C") -> None:
        self.state = (raw, dtype, shape, order)

    def value(self) -> np.ndarray:
        raw, dtype, shape, order = self.state
        return _values(dtype.value(), shape, raw, order == "F")


class Scalar(Holder):
    """`scalar(dtype, bytes)`."""

    def __init__(self, dtype: Any, raw: Any) -> None:
        self.state = (dtype, raw)

    def value(self) -> Any:
        dtype, raw = self.state
        return raw if dtype.value().hasobject else _values(dtype.value(), (), raw, False)[()]


class Sparse(Holder):
    """A scipy sparse matrix: only its arrays are taken."""

    layout = ""

    def value(self) -> Any:
        import scipy.sparse

        state = {k: settle(v) for k, v in dict(self.state or {}).items()}
        shape = tuple(int(n) for n in (state["_shape"] if "_shape" in state else state["shape"]))
        data = np.asarray(state["data"])
        if self.layout == "coo":
            row, col = state["coords"] if "coords" in state else (state["row"], state["col"])
            return scipy.sparse.coo_matrix((data, (row, col)), shape=shape)
        build = getattr(scipy.sparse, f"{self.layout}_matrix")
        matrix = build((data, state["indices"], state["indptr"]), shape=shape)
        matrix.check_format(full_check=True)  # scipy's C code trusts the indices
        return matrix


class Csc(Sparse):
    """`csc_matrix`."""

    layout = "csc"


class Csr(Sparse):
    """`csr_matrix`."""

    layout = "csr"


class Coo(Sparse):
    """`coo_matrix`."""

    layout = "coo"


SPARSE = {"csc": Csc, "csr": Csr, "coo": Coo}


class Unreadable:
    """A chumpy expression, whose value only chumpy's code could compute."""

    def __init__(self, name: str) -> None:
        self.name = name


class Chumpy(Holder):
    """A chumpy array: `x` of a plain one, or a reordering of another."""

    def value(self) -> Any:
        state = self.state[1] if isinstance(self.state, tuple) else self.state
        state = state if isinstance(state, dict) else {}
        keys = ("x", "a", "idxs", "preferred_shape", "newshape", "axes")
        get = {key: settle(state[key]) for key in keys if key in state}
        name = type(self).__name__
        if name == "Ch" and "x" in get:
            return np.asarray(get["x"])
        if not isinstance(get.get("a", self), (np.ndarray, float, int)):
            return Unreadable(name)
        inner = np.asarray(get["a"])
        if name == "Select":
            picked = inner.ravel()[np.asarray(get["idxs"])]
            return picked.reshape(get["preferred_shape"]) if "preferred_shape" in get else picked
        if name == "Reshape":
            return inner.reshape(get["newshape"])
        return np.transpose(inner, get.get("axes")) if name == "transpose" else Unreadable(name)


_CHUMPY: dict[str, type] = {}


def chumpy(name: str) -> type:
    """The stand-in for one of chumpy's classes."""
    if name not in _CHUMPY:
        _CHUMPY[name] = _Sealed(name, (Chumpy,), {})
    return _CHUMPY[name]


def settle(value: Any, depth: int = 0, done: dict[int, tuple[Any, Any]] | None = None) -> Any:
    """`value` with every stand-in replaced by its array, through plain containers.

    What occurs twice is settled once: nested references to one list cannot multiply.
    """
    if depth > MOST_DEPTH:
        raise RecursionError("containers nest too deep")
    done = {} if done is None else done
    if id(value) in done:
        return done[id(value)][1]
    result = value
    if isinstance(value, Holder):
        result = settle(value.value(), depth + 1, done)
    elif isinstance(value, dict):
        result = {settle(k, depth + 1, done): settle(v, depth + 1, done) for k, v in value.items()}
    elif isinstance(value, (list, tuple)):
        result = type(value)(settle(v, depth + 1, done) for v in value)
    elif isinstance(value, np.ndarray) and value.dtype.hasobject:
        result = np.empty(value.size, object)
        for i, item in enumerate(value.ravel()):
            result[i] = settle(item, depth + 1, done)
        result = result.reshape(value.shape)
    done[id(value)] = (value, result)  # with the value itself, so that its id stays its own
    return result
