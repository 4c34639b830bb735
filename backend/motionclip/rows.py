"""Arrays that grow on disk: rows are appended as they come, and memory holds one clip's at a time."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..files import atomic_path


class Rows:
    """Rows of one width and type in a temporary file.

    Args:
        path: of the .npy file that `finish` writes; the rows lie beside it until then.
        width: numbers a row.
        dtype: of the file.
    """

    def __init__(self, path: Path, width: int, dtype: type) -> None:
        self._path, self._width, self._dtype = path, width, np.dtype(dtype)
        self._raw = path.with_name(f".{path.name}.rows")
        self._stream = open(self._raw, "wb")  # noqa: SIM115 - closed by `finish` or `drop`
        self.count = 0

    def append(self, rows: NDArray[Any]) -> int:
        """Add (n, width) rows.

        Returns:
            the number of the first.
        """
        first = self.count
        self._stream.write(np.ascontiguousarray(rows, self._dtype).tobytes())
        self.count += len(rows)
        return first

    def read(self) -> NDArray[Any]:
        """(count, width), as a memory map of what was appended so far."""
        self._stream.flush()
        if not self.count:
            return np.empty((0, self._width), self._dtype)
        return np.memmap(self._raw, self._dtype, "r", shape=(self.count, self._width))

    def finish(self) -> None:
        """Write the .npy file, whole or not at all."""
        self._stream.close()
        header = {"descr": self._dtype.str, "fortran_order": False, "shape": (self.count, self._width)}
        with atomic_path(self._path) as temporary, open(temporary, "wb") as out, open(self._raw, "rb") as rows:
            np.lib.format.write_array_header_1_0(out, header)
            shutil.copyfileobj(rows, out)
        self.drop()

    def drop(self) -> None:
        """Remove the temporary file."""
        self._stream.close()
        self._raw.unlink(missing_ok=True)
