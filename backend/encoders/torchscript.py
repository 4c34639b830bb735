"""Weights out of TorchScript archives, in which OpenAI publishes CLIP, without running the program in them."""

from __future__ import annotations

import pickle
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..protocol import InvalidInput

_TYPES = {
    "DoubleStorage": torch.float64,
    "FloatStorage": torch.float32,
    "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16,
    "LongStorage": torch.int64,
    "IntStorage": torch.int32,
    "ShortStorage": torch.int16,
    "CharStorage": torch.int8,
    "ByteStorage": torch.uint8,
    "BoolStorage": torch.bool,
}


def is_torchscript(path: Path) -> bool:
    """Whether a file is an archive with a program in it, unlike a plain state dictionary."""
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
    root = names[0].partition("/")[0] if names else ""
    return f"{root}/data.pkl" in names and any(name.startswith(f"{root}/code/") for name in names)


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Every tensor of the module in an archive by its dotted name: parameters, buffers and whatever else it holds.

    Raises:
        InvalidInput: damaged, or holding what no module of tensors needs.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            root = archive.namelist()[0].partition("/")[0]
            with archive.open(f"{root}/data.pkl") as stream:
                module = _Reader(stream, archive, root).load()
    except (
        pickle.UnpicklingError, zipfile.BadZipFile, zipfile.LargeZipFile, KeyError, ValueError, TypeError, EOFError,
        AttributeError, IndexError, OSError, RuntimeError,
    ) as error:  # fmt: skip
        raise InvalidInput(f"{path.name} is damaged, or no module's weights: {error}.", "Get it again.") from error
    return dict(_named(module, ""))


class _Module:
    """Whatever class of the archive an object is of: only what it holds."""

    held: dict[str, Any]

    def __setstate__(self, state: Any) -> None:
        self.held = state if isinstance(state, dict) else {}


class _Reader(pickle.Unpickler):
    """Knows modules, tensors and lists; refuses to name anything else, so nothing can be run."""

    def __init__(self, stream: Any, archive: zipfile.ZipFile, root: str) -> None:
        super().__init__(stream)
        self._archive, self._root = archive, root

    def find_class(self, module: str, name: str) -> Any:
        if module.partition(".")[0] == "__torch__":
            return _Module
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _tensor
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if module == "torch" and name in _TYPES:
            return _TYPES[name]
        if module == "torch.jit._pickle" and name.startswith("build_"):
            return list
        if (module, name) == ("torch.jit._pickle", "restore_type_tag"):
            return _untagged
        raise pickle.UnpicklingError(f"it names {module}.{name}")

    def persistent_load(self, pid: Any) -> Tensor:
        """(numel,) tensor of a file in the archive; `pid` is ("storage", type, file, device, count)."""
        _, dtype, key, _, count = pid
        data = bytearray(self._archive.read(f"{self._root}/data/{key}"))
        return torch.frombuffer(data, dtype=dtype, count=count) if count else torch.empty(0, dtype=dtype)


def _tensor(storage: Tensor, offset: int, size: tuple[int, ...], stride: tuple[int, ...], *_: Any) -> Tensor:
    """torch's own checks that size and stride stay within the storage."""
    return torch.as_strided(storage, size, stride, offset)


def _untagged(value: Any, _: str) -> Any:
    """A list or dictionary whose type is written beside it."""
    return value


def _named(module: Any, prefix: str) -> list[tuple[str, Tensor]]:
    found = []
    for name, value in module.held.items() if isinstance(module, _Module) else ():
        if isinstance(value, Tensor):
            found.append((prefix + name, value))
        else:
            found += _named(value, f"{prefix}{name}.")
    return found
