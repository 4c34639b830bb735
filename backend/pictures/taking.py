"""Takes pictures of a request: a pure function of the request and the indices, here or on another machine."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ... import __version__
from ..threads import one_thread
from .plan import Engine, Plan, Row
from .plans import PLANS
from .requests import PicturesRequest
from .scenes import Scenes

BATCH = 16
"""Pictures that an engine is given at once; no picture depends on who is beside it."""
PNG_EFFORT = 3
"""zlib's level: higher ones take several times as long for a few per cent."""
JPEG_QUALITY = 95


@dataclass(frozen=True)
class Taken:
    """One picture, whole, as it is to lie in a folder."""

    index: int
    picture: bytes
    """The file, of the request's format."""
    parts: bytes
    """The map of parts as a palette .png, or nothing where the request wants none."""
    row: Row
    """Its line of the manifest; `file` and `sha256` (and `parts`, `parts_sha256`) say what belongs to it."""


@lru_cache(maxsize=2)
def plan_of(request: PicturesRequest) -> Plan:
    """The plan of a request, made once a process.

    Raises:
        InvalidInput, AssetsMissing: a library or a body that the request names cannot be read.
    """
    return PLANS[request.kind](request)


def fingerprint(request: PicturesRequest) -> str:
    """sha256 that is the same on two machines only if they would take the same pictures: same version, same files."""
    first = plan_of(request).rows([0])
    return hashlib.sha256(json.dumps([__version__, first], sort_keys=True).encode()).hexdigest()


def take(
    request: PicturesRequest,
    indices: Sequence[int],
    engine: Engine,
    check: Callable[[], None] = lambda: None,
) -> Iterator[Taken]:
    """The pictures of some indices, in their order; the same bytes however a set is divided.

    Args:
        indices: each below `len(plan_of(request))`.
        engine: what `engines.open_engine` gave for this request; it stays open.
        check: called often; what it raises ends the work.

    Raises:
        ImpromptuError: the engine fails, or what `check` raises.
    """
    plan = plan_of(request)
    batches = [list(indices[i : i + BATCH]) for i in range(0, len(indices), BATCH)]

    def prepare(batch: list[int]) -> tuple[list[Row], Scenes]:
        rows = plan.rows(batch)
        return rows, plan.scenes(rows)

    with one_thread(), ThreadPoolExecutor(1) as ahead:
        coming = ahead.submit(prepare, batches[0]) if batches else None
        for i, batch in enumerate(batches):
            assert coming is not None
            rows, scenes = coming.result()
            # The next scenes are made while this engine is busy, often in another process.
            coming = ahead.submit(prepare, batches[i + 1]) if i + 1 < len(batches) else None
            check()
            for k, shot in enumerate(engine.shoot(scenes, check)):
                said = plan.describe(rows[k], shot.parts)
                said = {**rows[k], **said, "camera": _camera(scenes, k), "engine": _engine(request)}
                yield _whole(request, batch[k], shot.picture, shot.parts, scenes.part_names, said)


def picture_name(index: int, format: str) -> str:
    """Where a picture lies in its set's folder."""
    return f"pictures/{index // 1000:03d}/{index:06d}.{format}"


def parts_name(index: int) -> str:
    """Where a map of parts lies in its set's folder."""
    return f"parts/{index // 1000:03d}/{index:06d}.png"


def _whole(
    request: PicturesRequest,
    index: int,
    picture: NDArray[np.uint8],
    parts: NDArray[np.uint8],
    names: tuple[str, ...],
    row: Row,
) -> Taken:
    encoded = encode_picture(picture, request.format)
    row = {"index": index, "file": picture_name(index, request.format), "sha256": _sha256(encoded), **row}
    kept = b""
    if request.parts:
        kept = encode_parts(parts)
        row |= {"parts": parts_name(index), "parts_sha256": _sha256(kept), "part_names": list(names)}
    return Taken(index, encoded, kept, row)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _engine(request: PicturesRequest) -> Row:
    """What the picture was taken with, as far as it matters to this engine."""
    said: Row = {"name": request.engine, "size": request.size}
    if request.engine in ("cycles", "eevee"):
        said["samples"] = request.samples
    if request.engine == "cycles":
        said["denoiser"] = request.engine_options().denoiser
    return said


def _camera(scenes: Scenes, k: int) -> Row:
    """Where the k-th picture was taken from: metres, degrees; rows of `rotation` are right, up and back."""

    def plain(values: Any) -> Any:
        return np.asarray(values, np.float64).round(5).tolist()

    return {
        "position": plain(scenes.camera_position[k]),
        "rotation": plain(scenes.camera_rotation[k]),
        "fov": plain(scenes.fov[k]),
    }


def encode_picture(picture: NDArray[np.uint8], format: str) -> bytes:
    """A (height, width, 3) sRGB picture as the bytes of a `png` or `jpg` file."""
    stream = io.BytesIO()
    if format == "jpg":
        Image.fromarray(picture).save(stream, "JPEG", quality=JPEG_QUALITY, subsampling=0)
    else:
        Image.fromarray(picture).save(stream, "PNG", compress_level=PNG_EFFORT)
    return stream.getvalue()


def encode_parts(parts: NDArray[np.uint8]) -> bytes:
    """A (height, width) map of parts as a .png: its values are the indices, 255 for none; colours are for the eye."""
    image = Image.fromarray(parts).convert("P")
    image.putpalette(_palette())
    stream = io.BytesIO()
    image.save(stream, "PNG", compress_level=PNG_EFFORT)
    return stream.getvalue()


@lru_cache(maxsize=1)
def _palette() -> bytes:
    """256 colours that differ from their neighbours; white for none."""
    steps = np.arange(256)
    colours = np.stack([(steps * 97 + 60) % 256, (steps * 173 + 20) % 256, (steps * 59 + 140) % 256], 1)
    colours[255] = 255
    return colours.astype(np.uint8).tobytes()
