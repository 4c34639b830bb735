"""What a job's function is given: where to write, how to tell how far it is, and whether to go on."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Any

from . import memory
from .protocol import InvalidInput, JobCancelled

EVERY_S = 0.05
"""At most so often is progress within a stage reported; its first and last step always are."""
RECENT = 20
"""Steps whose pace the estimate is made of."""
Report = Callable[..., None]
"""Called with a message's type and its fields, as `wire.encode` is."""


class JobContext:
    """What a function of `jobs.KINDS` is given beside its request.

    Args:
        id_: of the job.
        folder: exists; results are written here.
        report: gets `progress` and `preview` messages.
        cancelled: set when the job is to end.
        device: `auto`, `cpu`, `cuda` or `mps`.
    """

    def __init__(
        self, id_: str, folder: Path, report: Report, cancelled: Event | None = None, device: str = "auto"
    ) -> None:
        self.id, self.folder = id_, folder
        self._report, self._token = report, cancelled or Event()
        self._wanted, self._device = device, ""
        self._batch, self._batch_used = memory.BATCH, False
        self._stage, self._told = "", 0.0
        self._pace: deque[tuple[float, int]] = deque(maxlen=RECENT)

    @property
    def device(self) -> str:
        """`cpu`, `cuda` or `mps`: where to compute. The first look imports torch."""
        if not self._device:
            self._device = memory.pick_device(self._wanted)
        return self._device

    @property
    def batch(self) -> int:
        """How many items to compute together; less when memory ran out and the job runs again."""
        self._batch_used = True
        return self._batch

    def cancelled(self) -> bool:
        """Whether the job is to end: for code that asks instead of being told, such as `run_blender_job`."""
        return self._token.is_set()

    def check(self) -> None:
        """Call at every step.

        Raises:
            JobCancelled: the job is to end.
        """
        if self._token.is_set():
            raise JobCancelled("Cancelled; nothing was written.")

    def progress(self, stage: str, step: int, total: int) -> None:
        """Say that `step` of a stage's `total` steps are done.

        Raises:
            JobCancelled: as `check`.
        """
        self.check()
        now = time.monotonic()
        if stage != self._stage:
            self._stage, self._told = stage, 0.0
            self._pace.clear()
        self._pace.append((now, step))
        if now - self._told >= EVERY_S or step >= total:
            self._told = now
            self._report(
                "progress", id=self.id, stage=stage, step=int(step), total=int(total), eta_s=self._eta(total)
            )

    def preview(self, path: str | Path) -> None:
        """Show a picture in the job's folder before the job is done."""
        self._report("preview", id=self.id, file=relative(path, self.folder))

    def shrink(self) -> str:
        """Halve the batch; at one, turn to the CPU.

        Returns:
            what will be tried, empty where nothing smaller is left.
        """
        if self._batch_used and self._batch > 1:
            self._batch //= 2
            return f"batches of {self._batch}" if self._batch > 1 else "one item at a time"
        if self._device not in ("", "cpu"):
            self._device, self._batch = "cpu", memory.BATCH
            return "the CPU"
        return ""

    def _eta(self, total: int) -> float | None:
        """Seconds to the end of the stage at the pace of the last steps; None while nothing is known."""
        (since, first), (now, last) = self._pace[0], self._pace[-1]
        if last <= first:
            return None
        return round((now - since) / (last - first) * max(total - last, 0), 2)


def relative(path: str | Path, folder: Path) -> str:
    """A result's name within the job's folder, with forward slashes.

    Raises:
        InvalidInput: it is not in the folder or does not exist.
    """
    full = Path(folder, path).resolve()
    if not full.is_relative_to(folder.resolve()) or not full.is_file():
        raise InvalidInput(f"{path} is no file in the job's folder.", "Report this with the job's log.")
    return full.relative_to(folder.resolve()).as_posix()


def plain(value: Any) -> Any:
    """A value that JSON can carry: numpy's numbers and arrays as Python's, what is not finite as None."""
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(v) for v in value]
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, float):
        return value if value - value == 0 else None
    return value if value is None or isinstance(value, str | int | bool) else str(value)
