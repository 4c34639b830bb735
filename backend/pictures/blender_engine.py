"""Blender as an engine: one process that stays, is given batches, and is started again where it dies."""

from __future__ import annotations

import json
import queue
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..blender import ROOT, end_child, lines_of, parse_line, start_blender, why_ended
from ..children import tracked
from ..protocol import EngineOptions, ImpromptuError, InvalidInput, OutOfMemory, RuntimeMissing, from_wire
from .backdrops import backdrop_of, compose, shrink
from .part_map import part_mapper
from .plan import Shot
from .scenes import Scenes

SCRIPT = ROOT / "rendering" / "pictures.py"
KNOWN = {"ready", "picture", "done", "error"}
RAM = Path("/dev/shm")
"""A folder in memory, where there is one: pictures lie there between two processes."""
RAM_BYTES = 2 << 30
"""Free bytes below which pictures go through the disk instead."""
HANG_S = 900.0
"""Seconds without a picture after which Blender is taken for stuck; a card's first picture compiles for minutes."""
POLL_S = 0.1
TARGA_HEADER = 18


class ChildEnded(Exception):
    """The process ended without saying why."""


class BlenderEngine:
    """Keeps one Blender over all batches. Not for use by two threads at once."""

    def __init__(self, options: EngineOptions | None = None, hang_s: float = HANG_S) -> None:
        """Blender is started by the first batch.

        Args:
            hang_s: seconds to wait for a picture.
        """
        self.options, self.hang_s = options or EngineOptions(), hang_s
        self.name = self.options.engine
        self.version = ""
        """Blender's, once it has started."""
        self.seconds: list[dict[str, float]] = []
        """Of each picture taken: `sync` (arranging the scene), `render` and `write`, as Blender's process saw it."""
        self._child: _Child | None = None

    def shoot(self, scenes: Scenes, check: Callable[[], None]) -> Iterator[Shot]:
        """One shot a scene, in order, each as soon as it is there.

        Raises:
            RuntimeMissing: no Blender, or it lacks the device or the denoiser.
            InvalidInput: the disk is full, or the scenes cannot be drawn.
            ImpromptuError: Blender died twice in this batch, or is stuck.
        """
        parts = part_mapper(scenes)
        given = deaths = 0
        try:
            while len(scenes):
                try:
                    for rgba in self._batch(scenes, given, check):
                        yield Shot(compose(rgba, backdrop_of(scenes, given)), parts(given))
                        given += 1
                    return
                except ChildEnded as ended:
                    deaths += 1
                    self._after_death(deaths, ended)
        except BaseException:
            # It would go on with a batch that nobody waits for.
            self.close()
            raise

    def close(self) -> None:
        """End Blender; the next batch starts another."""
        child, self._child = self._child, None
        if child is not None:
            child.close()

    def _batch(self, scenes: Scenes, first: int, check: Callable[[], None]) -> Iterator[NDArray[np.uint8]]:
        """(height, width, 4) of the scenes from `first` on."""
        if self._child is None:
            self._child = _Child()
        child = self._child
        path = child.folder / "scenes.npz"
        scenes.save(path)
        child.send({"scenes": str(path), "first": first, "options": asdict(self.options)})
        while True:
            message = child.receive(check, self.hang_s)
            if "error" in message:
                raise from_wire(message["error"])
            if "done" in message:
                return
            if "ready" in message:
                self.version = str(message["ready"]["blender"])
            if "picture" in message:
                self.seconds.append(message["seconds"])
                file = Path(message["file"])
                rgba = _finish(read_targa(file), message["margin"], message["fine"])
                file.unlink()
                yield rgba

    def _after_death(self, deaths: int, ended: ChildEnded) -> None:
        """Let a dead Blender go, for another try.

        Raises:
            ImpromptuError: another try would not help.
        """
        child, self._child = self._child, None
        assert child is not None
        try:
            error = child.why_ended()
        finally:
            child.close()
        if deaths > 1 or isinstance(error, (InvalidInput, RuntimeMissing)):
            raise error from ended


class _Child:
    """A running `rendering/pictures.py`, its folder and what it says."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="impromptu-pictures-", dir=_ram()))
        self._stack = ExitStack()
        try:
            self._stack.callback(shutil.rmtree, self.folder, ignore_errors=True)
            self._process = start_blender(SCRIPT, self.folder)
            self._stack.callback(end_child, self._process)
            self._stack.enter_context(tracked(self._process, lambda: shutil.rmtree(self.folder, ignore_errors=True)))
            self._lines = lines_of(self._process)
        except BaseException:
            self._stack.close()
            raise

    def send(self, order: dict[str, Any]) -> None:
        """Raises ChildEnded where nobody reads it."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(order).encode() + b"\n")
            self._process.stdin.flush()
        except OSError as error:
            raise ChildEnded from error

    def receive(self, check: Callable[[], None], hang_s: float) -> dict[str, Any]:
        """The next message.

        Raises:
            ChildEnded: there will be none. ImpromptuError: none came in time. Whatever `check` raises.
        """
        start = time.monotonic()
        while True:
            check()
            try:
                line = self._lines.get(timeout=POLL_S)
            except queue.Empty:
                if time.monotonic() - start > hang_s:
                    raise ImpromptuError(
                        f"Blender has not taken a picture for {hang_s:.0f} s and was ended.",
                        "Ask for fewer samples, or for another device.",
                    ) from None
                continue
            if line is None:
                raise ChildEnded
            message = parse_line(line, KNOWN)
            if message is not None:
                return message

    def why_ended(self) -> ImpromptuError:
        """What its end was about."""
        try:
            code = self._process.wait(1)
        except subprocess.TimeoutExpired:
            return ImpromptuError("Blender closed its output and went on.", "Try again.")
        if code == -9:
            return OutOfMemory(
                "Blender was killed from outside, twice: most often for want of memory.",
                "Take smaller pictures, or give it more memory.",
            )
        return why_ended(code, self.folder)

    def close(self) -> None:
        """End it and remove its folder."""
        self._stack.close()


def _ram() -> Path | None:
    """A folder in memory with room, or None for the usual place of temporary files."""
    try:
        return RAM if shutil.disk_usage(RAM).free >= RAM_BYTES else None
    except OSError:
        return None


def read_targa(path: Path) -> NDArray[np.uint8]:
    """(height, width, 4) RGBA of an uncompressed 32-bit Targa, top row first.

    Raises:
        InvalidInput: it is cut off, as on a full disk, or something else.
    """
    data = path.read_bytes()
    header = data[:TARGA_HEADER]
    width, height = (int.from_bytes(header[i : i + 2], "little") for i in (12, 14))
    start = TARGA_HEADER + (header[0] if header else 0)
    if len(header) < TARGA_HEADER or header[2] != 2 or header[16] != 32 or len(data) < start + 4 * width * height:
        raise InvalidInput("A picture of Blender's was not written whole.", "Check that the disk has room.")
    bgra = np.frombuffer(data, np.uint8, 4 * width * height, start).reshape(height, width, 4)
    from_top = bool(header[17] & 0x20)
    return bgra[:: 1 if from_top else -1, :, [2, 1, 0, 3]]


def _finish(picture: NDArray[np.uint8], margin: int, fine: int) -> NDArray[np.uint8]:
    """Without its margin, and with `fine` x `fine` pixels averaged to one."""
    margin *= fine
    return shrink(picture[margin : picture.shape[0] - margin, margin : picture.shape[1] - margin], fine)
