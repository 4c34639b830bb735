"""What the programs of this folder share that another process starts: a channel to it, and an end with it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import stat
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TextIO

from ..backend.protocol import ImpromptuError

LOG = "blender.log"


class Channel:
    """The original standard output, for JSON lines only; everything else that prints goes to the log."""

    def __init__(self, log: Path) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        self._stream: TextIO = os.fdopen(os.dup(1), "w", encoding="utf-8")
        handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        os.dup2(handle, 1)
        os.dup2(handle, 2)
        os.close(handle)

    def send(self, message: dict[str, Any]) -> None:
        """One message, one line. A reader that has gone ends the job."""
        self._stream.write(json.dumps(message, ensure_ascii=False) + "\n")
        self._stream.flush()

    def progress(self, stage: str, step: int, total: int) -> None:
        """How far a stage is."""
        self.send({"stage": stage, "step": step, "total": total})

    def error(self, error: ImpromptuError) -> None:
        """What went wrong."""
        self.send({"error": {"code": error.code, "message": error.message, "hint": error.hint}})


def read_lines(on_line: Callable[[bytes], None], on_end: Callable[[], None]) -> None:
    """Read standard input beside the program's own work, and end the process at its end.

    Then the process that started this one is gone, however it went. The thread touches no Blender data.

    Args:
        on_line: called with each line.
        on_end: called last; removes what nobody will ask for.
    """

    def read() -> None:
        kept = b""
        while got := os.read(0, 1 << 16):
            *lines, kept = (kept + got).split(b"\n")
            for line in lines:
                on_line(line)
        on_end()
        leave(1)

    if not os.isatty(0) and stat.S_ISFIFO(os.fstat(0).st_mode):
        threading.Thread(target=read, daemon=True).start()


@contextlib.contextmanager
def ending(channel: Channel) -> Iterator[None]:
    """End the process when the block does: 0 done, 2 the user can mend it, 1 the fault is ours, 130 interrupted."""
    code = 1
    try:
        yield
        code = 0
    except ImpromptuError as error:
        channel.error(error)
        code = 1 if error.code == "internal" else 2
    except ImportError as error:
        channel.send({"error": {"code": "runtime_missing", "message": f"Blender's Python lacks something: {error}.",
                                "hint": "Run `make setup` again."}})  # fmt: skip
        code = 2
    except KeyboardInterrupt:
        code = 130
    except BaseException:  # noqa: BLE001 - the process ends here; the parent quotes the log
        traceback.print_exc()
    finally:
        leave(code)


def leave(code: int) -> None:
    """End the process. Blender as a module can hang or crash in its own clean-up, so that is skipped."""
    # Blender may be loading still.
    app = getattr(sys.modules.get("bpy"), "app", None)
    if app is not None:
        shutil.rmtree(app.tempdir, ignore_errors=True)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
