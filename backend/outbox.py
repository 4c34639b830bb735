"""Messages on their way out, written by a thread of their own."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from .protocol import encode

ALIVE_S = 2.0
"""Seconds between signs of life."""
FLUSH_S = 2.0
"""Seconds that the last messages get to be read when the host ends by itself."""


class Outbox:
    """Sends without ever waiting for the reader.

    Args:
        handle: file descriptor to write to.
        memory: what `alive` carries.
        broken: called when nobody reads any more.
    """

    def __init__(self, handle: int, memory: Callable[[], dict[str, Any]], broken: Callable[[], None]) -> None:
        self._handle, self._memory, self._broken = handle, memory, broken
        self._queue: deque[tuple[object, bytes]] = deque()
        self._ready = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._write_all, daemon=True)
        self._thread.start()

    def send(self, type_: str, **fields: Any) -> None:
        """Queue a message. Of progress that could not be written yet only the last is kept, so the queue stays short.

        Raises:
            ValueError: it is no message; see `wire.encode`.
        """
        line = encode(type_, **fields)
        key = (type_, fields.get("id")) if type_ in ("progress", "alive") else None
        with self._ready:
            if key is not None and self._queue and self._queue[-1][0] == key:
                self._queue.pop()
            self._queue.append((key, line))
            self._ready.notify()

    def close(self) -> None:
        """Wait until all is written, but not for ever."""
        with self._ready:
            self._closing = True
            self._ready.notify()
        self._thread.join(FLUSH_S)

    def _write_all(self) -> None:
        """Write what is queued, and a sign of life in between."""
        next_alive = time.monotonic() + ALIVE_S
        while True:
            with self._ready:
                if not self._queue and not self._closing:
                    self._ready.wait(max(next_alive - time.monotonic(), 0))
                lines = [line for _, line in self._queue]
                self._queue.clear()
                if not lines and self._closing:
                    return
            if time.monotonic() >= next_alive:
                next_alive = time.monotonic() + ALIVE_S
                lines.append(encode("alive", memory=self._memory()))
            try:
                for line in lines:
                    self._write(line)
            except OSError as error:
                print(f"nobody reads: {error}", file=sys.stderr)
                self._broken()
                return

    def _write(self, line: bytes) -> None:
        while line:
            line = line[os.write(self._handle, line) :]
