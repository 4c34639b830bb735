"""BVH files: the hierarchy as written, the motion block as one array."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...files import explain_os_error
from ...protocol import InvalidInput
from ..kinematics import Array
from .source import Source

MAX_JOINTS = 5_000
_MOTION = re.compile(rb"^[ \t]*MOTION\b", re.IGNORECASE | re.MULTILINE)
_FRAMES = re.compile(rb"\s*Frames\s*:\s*(\S+)", re.IGNORECASE)
_FRAME_TIME = re.compile(rb"\s*Frame\s*Time\s*:\s*(\S+)", re.IGNORECASE)
_AXIS = {"x": 0, "y": 1, "z": 2}


@dataclass
class Joint:
    """A joint as the hierarchy declares it."""

    name: str
    parent: int
    offset: tuple[float, ...] = (0.0, 0.0, 0.0)
    channels: tuple[str, ...] = ()
    """Lower-case: `xposition`, `zrotation` ... in the file's order."""
    end: tuple[float, ...] | None = None


@dataclass(frozen=True)
class Bvh:
    """A parsed file."""

    joints: list[Joint]
    frames: Array
    """(frames, channels) the motion block, degrees and the file's unit."""
    frame_time: float
    """Seconds."""
    starts: list[int] = field(default_factory=list)
    """First channel of each joint."""


def _bad(path: Path, what: str, hint: str = "Export the file again.") -> InvalidInput:
    return InvalidInput(f"{path.name} {what}.", hint)


class _Hierarchy:
    """Reads the part before MOTION word by word, whatever its line breaks."""

    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        self.lines = [line.split() for line in text.splitlines()]
        self.joints: list[Joint] = []
        self.stack: list[int | None] = []
        self.pending: int | None = None

    def read(self) -> list[Joint]:
        for words in self.lines:
            while words:
                words = self._take(words)
        if self.stack:
            raise _bad(self.path, "has a hierarchy that is not closed: a } is missing before MOTION")
        if not self.joints:
            raise _bad(self.path, "is not a BVH file: it declares no joints")
        return self.joints

    def _take(self, words: list[str]) -> list[str]:
        word = words[0].lower()
        if word in ("root", "joint"):
            brace = next((i for i, w in enumerate(words) if w == "{"), len(words))
            above = [j for j in self.stack if j is not None]
            self.joints.append(
                Joint(" ".join(words[1:brace]) or f"joint_{len(self.joints)}", above[-1] if above else -1)
            )
            self.pending = len(self.joints) - 1
            if len(self.joints) > MAX_JOINTS:
                raise _bad(self.path, f"declares more than {MAX_JOINTS:,} joints")
            return words[brace:]
        if word == "end":
            self.pending = None
            return words[2:] if len(words) > 1 and words[1].lower() == "site" else words[1:]
        if word == "{":
            self.stack.append(self.pending)
            return words[1:]
        if word == "}":
            if not self.stack:
                raise _bad(self.path, "has a hierarchy with a } too many")
            self.stack.pop()
            return words[1:]
        if word in ("offset", "channels"):
            return self._values(word, words)
        if word == "hierarchy":
            return words[1:]
        # A name after `End Site`, or a word of an exporter's own.
        return words[1:]

    def _values(self, word: str, words: list[str]) -> list[str]:
        if not self.stack:
            raise _bad(self.path, f"has {word.upper()} outside any joint")
        joint = self.stack[-1]
        try:
            if word == "offset":
                values = tuple(float(value) for value in words[1:4])
                if len(values) != 3 or not all(np.isfinite(values)):
                    raise ValueError("three finite numbers are needed")
                if joint is not None:
                    self.joints[joint].offset = values
                else:
                    owner = next(j for j in reversed(self.stack) if j is not None)
                    self.joints[owner].end = values
                return words[4:]
            count = int(words[1])
            channels = tuple(channel.lower() for channel in words[2 : 2 + count])
            known = all(re.fullmatch(r"[xyz](position|rotation|scale)", channel) for channel in channels)
            if len(channels) != count or not known or joint is None:
                raise ValueError(f"{count} channels are declared")
            self.joints[joint].channels = channels
            return words[2 + count :]
        except (ValueError, IndexError, StopIteration) as error:
            raise _bad(self.path, f"has a line that cannot be read: {' '.join(words)[:60]!r}") from error


def _numbers(path: Path, data: bytes) -> Array:
    """All numbers of the motion block."""
    with warnings.catch_warnings():
        # Old numpy warns where new numpy raises, when the text does not parse to its end.
        warnings.simplefilter("error", DeprecationWarning)
        try:
            return np.fromstring(data, dtype=np.float64, sep=" ") if data.strip() else np.empty(0)
        except (ValueError, DeprecationWarning) as error:
            raise _bad(path, "has something other than numbers in its motion block") from error


