"""Where a job is done: a folder of its own, and a Blender that starts beside the work that comes before it."""

from __future__ import annotations

import contextlib
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from .blender import WAIT, WORKER, end_child, start_blender
from .children import tracked
from .protocol import BLENDER_FORMATS, PREVIEW_FORMATS, RuntimeMissing


@dataclass(frozen=True)
class Workplace:
    """A folder, which goes when the job ends, and the Blender that waits for it there, if one does."""

    folder: Path
    waiting: subprocess.Popen[bytes] | None = None


@contextlib.contextmanager
def workplace(files: Sequence[str | Path] = ()) -> Iterator[Workplace]:
    """A place for a job that is to write `files`; where Blender has to write one of them, it starts at once.

    Blender takes a second or two to start, and so do this process's own imports: this module needs none of them.
    A Blender that cannot be started is not told about here but by the job, when its turn comes.
    """
    suffixes = {Path(file).suffix.lower() for file in files}
    with tempfile.TemporaryDirectory(prefix="impromptu-") as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        waiting = None
        if suffixes & {*BLENDER_FORMATS, *PREVIEW_FORMATS}:
            with contextlib.suppress(RuntimeMissing):
                waiting = start_blender(WORKER, folder, WAIT)
        if waiting is not None:
            # Before its job it has written nothing that would have to be removed.
            stack.enter_context(tracked(waiting, lambda: None))
            stack.callback(end_child, waiting)
        yield Workplace(folder, waiting)
