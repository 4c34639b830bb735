"""What a worker of a cluster does: keeps an engine, takes pictures, and gives them back as JSON and bytes.

The scheduler imports this module too, so it imports what it needs where it needs it.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ... import __version__
from ..protocol import ImpromptuError, Incompatible, InvalidInput, JobCancelled, from_wire, to_wire

if TYPE_CHECKING:
    from .plan import Engine
    from .requests import PicturesRequest
    from .taking import Taken

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("backend", "rendering", "addon")
IDLE_S = 60.0
"""Seconds without a task after which a worker's engine is closed."""
LOOK_S = 0.2
"""Seconds between two looks whether a task was cancelled."""


def digest_code() -> str:
    """sha256 of the code that takes pictures, whatever the ends of its lines: versions under way share a number."""
    said = hashlib.sha256()
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py"), key=lambda p: p.relative_to(ROOT).as_posix()):
            said.update(path.relative_to(ROOT).as_posix().encode() + b"\0")
            said.update(path.read_bytes().replace(b"\r\n", b"\n") + b"\0")
    return said.hexdigest()


CODE = digest_code()
"""As of this import, with which the rest is imported: files may change while a worker runs."""


def identity(request: PicturesRequest) -> dict[str, str]:
    """What must be the same on two machines for them to take the same pictures."""
    from .taking import fingerprint

    return {"version": __version__, "code": CODE, "fingerprint": fingerprint(request)}


def check_code(client: dict[str, str]) -> None:
    """Raises Incompatible unless this machine has the version and the code of the client's."""
    if client["version"] != __version__:
        raise Incompatible(
            f"it has Impromptu {__version__}, and the machine that asks has {client['version']}.",
            "Install the same version on both.",
        )
    if client["code"] != CODE:
        raise Incompatible(
            f"it has other code of Impromptu {__version__} than the machine that asks.",
            "Install the same code on both, and start the worker again.",
        )


def check_files(client: dict[str, str], request: PicturesRequest) -> None:
    """Raises Incompatible unless this machine has the library and the body of the client's."""
    if client["fingerprint"] != identity(request)["fingerprint"]:
        raise Incompatible(
            "it has another library or body than the machine that asks.",
            "Copy the same files to every machine, to the same path.",
        )


class Keeper:
    """The one engine of this process: opened for the first task, closed after a while without one."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        """Held by the task that uses the engine: one at a time, however many threads the worker has."""
        self._engine: Engine | None = None
        self._settings: tuple[Any, ...] = ()
        self._timer: threading.Timer | None = None

    def engine(self, request: PicturesRequest) -> Engine:
        """An open engine for the request; the lock must be held."""
        from .engines import open_engine

        settings = (request.engine, request.engine_options())
        if self._engine is None or settings != self._settings:
            self.drop()
            self._engine, self._settings = open_engine(request), settings
        return self._engine

    def rest(self) -> None:
        """Close the engine later, unless a task comes before; the lock must be held."""
        if self._timer:
            self._timer.cancel()
        self._timer = threading.Timer(IDLE_S, self.close)
        self._timer.daemon = True
        self._timer.start()

    def drop(self) -> None:
        """Close the engine now; the lock must be held."""
        engine, self._engine = self._engine, None
        if engine is not None:
            engine.close()

    def close(self) -> None:
        """Close the engine, unless a task uses it."""
        if self.lock.acquire(blocking=False):
            try:
                self.drop()
            finally:
                self.lock.release()


KEEPER = Keeper()


def work(order: str, indices: list[int], key: str) -> bytes:
    """The task: check that this worker is like the client, keep an engine ready, take the pictures.

    Args:
        order: JSON with the client's `request` and `identity`.
        indices: none where the worker is only to make itself ready.
        key: this task's own key, by which it finds out that nobody waits for it any more.

    Returns:
        what `unpack` reads: pictures, or an error of ours with the worker's address.
    """
    from distributed import get_worker

    worker = get_worker()
    check = _cancelled(worker, key)
    try:
        return pack(_take(json.loads(order), indices, check))
    except ImpromptuError as error:
        return pack(Load(error=error))
    finally:
        _close_with(worker)


def _take(order: dict[str, Any], indices: list[int], check: Callable[[], None]) -> Load:
    """The pictures of some indices."""
    from .requests import from_json
    from .taking import take

    while not KEEPER.lock.acquire(timeout=LOOK_S):
        check()
    try:
        # Another version may not know such a request.
        check_code(order["identity"])
        request = from_json(order["request"])
        check_files(order["identity"], request)
        engine = KEEPER.engine(request)
        begin = time.monotonic()
        taken = list(take(request, indices, engine, check))
        return Load(taken, time.monotonic() - begin, getattr(engine, "version", ""))
    except BaseException:
        # An engine that was interrupted, or failed, may be in the middle of something.
        KEEPER.drop()
        raise
    finally:
        KEEPER.rest()
        KEEPER.lock.release()


def _cancelled(worker: Any, key: str) -> Callable[[], None]:
    """A check that raises JobCancelled once the scheduler wants the task no more."""
    looked = time.monotonic()

    def check() -> None:
        nonlocal looked
        if time.monotonic() - looked < LOOK_S:
            return
        looked = time.monotonic()
        task = worker.state.tasks.get(key)
        if task is None or task.state not in ("executing", "long-running"):
            raise JobCancelled("Cancelled.")

    return check


def _close_with(worker: Any) -> None:
    """Have the engine closed when this worker closes."""
    from distributed import WorkerPlugin

    name = "impromptu-engine"
    if name in worker.plugins:
        return

    class CloseEngine(WorkerPlugin):
        def teardown(self, worker: Any) -> None:
            KEEPER.close()

    worker.loop.add_callback(worker.plugin_add, plugin=CloseEngine(), name=name)


@dataclass(frozen=True)
class Load:
    """What a task gives back."""

    taken: Sequence[Taken] = ()
    seconds: float = 0.0
    """That the pictures took once the engine was there."""
    blender: str = ""
    """Its version, once it has taken a picture."""
    error: ImpromptuError | None = None


def pack(load: Load) -> bytes:
    """A load as bytes: the length of a JSON header, the header, then the files one after the other."""
    pictures = [[one.index, len(one.picture), len(one.parts), one.row] for one in load.taken]
    header: dict[str, Any] = {"seconds": load.seconds, "blender": load.blender, "pictures": pictures}
    if load.error is not None:
        header["error"] = to_wire(load.error) | {"code": load.error.code}
    text = json.dumps(header, ensure_ascii=False).encode()
    files = [content for one in load.taken for content in (one.picture, one.parts)]
    return b"".join([len(text).to_bytes(8, "little"), text, *files])


def unpack(content: bytes) -> Load:
    """What `pack` packed.

    Raises:
        InvalidInput: the bytes are not what `pack` writes.
    """
    from .taking import Taken

    begin = 8 + int.from_bytes(content[:8], "little")
    try:
        header = json.loads(content[8:begin])
        taken = []
        for index, picture, parts, row in header["pictures"]:
            middle, end = begin + picture, begin + picture + parts
            taken.append(Taken(int(index), content[begin:middle], content[middle:end], row))
            begin = end
        error = from_wire(header["error"]) if "error" in header else None
        load = Load(taken, float(header["seconds"]), str(header["blender"]), error)
    except (ValueError, KeyError, TypeError) as problem:
        raise InvalidInput("A worker answered something else than pictures.", "Look at its log.") from problem
    if begin != len(content):
        raise InvalidInput("A worker's pictures are cut off.", "Look at its log.")
    return load