def _header(path: Path, data: bytes) -> tuple[bytes, int, float, int]:
    """Hierarchy text, declared frames, frame time, start of the numbers."""
    motion = _MOTION.search(data)
    if not motion:
        raise _bad(path, "is not a complete BVH file: it has no MOTION part")
    frames = _FRAMES.match(data, motion.end())
    time = _FRAME_TIME.match(data, frames.end()) if frames else None
    if not frames or not time:
        raise _bad(path, "does not say `Frames:` and `Frame Time:` after MOTION")
    try:
        count, seconds = int(frames[1]), float(time[1])
    except ValueError as error:
        raise _bad(path, "has a frame count or frame time that is not a number") from error
    if not (np.isfinite(seconds) and seconds > 0):
        raise _bad(path, f"has a frame time of {seconds:g} s", "Write the seconds per frame, as in 0.033333.")
    if count < 1:
        raise _bad(path, f"declares {count} frames", "A motion needs at least one frame.")
    return data[: motion.start()], count, seconds, time.end()


def read_bvh(path: str | Path) -> Bvh:
    """Parse a BVH file.

    Raises:
        InvalidInput: not a BVH file, damaged, holding another number of frames than it declares, or NaN.
    """
    path = Path(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise explain_os_error(error, path) from error
    text, count, seconds, start = _header(path, data)
    joints = _Hierarchy(path, text.decode("utf-8", errors="replace").lstrip("\ufeff")).read()
    values = _numbers(path, data[start:])
    starts = list(np.cumsum([0] + [len(joint.channels) for joint in joints]))
    width = int(starts.pop())
    if not width:
        raise _bad(path, "declares no channels")
    if len(values) != count * width:
        raise _bad(
            path,
            f"declares {count:,} frames of {width} numbers but holds {len(values) / width:,.6g} frames",
            "Correct the `Frames:` line or export the file again.",
        )
    frames = values.reshape(count, width)
    broken = ~np.isfinite(frames).all(1)
    if broken.any():
        raise _bad(
            path,
            f"has values that are not numbers in {int(broken.sum())} frames, first in frame {int(broken.argmax())}",
            "Cut or repair those frames in the program that wrote it.",
        )
    return Bvh(joints, frames, seconds, [int(s) for s in starts])


def _axis_rotation(axis: int, degrees: Array) -> Array:
    """(frames,) -> (frames, 3, 3) about x, y or z."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    out = np.zeros((len(degrees), 3, 3))
    i, j = (axis + 1) % 3, (axis + 2) % 3
    out[:, axis, axis] = 1
    out[:, i, i] = out[:, j, j] = c
    out[:, i, j], out[:, j, i] = -s, s
    return out


def _position(joint: Joint, values: Array) -> Array | None:
    """(frames, 3) local position of a joint with position channels."""
    columns = {c[0]: i for i, c in enumerate(joint.channels) if c.endswith("position")}
    if not columns:
        return None
    place = np.tile(np.array(joint.offset), (len(values), 1))
    for axis, column in columns.items():
        place[:, _AXIS[axis]] = values[:, column]
    length = np.linalg.norm(joint.offset)
    moved = np.linalg.norm(place, axis=1)
    # Position channels replace the offset; an exporter that writes zeros beside an offset adds to it.
    if joint.parent >= 0 and length > 0 and np.median(moved) < 0.1 * length:
        place += joint.offset
    return place


def frame_rate(seconds: float) -> float:
    """Frames a second, rounded to a whole number where the file's rounding of the frame time explains it."""
    rate = 1 / seconds
    whole = round(rate)
    return float(whole) if whole and abs(rate - whole) < 0.005 * whole**0.5 + 1e-4 * whole else rate


def source_of(bvh: Bvh, rows: slice | NDArray[np.integer] = slice(None), joints: list[int] | None = None) -> Source:
    """The skeleton and its motion.

    Args:
        bvh: the file.
        rows: which frames; the rate stays the file's.
        joints: which joints, each after its parent; all of them where none are given.
    """
    chosen = list(range(len(bvh.joints))) if joints is None else joints
    place = {j: i for i, j in enumerate(chosen)}
    frames = bvh.frames[rows]
    rotations = np.empty((len(frames), len(chosen), 3, 3))
    positions: dict[int, Array] = {}
    ends: dict[int, Array] = {}
    for i, j in enumerate(chosen):
        joint = bvh.joints[j]
        values = frames[:, bvh.starts[j] : bvh.starts[j] + len(joint.channels)]
        local = np.broadcast_to(np.eye(3), (len(frames), 3, 3))
        for column, channel in enumerate(joint.channels):
            if channel.endswith("rotation"):
                local = local @ _axis_rotation(_AXIS[channel[0]], values[:, column])
        rotations[:, i] = local
        moving = _position(joint, values)
        if moving is not None:
            positions[i] = moving
        if joint.end is not None and np.any(joint.end):
            ends[i] = np.array(joint.end)
    return Source(
        tuple(bvh.joints[j].name for j in chosen),
        tuple(place[bvh.joints[j].parent] if bvh.joints[j].parent >= 0 else -1 for j in chosen),
        np.array([bvh.joints[j].offset for j in chosen], dtype=float),
        rotations,
        positions,
        frame_rate(bvh.frame_time),
        ends,
    )


def roots_of(bvh: Bvh) -> list[list[int]]:
    """The joints of each hierarchy in the file: one a ROOT."""
    owner: list[int] = []
    for j, joint in enumerate(bvh.joints):
        owner.append(j if joint.parent < 0 else owner[joint.parent])
    return [[j for j, o in enumerate(owner) if o == root] for root in sorted(set(owner))]
